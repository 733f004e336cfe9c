/** Pods go where their volumes are, and claims that wait for their first consumer get theirs where the Pod goes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Node, PersistentVolume, PersistentVolumeClaim, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { StorageClass } from "../../plugins/resources/contracts/storage/v1.ts"
import * as Scheduler from "../../plugins/scheduler/Scheduler.ts"
import { at, cluster, when } from "../controllers/Cluster.ts"
import { draftOf } from "./Nodes.ts"

const addNode = Effect.fnUntraced(function* (name: string, zone: string) {
  const client = yield* Client
  const labels = { "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone }
  const node = yield* client.create(Node, { metadata: { name, labels } })
  return yield* client.update(Node, { ...node, status: draftOf(name).status }, { subresource: "status" })
})
const addClass = Effect.fnUntraced(function* (name: string, provisioner: string) {
  const client = yield* Client
  const volumeBindingMode = "WaitForFirstConsumer"
  return yield* client.create(StorageClass, { metadata: { name }, provisioner, volumeBindingMode })
})
const addClaim = Effect.fnUntraced(function* (name: string, storageClassName: string) {
  const client = yield* Client
  const spec = { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage: "1Gi" } } }
  return yield* client.create(PersistentVolumeClaim, { metadata: at(name), spec })
})
const addVolume = Effect.fnUntraced(function* (name: string, storage: string, node: string) {
  const client = yield* Client
  const nodeSelectorTerms = [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] }]
  const volume = yield* client.create(PersistentVolume, {
    metadata: { name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      capacity: { storage },
      storageClassName: "local",
      local: { path: "/disk" },
      nodeAffinity: { required: { nodeSelectorTerms } }
    }
  })
  return yield* client.update(PersistentVolume, { ...volume, status: { phase: "Available" } }, { subresource: "status" })
})
const podWith = (name: string, claimName: string) => ({
  metadata: at(name),
  spec: {
    containers: [{ name: "c", image: "i" }],
    volumes: [{ name: "v", persistentVolumeClaim: { claimName } }]
  }
})
/** What the controller of volumes does in the end. */
const bindClaim = Effect.fnUntraced(function* (name: string, volumeName: string) {
  const client = yield* Client
  const metadata = { annotations: { "pv.kubernetes.io/bind-completed": "yes" } }
  yield* client.patch(PersistentVolumeClaim, at(name), "merge", { metadata, spec: { volumeName } })
})
const messageOf = ({ status }: Pod) => status.conditions?.find(({ type }) => type === "PodScheduled")?.message

describe("the scheduler and volumes", () => {
  it.effect("gives a claim the smallest volume that will do, and the Pod the node that reaches it", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* Effect.forEach(["n1", "n2"], (name) => addNode(name, "z"))
      yield* addClass("local", "kubernetes.io/no-provisioner")
      yield* addVolume("small", "512Mi", "n1")
      yield* addVolume("right", "2Gi", "n2")
      yield* addClaim("data", "local")
      yield* client.create(Pod, podWith("p", "data"))
      const volumes = yield* when(PersistentVolume, (all) => all.some(({ spec }) => spec.claimRef !== undefined))
      const bound = volumes.find(({ spec }) => spec.claimRef !== undefined)
      assert.strictEqual(bound?.metadata.name, "right")
      assert.strictEqual(bound?.metadata.annotations?.["pv.kubernetes.io/bound-by-controller"], "yes")
      assert.strictEqual((yield* client.get(Pod, at("p"))).spec.nodeName, undefined, "the claim comes first")
      yield* bindClaim("data", "right")
      const pods = yield* when(Pod, ([pod]) => pod?.spec.nodeName !== undefined)
      assert.strictEqual(pods[0]?.spec.nodeName, "n2")
    }).pipe(Effect.provide(cluster(Scheduler.plugin())))
  )

  it.effect("says on which node a volume shall be made, and waits for it", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("n1", "z")
      yield* addClass("dynamic", "disk.example.com")
      yield* addClaim("data", "dynamic")
      yield* client.create(Pod, podWith("p", "data"))
      const annotation = "volume.kubernetes.io/selected-node"
      const claims = yield* when(PersistentVolumeClaim, ([claim]) => claim?.metadata.annotations?.[annotation] !== undefined)
      assert.strictEqual(claims[0]?.metadata.annotations?.[annotation], "n1")
      yield* client.create(PersistentVolume, {
        metadata: { name: "made" },
        spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, hostPath: { path: "/made" } }
      })
      yield* bindClaim("data", "made")
      yield* when(Pod, ([pod]) => pod?.spec.nodeName === "n1")
    }).pipe(Effect.provide(cluster(Scheduler.plugin())))
  )

  it.effect("says what a claim lacks", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("n1", "z")
      yield* addClass("local", "kubernetes.io/no-provisioner")
      yield* client.create(Pod, podWith("without", "nothing"))
      yield* addClaim("data", "local")
      yield* client.create(Pod, podWith("lonely", "data"))
      const pods = yield* when(Pod, (all) => all.length === 2 && all.every((pod) => messageOf(pod) !== undefined))
      const helpless =
        "no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
      assert.deepStrictEqual(Object.fromEntries(pods.map((pod) => [pod.metadata.name, messageOf(pod)])), {
        without: `0/1 nodes are available: persistentvolumeclaim "nothing" not found. not found`,
        lonely: `0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind. ${helpless}`
      })
    }).pipe(Effect.provide(cluster(Scheduler.plugin())))
  )
})
