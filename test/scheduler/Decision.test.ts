/** Scheduler decisions as tables: nodes, what is on them, a Pod, and where it goes or why it does not. */
import { assert, describe, it } from "@effect/vitest"
import type { Node, Pod, PodSpecDraft } from "../../plugins/resources/contracts/core/v1.ts"
import { Cycle, enough } from "../../plugins/scheduler/Cycle.ts"
import { Nominated } from "../../plugins/scheduler/Nominated.ts"
import { infoOf } from "../../plugins/scheduler/Resources.ts"
import { Snapshot } from "../../plugins/scheduler/Snapshot.ts"
import { podOf } from "../controllers/Pods.ts"
import { nodeOf } from "./Nodes.ts"
import { profile } from "./Profile.ts"

const asking = (requests: { readonly [name: string]: string }, more: Partial<PodSpecDraft> = {}): Partial<PodSpecDraft> => ({
  containers: [{ name: "c", image: "i", resources: { requests } }],
  ...more
})
const port = (hostPort: number, hostIP = ""): Partial<PodSpecDraft> => ({
  containers: [{ name: "c", image: "i", ports: [{ containerPort: 80, hostPort, hostIP, protocol: "TCP" }] }]
})
const on = (node: string, name: string, spec: Partial<PodSpecDraft> = {}, labels = {}) => podOf({ name, node, spec, labels })
/** It wants so much cpu, and has so much. */
const resized = (wants: string, has: string, pending = ""): Pod => {
  const pod = on("a", "x", asking({ cpu: wants }))
  const given = { name: "c", allocatedResources: { cpu: has }, resources: { requests: { cpu: has } } }
  const condition = { type: "PodResizePending", status: "True", reason: pending }
  const about = { image: "i", imageID: "", ready: true, restartCount: 0, state: {}, lastState: {} }
  return {
    ...pod,
    status: {
      ...pod.status,
      containerStatuses: [{ ...about, ...given }],
      ...(pending !== "" && { conditions: [condition] })
    }
  }
}
const wanting = (spec: Partial<PodSpecDraft> = {}, labels = {}) => podOf({ name: "new", spec, labels })

const run = (nodes: ReadonlyArray<Node>, there: ReadonlyArray<Pod>, pod: Pod) => {
  const snapshot = new Snapshot()
  for (const node of nodes) snapshot.setNode(node)
  for (const pod of there) snapshot.setPod(pod)
  const cycle = new Cycle(infoOf(pod), profile, { view: snapshot, nominated: new Nominated(), pick: () => 0, start: 0 })
  return cycle.best(cycle.search().next().value)?.name ?? cycle.message()
}

const none = (...reasons: ReadonlyArray<string>) => `0/1 nodes are available: ${reasons.join(", ")}.`
const a = nodeOf("a")
const b = nodeOf("b")
const taint = (effect: string) => nodeOf("a", { spec: { taints: [{ key: "k", value: "v", effect }] } })
const inZone = (zone: string) => ({ labels: { "topology.kubernetes.io/zone": zone } })
const affinity = (operator: string, values: ReadonlyArray<string>): Partial<PodSpecDraft> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "disk", operator, values }] }]
      }
    }
  }
})
const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "web" } } }
const near = { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }
const far = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }
const spread = (maxSkew: number) => ({
  topologySpreadConstraints: [{ ...term, maxSkew, whenUnsatisfiable: "DoNotSchedule" }]
})
const web = { app: "web" }

type Case = readonly [what: string, nodes: ReadonlyArray<Node>, there: ReadonlyArray<Pod>, pod: Pod, expected: string]
const cases: ReadonlyArray<Case> = [
  ["no nodes", [], [], wanting(), "no nodes available to schedule pods"],
  ["the only node", [a], [], wanting(), "a"],
  ["too little cpu", [a], [], wanting(asking({ cpu: "5" })), none("1 Insufficient cpu")],
  [
    "cpu that another still has while it is made smaller",
    [a],
    [resized("1", "4")],
    wanting(asking({ cpu: "1" })),
    none("1 Insufficient cpu")
  ],
  [
    "cpu that another waits for",
    [a],
    [resized("4", "1", "Deferred")],
    wanting(asking({ cpu: "1" })),
    none("1 Insufficient cpu")
  ],
  ["cpu that another can never get", [a], [resized("64", "1", "Infeasible")], wanting(asking({ cpu: "1" })), "a"],
  [
    "cpu that others have",
    [a],
    [on("a", "x", asking({ cpu: "3" }))],
    wanting(asking({ cpu: "1500m" })),
    none("1 Insufficient cpu")
  ],
  [
    "two things too little",
    [a],
    [],
    wanting(asking({ cpu: "5", memory: "9Gi" })),
    none("1 Insufficient cpu", "1 Insufficient memory")
  ],
  [
    "an extended resource",
    [a, nodeOf("g", { extended: { "x.com/gpu": "1" } })],
    [],
    wanting(asking({ "x.com/gpu": "1" })),
    "g"
  ],
  ["too many Pods", [nodeOf("a", { pods: "1" })], [on("a", "x")], wanting(), none("1 Too many pods")],
  [
    "finished Pods take nothing",
    [nodeOf("a", { pods: "1" })],
    [podOf({ name: "x", node: "a", phase: "Succeeded" })],
    wanting(),
    "a"
  ],
  [
    "init containers count by the greatest",
    [a],
    [],
    wanting(asking({ cpu: "1" }, { initContainers: [{ name: "i", image: "i", resources: { requests: { cpu: "5" } } }] })),
    none("1 Insufficient cpu")
  ],
  [
    "sidecars count beside",
    [a],
    [],
    wanting(
      asking(
        { cpu: "3" },
        { initContainers: [{ name: "i", image: "i", restartPolicy: "Always", resources: { requests: { cpu: "2" } } }] }
      )
    ),
    none("1 Insufficient cpu")
  ],
  ["cordoned", [nodeOf("a", { spec: { unschedulable: true } })], [], wanting(), none("1 node(s) were unschedulable")],
  ["a taint", [taint("NoSchedule")], [], wanting(), none("1 node(s) had untolerated taint(s)")],
  ["a taint that is borne", [taint("NoExecute")], [], wanting({ tolerations: [{ key: "k", operator: "Exists" }] }), "a"],
  ["a taint to avoid", [taint("PreferNoSchedule"), b], [], wanting(), "b"],
  [
    "a node selector",
    [a],
    [],
    wanting({ nodeSelector: { disk: "ssd" } }),
    none("1 node(s) didn't match Pod's node affinity/selector")
  ],
  ["node affinity", [a, nodeOf("s", { labels: { disk: "ssd" } })], [], wanting(affinity("In", ["ssd"])), "s"],
  [
    "node affinity by what is not",
    [nodeOf("s", { labels: { disk: "ssd" } }), b],
    [],
    wanting(affinity("NotIn", ["ssd"])),
    "b"
  ],
  [
    "a port of the node",
    [a],
    [on("a", "x", port(80))],
    wanting(port(80)),
    none("1 node(s) didn't have free ports for the requested pod ports")
  ],
  ["a port of another address", [a], [on("a", "x", port(80, "10.0.0.1"))], wanting(port(80, "10.0.0.2")), "a"],
  [
    "the emptier node",
    [a, b],
    [on("a", "x", asking({ cpu: "2", memory: "4Gi" }))],
    wanting(asking({ cpu: "1", memory: "1Gi" })),
    "b"
  ],
  ["the node with the image", [a, nodeOf("b", { images: { "i:latest": 900 * 2 ** 20 } })], [], wanting(), "b"],
  ["near another Pod", [a, b], [on("b", "x", {}, web)], wanting(near), "b"],
  ["near nobody", [a], [], wanting(near), none("1 node(s) didn't match pod affinity rules")],
  ["the first of those who want to be together", [a], [], wanting(near, web), "a"],
  ["far from another Pod", [a, b], [on("a", "x", {}, web)], wanting(far), "b"],
  ["far from all", [a], [on("a", "x", {}, web)], wanting(far), none("1 node(s) didn't match pod anti-affinity rules")],
  [
    "not welcome",
    [a],
    [on("a", "x", far)],
    wanting({}, web),
    none("1 node(s) didn't satisfy existing pods anti-affinity rules")
  ],
  ["spread", [a, b], [on("a", "x", {}, web)], wanting(spread(1), web), "b"],
  [
    "spread, where one side is full",
    [a, nodeOf("b", { spec: { unschedulable: true } })],
    [on("a", "x", {}, web)],
    wanting(spread(1), web),
    "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable."
  ],
  ["zones are no matter without a wish", [nodeOf("a", inZone("1"))], [], wanting(), "a"]
]

describe("a decision of the scheduler", () => {
  for (const [what, nodes, there, pod, expected] of cases) {
    it(what, () => assert.strictEqual(run(nodes, there, pod), expected))
  }

  it("looks at all nodes of a small cluster and at a share of a large one", () => {
    assert.deepStrictEqual(
      [0, 50, 100, 1000, 5000, 10_000].map((nodes) => enough(nodes)),
      [0, 50, 100, 420, 500, 500]
    )
  })

  it("counts what is assumed, and no longer when it is forgotten", () => {
    const snapshot = new Snapshot()
    snapshot.setNode(nodeOf("a", { cpu: "1" }))
    const info = infoOf(wanting(asking({ cpu: "1" })))
    snapshot.assume(info, "a")
    assert.strictEqual(snapshot.nodes[0]?.requested.cpu, 1000)
    snapshot.setPod(info.pod)
    assert.strictEqual(snapshot.nodes[0]?.requested.cpu, 1000, "the cache does not show it yet")
    snapshot.forget(info)
    assert.strictEqual(snapshot.nodes[0]?.requested.cpu, 0)
  })
})
