/** The requests of the loads: Pods as Deployments make them. */
import * as Protobuf from "../../plugins/apiserver/protobuf/Protobuf.ts"
import type { Request } from "./Connection.ts"
import type { Format } from "./Plan.ts"

const accepts = { json: "application/json", protobuf: "application/vnd.kubernetes.protobuf, application/json" }
const types = { json: "application/json", protobuf: Protobuf.mediaType }

const container = (name: string) => ({
  name,
  image: "registry.example/team/web:1.27.3",
  args: ["--port", "8080", "--log-level", "info"],
  ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
  env: [
    { name: "POD_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
    { name: "REGION", value: "eu-central-1" },
    { name: "CACHE_URL", value: "redis://cache.default.svc:6379" }
  ],
  resources: { limits: { cpu: "500m", memory: "256Mi" }, requests: { cpu: "100m", memory: "128Mi" } },
  readinessProbe: { httpGet: { path: "/ready", port: 8080, scheme: "HTTP" }, periodSeconds: 5 },
  volumeMounts: [{ name: "config", mountPath: "/etc/web", readOnly: true }]
})

const pod = (name: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name,
    labels: { app: "web", "pod-template-hash": "7d4b9c6f5", tier: "frontend" },
    annotations: { "example.com/checksum": "d41d8cd98f00b204e9800998ecf8427e" }
  },
  spec: { containers: [container("web")], volumes: [{ name: "config", configMap: { name: "web" } }] }
})

const bodies = {
  json: (object: object) => Buffer.from(JSON.stringify(object)),
  protobuf: (object: Parameters<typeof Protobuf.encodeBody>[0]) => Protobuf.encodeBody(object) ?? new Uint8Array()
}

export const pods = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`

export const create = (format: Format, namespace: string, name: string): Request => ({
  method: "POST",
  path: pods(namespace),
  accept: accepts[format],
  type: types[format],
  body: bodies[format](pod(name))
})

export const get = (format: Format, namespace: string, name: string): Request => ({
  method: "GET",
  path: `${pods(namespace)}/${name}`,
  accept: accepts[format]
})

export const list = (format: Format, namespace: string): Request => ({
  method: "GET",
  path: pods(namespace),
  accept: accepts[format]
})

export const patch = (format: Format, namespace: string, name: string, value: string): Request => ({
  method: "PATCH",
  path: `${pods(namespace)}/${name}`,
  accept: accepts[format],
  type: "application/merge-patch+json",
  body: Buffer.from(JSON.stringify({ metadata: { annotations: { "example.com/turn": value } } }))
})

export const remove = (format: Format, namespace: string, name: string): Request => ({
  method: "DELETE",
  path: `${pods(namespace)}/${name}`,
  accept: accepts[format]
})

export const watch = (format: Format, namespace: string): Request => ({
  method: "GET",
  path: `${pods(namespace)}?watch=1&resourceVersion=0&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`,
  accept: accepts[format]
})

export const namespace = (name: string): Request => ({
  method: "POST",
  path: "/api/v1/namespaces",
  accept: accepts.json,
  type: types.json,
  body: bodies.json({ metadata: { name } })
})
