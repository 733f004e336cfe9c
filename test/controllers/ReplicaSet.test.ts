/** The ReplicaSet controller: adopts, makes, releases and removes Pods, and says in its status what there is. */
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { controllerOf } from "../../kernel/resource/Kind.ts"
import * as ReplicaSetController from "../../plugins/controllers/replicaset/ReplicaSet.ts"
import * as ReplicationControllers from "../../plugins/controllers/replicaset/ReplicationController.ts"
import { cheapestFirst } from "../../plugins/controllers/replicaset/Victims.ts"
import { ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { Event, Pod, ReplicationController } from "../../plugins/resources/contracts/core/v1.ts"
import { at, cluster, names, runs, when } from "./Cluster.ts"
import { podOf } from "./Pods.ts"

const labels = { app: "web" }
const spec = { containers: [{ name: "web", image: "nginx" }] }

const story = Effect.gen(function* () {
  const client = yield* Client
  yield* client.create(Pod, { metadata: { ...at("orphan"), labels }, spec })
  const { metadata } = yield* client.create(ReplicaSet, {
    metadata: at("web"),
    spec: { replicas: 5, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } }
  })
  const owned = (all: ReadonlyArray<Pod>) => all.filter((pod) => controllerOf(pod)?.uid === metadata.uid)
  const first = owned(yield* when(Pod, (all) => owned(all).length === 5))
  assert.include(names(first), "orphan", "an orphan that is selected is adopted")
  assert.strictEqual(names(first).filter((name) => /^web-[a-z0-9]{5}$/.test(name)).length, 4)
  const events = yield* when(Event, (all) => all.length === 4)
  assert.deepStrictEqual([...new Set(events.map(({ reason }) => reason))], ["SuccessfulCreate"])

  const orphan = yield* client.get(Pod, at("orphan"))
  yield* client.update(Pod, { ...orphan, metadata: { ...orphan.metadata, labels: { app: "other" } } })
  const second = yield* when(Pod, (all) => owned(all).length === 5 && !names(owned(all)).includes("orphan"))
  assert.include(names(second), "orphan", "a Pod that is no longer selected is released, and replaced")

  const kept = yield* runs(yield* client.get(Pod, at(names(owned(second))[3] ?? "")))
  yield* when(ReplicaSet, ([set]) => set?.status.replicas === 5 && set.status.availableReplicas === 1)
  const set = yield* client.get(ReplicaSet, at("web"))
  yield* client.update(ReplicaSet, { ...set, spec: { ...set.spec, replicas: 1 } })
  const last = yield* when(Pod, (all) => owned(all).length === 1)
  assert.deepStrictEqual(names(owned(last)), [kept.metadata.name], "a Pod that runs costs most to lose")
  const [after] = yield* when(ReplicaSet, ([set]) => set?.status.replicas === 1)
  assert.deepStrictEqual(after?.status, {
    replicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    fullyLabeledReplicas: 1,
    observedGeneration: 2
  })
})

describe("ReplicaSet", () => {
  it.live("adopts, makes, releases and removes Pods", () => Effect.provide(story, cluster(ReplicaSetController.plugin)))

  it.live("a ReplicationController does the same with a selector of labels", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Pod, { metadata: { ...at("orphan"), labels }, spec })
      yield* client.create(ReplicationController, {
        metadata: at("web"),
        spec: { replicas: 3, selector: labels, template: { metadata: { labels }, spec } }
      })
      const pods = yield* when(Pod, (all) => all.filter((pod) => controllerOf(pod)?.name === "web").length === 3)
      assert.include(names(pods), "orphan")
      for (const pod of pods) assert.strictEqual(controllerOf(pod)?.kind, "ReplicationController")
      yield* when(ReplicationController, ([set]) => set?.status.replicas === 3)
    }).pipe(Effect.provide(cluster(ReplicationControllers.plugin)))
  )

  const now = Date.parse("2026-01-01T00:00:00Z")
  const cases: ReadonlyArray<readonly [why: string, dies: Pod, lives: Pod]> = [
    ["has no node", podOf({ name: "a" }), podOf({ name: "b", node: "n" })],
    ["is pending", podOf({ name: "a", node: "n" }), podOf({ name: "b", node: "n", phase: "Running" })],
    [
      "is not ready",
      podOf({ name: "a", phase: "Running" }),
      podOf({ name: "b", phase: "Running", ready: "2025-01-01T00:00:00Z" })
    ],
    [
      "costs less",
      podOf({ name: "a" }),
      podOf({ name: "b", annotations: { "controller.kubernetes.io/pod-deletion-cost": "1" } })
    ],
    [
      "is ready for a shorter time",
      podOf({ name: "b", phase: "Running", ready: "2025-12-31T23:00:00Z" }),
      podOf({ name: "a", phase: "Running", ready: "2025-01-01T00:00:00Z" })
    ],
    ["restarted more often", podOf({ name: "b", restarts: 3 }), podOf({ name: "a", restarts: 1 })],
    [
      "is younger",
      podOf({ name: "b", created: "2025-12-31T23:59:00Z" }),
      podOf({ name: "a", created: "2025-01-01T00:00:00Z" })
    ]
  ]
  for (const [why, dies, lives] of cases) {
    it(`gives up first what ${why}`, () => {
      assert.deepStrictEqual(Array.sort([lives, dies], cheapestFirst([lives, dies], now))[0], dies)
    })
  }

  it("gives up first what is ready and not yet available, though it is ready for hardly a shorter time", () => {
    const ready = (name: string, seconds: number) =>
      podOf({ name, phase: "Running", ready: new Date(now - seconds * 1000).toISOString() })
    const pods = [ready("a", 12), ready("b", 9)]
    assert.deepStrictEqual(names(Array.sort(pods, cheapestFirst(pods, now))), ["a", "b"])
    assert.deepStrictEqual(names(Array.sort(pods, cheapestFirst(pods, now, 10))), ["b", "a"])
  })

  it("gives up first what shares its node", () => {
    const pods = [podOf({ name: "a", node: "n1" }), podOf({ name: "b", node: "n2" }), podOf({ name: "c", node: "n2" })]
    assert.deepStrictEqual(names(Array.sort(pods, cheapestFirst(pods, now)).slice(-1)), ["a"])
  })
})
