/** Parts of objects that are asked for by themselves, and what is posted to them. */
import { fields, type JsonObject, set } from "../Json.ts"
import type { Make } from "../Plan.ts"
import * as Rich from "../Rich.ts"
import { on, type Past, type Request, step } from "../Scenario.ts"

type Named = readonly [string, Request | ((past: Past) => Request)]
const scenario =
  (
    title: string,
    about: string,
    steps: (at: { readonly name: string; readonly namespace: string }) => ReadonlyArray<Named>
  ): Make =>
  ({ name, namespace }) => ({
    name: `subresources/${title}`,
    about,
    namespace,
    steps: steps({ name, namespace }).map(([words, request]) => step(words, request))
  })

const podOf = (name: string, namespace: string): JsonObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels: { app: "a" } },
  spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu: "1" } } }] }
})

const scaled = (plural: string, body: (at: { readonly name: string; readonly namespace: string }) => JsonObject) =>
  scenario(`scale of ${plural}`, "Scale", ({ name, namespace }) => {
    const object = body({ name, namespace })
    const path = `${Rich.pathOf(object)}/${name}`
    const scale = on(`${path}/scale`)
    const scaleOf = (replicas: number, metadata: JsonObject = {}): JsonObject => ({
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      metadata: { name, namespace, ...metadata },
      spec: { replicas }
    })
    return [
      ["none", scale.get()],
      ["create", on(Rich.pathOf(object)).post(object)],
      ["get", scale.get()],
      ["put", scale.put(scaleOf(4), { fieldManager: "s" })],
      ["put an old version", scale.put(scaleOf(5, { resourceVersion: "1" }))],
      ["put another uid", scale.put(scaleOf(5, { uid: "x" }))],
      ["below zero", scale.put(scaleOf(-1))],
      ["another kind", scale.put({ ...object })],
      ["another name", scale.put(scaleOf(4, { name: "other" }))],
      ["without a spec", scale.put({ apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name, namespace } })],
      ["merge", scale.patch("merge", { spec: { replicas: 6 } })],
      ["strategic", scale.patch("strategic", { spec: { replicas: 7 } })],
      ["json", scale.patch("json", [{ op: "replace", path: "/spec/replicas", value: 8 }])],
      ["apply", scale.patch("apply", scaleOf(9), { fieldManager: "h", force: "true" })],
      ["unknown", scale.patch("merge", { spec: { nope: 1 } }, { fieldValidation: "Strict" })],
      ["table", scale.get({}, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" })],
      ["delete", scale.delete()],
      ["object", on(path).get()]
    ]
  })

const labels = { app: "a" }
const workload =
  (apiVersion: string, kind: string, spec: JsonObject) =>
  ({ name, namespace }: { readonly name: string; readonly namespace: string }): JsonObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
    spec: { ...spec, template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } } }
  })

const pods = scenario("of pods", "Pod", ({ name, namespace }) => {
  const pod = podOf(name, namespace)
  const collection = `/api/v1/namespaces/${namespace}/pods`
  const path = `${collection}/${name}`
  const [one, status, binding] = [on(path), on(`${path}/status`), on(`${path}/binding`)]
  const [resize, containers, eviction] = [on(`${path}/resize`), on(`${path}/ephemeralcontainers`), on(`${path}/eviction`)]
  const target = (node: string): JsonObject => ({
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name },
    target: { apiVersion: "v1", kind: "Node", name: node }
  })
  const debug = { name: "debug", image: "busybox" }
  return [
    ["bind none", binding.post(target("n1"))],
    ["create", on(collection).post(pod)],
    ["bind to nothing", binding.post(target(""))],
    ["bind another", binding.post({ ...target("n1"), metadata: { name: "other" } })],
    ["bind to a pod", binding.post(fields(set(target("n1"), ["target", "kind"], "Pod")))],
    ["bind dry", binding.post(target("n1"), { dryRun: "All" })],
    ["bind", binding.post(target("n1"))],
    ["bind again", binding.post(target("n2"))],
    ["get", one.get()],
    ["bindings", on(`/api/v1/namespaces/${namespace}/bindings`).post(target("n3"))],
    ["status", status.get()],
    [
      "conditions",
      status.patch("strategic", { status: { conditions: [{ type: "Ready", status: "True" }], phase: "Running" } })
    ],
    [
      "condition",
      status.patch("strategic", {
        status: {
          conditions: [
            { type: "Ready", status: "False" },
            { type: "X/y", status: "True" }
          ]
        }
      })
    ],
    ["a phase that is none", status.patch("merge", { status: { phase: "Resting" } })],
    ["spec by status", status.patch("merge", { spec: { containers: null }, metadata: { labels: { s: "1" } } })],
    ["ips", status.patch("strategic", { status: { podIP: "10.1.1.1", podIPs: [{ ip: "10.1.1.1" }] } })],
    ["ips that differ", status.patch("strategic", { status: { podIP: "10.1.1.2" } })],
    ["debug", containers.patch("strategic", { spec: { ephemeralContainers: [debug] } })],
    ["debug get", containers.get()],
    ["debug away", containers.patch("json", [{ op: "remove", path: "/spec/ephemeralContainers" }])],
    ["debug changed", containers.patch("strategic", { spec: { ephemeralContainers: [{ ...debug, image: "x" }] } })],
    [
      "debug with ports",
      containers.patch("strategic", {
        spec: { ephemeralContainers: [{ name: "p", image: "i", ports: [{ containerPort: 1 }] }] }
      })
    ],
    ["debug by the main path", one.patch("strategic", { spec: { ephemeralContainers: [{ name: "q", image: "i" }] } })],
    ["resize", resize.patch("strategic", { spec: { containers: [{ name: "c", resources: { requests: { cpu: "2" } } }] } })],
    ["resize the image", resize.patch("strategic", { spec: { containers: [{ name: "c", image: "other" }] } })],
    [
      "resize to less",
      resize.patch("strategic", { spec: { containers: [{ name: "c", resources: { requests: { cpu: "x" } } }] } })
    ],
    [
      "resize another",
      resize.patch("strategic", { spec: { containers: [{ name: "d", resources: { requests: { cpu: "1" } } }] } })
    ],
    ["resize get", resize.get()],
    [
      "resize by the main path",
      one.patch("strategic", { spec: { containers: [{ name: "c", resources: { requests: { cpu: "3" } } }] } })
    ],
    ["image", one.patch("strategic", { spec: { containers: [{ name: "c", image: "new" }] } })],
    ["a container more", one.patch("strategic", { spec: { containers: [{ name: "e", image: "i" }] } })],
    ["node", one.patch("merge", { spec: { nodeName: "n9" } })],
    ["deadline", one.patch("merge", { spec: { activeDeadlineSeconds: 100 } })],
    ["deadline later", one.patch("merge", { spec: { activeDeadlineSeconds: 200 } })],
    [
      "a toleration more",
      one.patch("json", [{ op: "add", path: "/spec/tolerations/-", value: { key: "z", operator: "Exists" } }])
    ],
    ["tolerations away", one.patch("merge", { spec: { tolerations: null } })],
    ["a gate", one.patch("merge", { spec: { schedulingGates: [{ name: "g" }] } })],
    [
      "evict dry",
      eviction.post({
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { name, namespace },
        deleteOptions: { dryRun: ["All"] }
      })
    ],
    ["evict another", eviction.post({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "other", namespace } })],
    [
      "evict by an old kind",
      eviction.post({ apiVersion: "policy/v1beta1", kind: "Eviction", metadata: { name, namespace } })
    ],
    [
      "evict with a precondition",
      eviction.post({
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { name, namespace },
        deleteOptions: { preconditions: { uid: "x" } }
      })
    ],
    ["evict", eviction.post({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } })],
    ["evict again", eviction.post({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } })],
    ["log", on(`${path}/log`).get()],
    ["log of none", on(`${path}/log`).get({ container: "none" })],
    ["log with wrong options", on(`${path}/log`).get({ tailLines: "-1" })],
    ["log with two times", on(`${path}/log`).get({ sinceSeconds: "1", sinceTime: "2030-01-01T00:00:00Z" })],
    ["exec without an upgrade", on(`${path}/exec`).get({ command: "ls" })],
    ["log without a container", on(`${path}/log`).get({ container: "" })],
    ["log of a wrong time", on(`${path}/log`).get({ sinceTime: "x" })],
    ["log of a wrong number", on(`${path}/log`).get({ limitBytes: "x" })],
    ["log of a stream", on(`${path}/log`).get({ stream: "Stdout" })],
    ["attach to none", on(`${path}/attach`).get({ container: "none" })],
    ["no address", status.patch("merge", { status: { podIP: null, podIPs: null } })],
    ["proxy", on(`${path}/proxy/`).get()]
  ]
})

const budgets = scenario("eviction with a budget", "Pod", ({ name, namespace }) => {
  const pod = podOf(name, namespace)
  const path = `/api/v1/namespaces/${namespace}/pods`
  const budget = {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace },
    spec: { minAvailable: 1, selector: { matchLabels: labels } }
  }
  const evict = on(`${path}/${name}/eviction`).post({
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace }
  })
  return [
    ["create", on(path).post(fields(set(pod, ["spec", "nodeName"], "n1")))],
    [
      "runs",
      on(`${path}/${name}/status`).patch("strategic", {
        status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] }
      })
    ],
    ["budget", on(`/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`).post(budget)],
    ["evict before it is counted", evict],
    [
      "counted",
      on(`/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/${name}/status`).patch("merge", {
        status: { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 }
      })
    ],
    ["evict", evict],
    [
      "a second budget",
      on(`/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`).post({
        ...budget,
        metadata: { name: "second", namespace }
      })
    ],
    ["evict with two", evict]
  ]
})

const others = scenario("of others", "all", ({ name, namespace }) => {
  const account = `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`
  const request = (spec: JsonObject): JsonObject => ({
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    metadata: {},
    spec
  })
  const nodes = on("/api/v1/nodes")
  const node = `node-${name}`
  return [
    ["token", on(account).post(request({ audiences: ["a"], expirationSeconds: 600 }))],
    ["token too short", on(account).post(request({ expirationSeconds: 5 }))],
    ["token too long", on(account).post(request({ expirationSeconds: 9e9 }))],
    ["token of nobody", on(account.replace("default", "nobody")).post(request({}))],
    [
      "token bound to nothing",
      on(account).post(request({ boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "nothing" } }))
    ],
    [
      "token bound to a wrong kind",
      on(account).post(request({ boundObjectRef: { kind: "Service", apiVersion: "v1", name: "s" } }))
    ],
    ["token of another kind", on(account).post({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" } })],
    ["token with a name", on(account).post({ ...request({}), metadata: { name: "other" } })],
    ["node", nodes.post({ apiVersion: "v1", kind: "Node", metadata: { name: node } })],
    [
      "node status",
      on(`/api/v1/nodes/${node}/status`).patch("strategic", {
        status: {
          conditions: [{ type: "Ready", status: "True" }],
          capacity: { cpu: "2" },
          addresses: [{ type: "InternalIP", address: "10.0.0.1" }]
        }
      })
    ],
    [
      "node address more",
      on(`/api/v1/nodes/${node}/status`).patch("strategic", { status: { addresses: [{ type: "Hostname", address: "h" }] } })
    ],
    ["node cordoned", on(`/api/v1/nodes/${node}`).patch("strategic", { spec: { unschedulable: true } })],
    [
      "node tainted",
      on(`/api/v1/nodes/${node}`).patch("strategic", { spec: { taints: [{ key: "k", effect: "NoSchedule" }] } })
    ],
    [
      "node tainted wrongly",
      on(`/api/v1/nodes/${node}`).patch("strategic", { spec: { taints: [{ key: "k", effect: "Never" }] } })
    ],
    [
      "node's range",
      on(`/api/v1/nodes/${node}`).patch("merge", { spec: { podCIDR: "10.9.0.0/24", podCIDRs: ["10.9.0.0/24"] } })
    ],
    [
      "node's other range",
      on(`/api/v1/nodes/${node}`).patch("merge", { spec: { podCIDR: "10.8.0.0/24", podCIDRs: ["10.8.0.0/24"] } })
    ],
    ["node gone", on(`/api/v1/nodes/${node}`).delete()],
    ["namespace", on("/api/v1/namespaces").post({ apiVersion: "v1", kind: "Namespace", metadata: { name: `ns-${name}` } })],
    ["namespace status", on(`/api/v1/namespaces/ns-${name}/status`).patch("merge", { status: { phase: "Terminating" } })],
    [
      "namespace finalize",
      (past) =>
        on(`/api/v1/namespaces/ns-${name}/finalize`).put(
          fields(set(past.body("namespace"), ["spec", "finalizers"], ["kubernetes", "example.com/x"]))
        )
    ],
    [
      "namespace finalizer by the main path",
      on(`/api/v1/namespaces/ns-${name}`).patch("merge", { spec: { finalizers: [] } })
    ],
    ["namespace deleted", on(`/api/v1/namespaces/ns-${name}`).delete()],
    [
      "write in it",
      on(`/api/v1/namespaces/ns-${name}/configmaps`).post({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" } })
    ],
    ["namespace deleted again", on(`/api/v1/namespaces/ns-${name}`).delete()],
    [
      "namespace finalized",
      on(`/api/v1/namespaces/ns-${name}/finalize`).put({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: `ns-${name}` },
        spec: { finalizers: [] }
      })
    ],
    ["namespace gone", on(`/api/v1/namespaces/ns-${name}`).get()],
    ["default namespace", on("/api/v1/namespaces/default").delete(undefined, { dryRun: "All" })]
  ]
})

export const all: ReadonlyArray<Make> = [
  scaled("deployments", Rich.deployment),
  scaled(
    "statefulsets",
    workload("apps/v1", "StatefulSet", { replicas: 1, serviceName: "s", selector: { matchLabels: labels } })
  ),
  scaled("replicasets", workload("apps/v1", "ReplicaSet", { replicas: 1, selector: { matchLabels: labels } })),
  scaled("replicationcontrollers", workload("v1", "ReplicationController", { replicas: 1, selector: labels })),
  pods,
  budgets,
  others
]
