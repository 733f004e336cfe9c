/** The DaemonSet controller: a Pod on each node where one belongs, and from one template to the next. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as DaemonSetController from "../../plugins/controllers/daemonset/DaemonSet.ts"
import { nodeOf } from "../../plugins/controllers/daemonset/Placement.ts"
import { ControllerRevision, DaemonSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { at, cluster, kubelet, when } from "./Cluster.ts"

const labels = { app: "agent" }
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: "c", image }] } })
const places = (pods: ReadonlyArray<Pod>) => pods.map(nodeOf).toSorted().join()

describe("DaemonSet", () => {
  it.live("runs on every node that takes it, and replaces its Pods node by node", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* kubelet()
      const tainted = { spec: { taints: [{ key: "k", effect: "NoSchedule" }] } }
      yield* client.create(Node, { metadata: { name: "a" } })
      yield* client.create(Node, { metadata: { name: "b" }, spec: { unschedulable: true } })
      yield* client.create(Node, { metadata: { name: "c" }, ...tainted })
      const set = yield* client.create(DaemonSet, {
        metadata: at("agent"),
        spec: { selector: { matchLabels: labels }, template: template("v1") }
      })
      yield* when(Pod, (all) => places(all) === "a,b")
      const [ready] = yield* when(DaemonSet, ([one]) => one?.status.numberAvailable === 2)
      assert.strictEqual(ready?.status.desiredNumberScheduled, 2)

      const node = yield* client.get(Node, { namespace: "", name: "c" })
      yield* client.update(Node, { ...node, spec: {} })
      yield* when(Pod, (all) => places(all) === "a,b,c")
      yield* client.delete(Node, { namespace: "", name: "a" })
      yield* when(Pod, (all) => places(all) === "b,c")

      const change = (before: DaemonSet): DaemonSet => {
        const { metadata, spec } = before.spec.template
        const containers = spec.containers.map((container) => ({ ...container, image: "v2" }))
        return { ...before, spec: { ...before.spec, template: { metadata, spec: { ...spec, containers } } } }
      }
      const write = Effect.flatMap(client.get(DaemonSet, at("agent")), (before) => client.update(DaemonSet, change(before)))
      yield* Effect.retry(write, { times: 5 })
      yield* when(Pod, (all) => all.length === 2 && all.every(({ spec }) => spec.containers[0]?.image === "v2"))
      yield* when(DaemonSet, ([one]) => one?.status.updatedNumberScheduled === 2 && one.status.numberAvailable === 2)
      const history = yield* client.list(ControllerRevision)
      assert.deepStrictEqual(history.map(({ revision }) => revision).toSorted(), [1, 2])
      assert.isTrue(history.every(({ metadata }) => metadata.ownerReferences?.[0]?.uid === set.metadata.uid))
      const inOrder =
        /^{"spec":{"template":{"\$patch":"replace","metadata":{"labels":{.*}},"spec":{"containers":\[{"image":"v\d",/
      for (const { data } of history) assert.match(JSON.stringify(data), inOrder)
    }).pipe(Effect.scoped, Effect.provide(cluster(DaemonSetController.plugin)))
  )

  it.live("with a surge the new Pod comes beside the old one, which goes when the new one is ready", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* kubelet((pod) => pod.spec.containers[0]?.image !== "bad")
      for (const name of ["a", "b"]) yield* client.create(Node, { metadata: { name } })
      const updateStrategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
      yield* client.create(DaemonSet, {
        metadata: at("agent"),
        spec: { selector: { matchLabels: labels }, template: template("v1"), updateStrategy }
      })
      yield* when(DaemonSet, ([one]) => one?.status.numberAvailable === 2)
      const image = (image: string) =>
        client.patch(DaemonSet, at("agent"), "strategic", {
          spec: { template: { spec: { containers: [{ name: "c", image }] } } }
        })
      const images = (all: ReadonlyArray<Pod>) =>
        all
          .map(({ spec }) => spec.containers[0]?.image)
          .toSorted()
          .join()
      yield* image("bad")
      yield* when(Pod, (all) => images(all) === "bad,v1,v1")
      yield* when(DaemonSet, ([one]) => one?.status.observedGeneration === 2 && one.status.numberAvailable === 2)
      yield* image("v2")
      yield* when(Pod, (all) => images(all) === "v2,v2")
      yield* when(DaemonSet, ([one]) => one?.status.updatedNumberScheduled === 2 && one.status.numberAvailable === 2)
    }).pipe(Effect.scoped, Effect.provide(cluster(DaemonSetController.plugin)))
  )
})
