/** Objects with something in them for patches and applies: lists of every sort, maps, parts that exclude one another. */
import type { JsonObject } from "./Json.ts"

type Meta = { readonly name: string; readonly namespace: string }

const env = (name: string, value: string) => ({ name, value })

export const podSpec: JsonObject = {
  containers: [
    {
      name: "main",
      image: "nginx:1",
      args: ["a", "b"],
      env: [env("A", "1"), env("B", "2"), env("C", "3")],
      ports: [
        { containerPort: 80, protocol: "TCP", name: "http" },
        { containerPort: 80, protocol: "UDP" }
      ],
      resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } },
      volumeMounts: [{ name: "data", mountPath: "/data" }]
    },
    { name: "side", image: "busybox", command: ["sleep", "1"] }
  ],
  initContainers: [{ name: "init", image: "busybox" }],
  volumes: [
    { name: "data", emptyDir: {} },
    { name: "config", configMap: { name: "c", items: [{ key: "k", path: "p" }] } }
  ],
  tolerations: [{ key: "k", operator: "Exists" }],
  imagePullSecrets: [{ name: "s1" }, { name: "s2" }],
  nodeSelector: { disk: "ssd", zone: "a" },
  hostAliases: [{ ip: "10.0.0.1", hostnames: ["a", "b"] }],
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: { app: "a" } } }
  ]
}

const labels = { app: "a" }
export const deployment = ({ name, namespace }: Meta): JsonObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace, labels, annotations: { note: "1" }, finalizers: [] },
  spec: {
    replicas: 3,
    selector: { matchLabels: labels },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: { metadata: { labels }, spec: podSpec }
  }
})

export const service = ({ name, namespace }: Meta): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace, labels },
  spec: {
    selector: { app: "a", tier: "web" },
    ports: [
      { name: "http", port: 80, targetPort: 8080, protocol: "TCP" },
      { name: "dns", port: 53, protocol: "UDP" },
      { name: "dns-tcp", port: 53, protocol: "TCP" }
    ]
  }
})

export const configMap = ({ name, namespace }: Meta): JsonObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace, labels: { app: "a", "example.com/x": "1" }, annotations: { note: "1" } },
  data: { a: "1", b: "2" },
  binaryData: { c: "YQ==" }
})

export const serviceAccount = ({ name, namespace }: Meta): JsonObject => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, namespace, finalizers: [] },
  secrets: [{ name: "s1" }, { name: "s2" }],
  imagePullSecrets: [{ name: "p1" }]
})

export const role = ({ name, namespace }: Meta): JsonObject => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "Role",
  metadata: { name, namespace },
  rules: [{ apiGroups: [""], resources: ["pods", "services"], verbs: ["get", "list"] }]
})

export const ingress = ({ name, namespace }: Meta): JsonObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name, namespace },
  spec: {
    defaultBackend: { service: { name: "s", port: { number: 80 } } },
    tls: [{ hosts: ["a.example"], secretName: "t" }]
  }
})

export const pathOf = ({ apiVersion, kind, metadata }: JsonObject) => {
  const [group = "", version] = String(apiVersion).includes("/") ? String(apiVersion).split("/") : ["", String(apiVersion)]
  const plural = { Ingress: "ingresses" }[String(kind)] ?? `${String(kind).toLowerCase()}s`
  const { namespace } = Object(metadata)
  return `${group === "" ? `/api/${version}` : `/apis/${group}/${version}`}/namespaces/${namespace}/${plural}`
}
export const nameOf = ({ metadata }: JsonObject) => String(Object(metadata).name)
