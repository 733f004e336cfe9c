/** By kind: mistakes, and how they are refused. The causes are those that kube-apiserver 1.36 answers. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { Api, type WireObject } from "../../kernel/client/Api.ts"
import { kernel } from "./Kernel.ts"

interface Place {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly namespace: string
}
const at = (group: string, version: string, resource: string, namespace = "default"): Place => ({
  group,
  version,
  resource,
  namespace
})

const meta = { name: "one" }
const containers = [{ name: "web", image: "nginx:1" }]
const template = { metadata: { labels: { app: "web" } }, spec: { containers } }
const selector = { matchLabels: { app: "web" } }
const pods = at("", "v1", "pods")
const pod = (spec: WireObject, container: WireObject = {}): WireObject => ({
  metadata: meta,
  spec: { containers: [{ ...containers[0], ...container }], ...spec }
})
const job = (spec: WireObject): WireObject => ({
  metadata: meta,
  spec: { template: { spec: { restartPolicy: "Never", containers } }, ...spec }
})
const jobs = at("batch", "v1", "jobs")
const slices = at("discovery.k8s.io", "v1", "endpointslices")
const policies = at("networking.k8s.io", "v1", "networkpolicies")
const ingresses = at("networking.k8s.io", "v1", "ingresses")
const services = at("", "v1", "services")
const volumes = at("", "v1", "persistentvolumes", "")

/** What is sent, where to, and the causes: `field: detail`. */
const mistakes: ReadonlyArray<readonly [what: string, place: Place, object: WireObject, causes: ReadonlyArray<string>]> = [
  [
    "a Pod with an affinity to nothing",
    pods,
    pod({
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "zone", namespaces: ["A"] }] }
      }
    }),
    [
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term",
      "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].namespace: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    ]
  ],
  [
    "a Pod that is somebody who cannot be",
    pods,
    pod({ securityContext: { runAsUser: -1, seccompProfile: {} } }),
    [
      "spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
      "spec.securityContext.seccompProfile.type: Required value: type is required when seccompProfile is set"
    ]
  ],
  [
    "a Pod with a volume that is wrong, which is not found then",
    pods,
    pod({ volumes: [{ name: "v", nfs: { path: "/a" } }] }, { volumeMounts: [{ name: "v", mountPath: "/a" }] }),
    ["spec.volumes[0].nfs.server: Required value", 'spec.containers[0].volumeMounts[0].name: Not found: "v"']
  ],
  [
    "a Deployment of nothing",
    at("apps", "v1", "deployments"),
    { metadata: meta },
    [
      "spec.selector: Required value",
      "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
      "spec.template.spec.containers: Required value"
    ]
  ],
  [
    "a StatefulSet whose claims ask for nothing",
    at("apps", "v1", "statefulsets"),
    { metadata: meta, spec: { selector, template, volumeClaimTemplates: [{ metadata: { name: "data" } }] } },
    [
      "spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required",
      "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value"
    ]
  ],
  [
    "a Job that has no indexes and counts them",
    jobs,
    job({ backoffLimitPerIndex: 1 }),
    ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"]
  ],
  [
    "a Job with a rule without a cause",
    jobs,
    job({ podFailurePolicy: { rules: [{ action: "Count" }] } }),
    ["spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required"]
  ],
  [
    "a HorizontalPodAutoscaler without limits",
    at("autoscaling", "v2", "horizontalpodautoscalers"),
    { metadata: meta, spec: { scaleTargetRef: { kind: "Deployment", name: "d" } } },
    [
      "spec.maxReplicas: Required value: must be set and greater than 0",
      "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`",
      'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group'
    ]
  ],
  [
    "an Ingress that leads nowhere",
    ingresses,
    { metadata: meta, spec: { defaultBackend: { service: { name: "s" } }, rules: [{ host: "1.2.3.4" }] } },
    [
      "spec.defaultBackend: Required value: port name or number is required",
      'spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'
    ]
  ],
  [
    "a NetworkPolicy of nobody",
    policies,
    { metadata: meta, spec: { ingress: [{ from: [{}], ports: [{ endPort: 3 }] }] } },
    [
      "spec.ingress[0].ports[0].endPort: Invalid value: 3: may not be specified when `port` is not specified",
      "spec.ingress[0].from[0]: Required value: must specify a peer"
    ]
  ],
  [
    "an EndpointSlice of another family",
    slices,
    { metadata: meta, addressType: "IPv6", endpoints: [{ addresses: ["1.2.3.4"] }] },
    ['endpoints[0].addresses: Invalid value: "1.2.3.4": must be an IPv6 address']
  ],
  [
    "a PersistentVolume on a node that is not said",
    volumes,
    { metadata: meta, spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], local: { path: "/a" } } },
    ["spec.nodeAffinity: Required value: Local volume requires node affinity"]
  ],
  [
    "a ServiceCIDR of one family twice",
    at("networking.k8s.io", "v1", "servicecidrs", ""),
    { metadata: meta, spec: { cidrs: [] } },
    ["spec.cidrs: Required value: at least one CIDR required"]
  ],
  [
    "an Event that does not say who reports it",
    at("events.k8s.io", "v1", "events"),
    {
      metadata: meta,
      eventTime: "2026-01-01T00:00:00.000000Z",
      action: "A",
      reason: "R",
      type: "Normal",
      reportingController: "a.b/c"
    },
    ["reportingInstance: Required value"]
  ],
  [
    "a Service by another name that asks for an address",
    services,
    { metadata: meta, spec: { type: "ExternalName", externalName: "a.b", clusterIP: "10.96.0.9" } },
    ["spec.clusterIPs: Forbidden: may not be set for ExternalName services"]
  ],
  [
    "a Service that has a port on the nodes and is not reached there",
    services,
    { metadata: meta, spec: { ports: [{ port: 80, nodePort: 30_000 }] } },
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]
  ],
  [
    "a Service whose two fields for addresses differ",
    services,
    { metadata: meta, spec: { clusterIP: "10.96.0.9", clusterIPs: ["10.96.0.8"], ports: [{ port: 80 }] } },
    ['spec.clusterIPs: Invalid value: ["10.96.0.8"]: first value must match `clusterIP`']
  ],
  [
    "a claim whose sources differ",
    at("", "v1", "persistentvolumeclaims"),
    {
      metadata: meta,
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        dataSource: { kind: "PersistentVolumeClaim", name: "a" },
        dataSourceRef: { kind: "PersistentVolumeClaim", name: "b" }
      }
    },
    ["spec: Invalid value: {}: must match dataSourceRef"]
  ],
  [
    "a container that is started again by rules alone",
    pods,
    pod({}, { restartPolicyRules: [{ action: "Restart" }] }),
    [
      "spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used",
      "spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified"
    ]
  ]
]

const causesOf = (place: Place, body: WireObject) =>
  Effect.gen(function* () {
    const api = yield* Api
    const result = yield* Effect.result(api.create({ ...place, name: "", body, dryRun: true }))
    if (Result.isSuccess(result)) return []
    const error = result.failure
    return error._tag === "Invalid" ? error.causes.map(({ detail, field }) => `${field}: ${detail}`) : [error._tag]
  })

describe("mistakes", () => {
  it.layer(kernel, { excludeTestServices: true })((it) => {
    for (const [what, place, object, causes] of mistakes)
      it.effect(what, () =>
        Effect.map(causesOf(place, object), (found) => assert.deepStrictEqual(found.toSorted(), causes.toSorted()))
      )
  })
})
