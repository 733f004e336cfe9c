/** What stands between the scheduler and a plugin of another isolate: the order of the queue, the door to it, and what follows a decision. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, FiberSet, Layer } from "effect"
import * as fc from "fast-check"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import {
  Failed,
  type Plugin as SchedulingPlugin,
  type Queued,
  unschedulable
} from "../../plugins/scheduler/contracts/Framework.ts"
import * as Extensions from "../../plugins/scheduler/contracts/Extensions.ts"
import * as SchedulerPlugin from "../../plugins/scheduler/contracts/SchedulerPlugin.ts"
import { SchedulerPoints } from "../../plugins/scheduler/contracts/SchedulerPoints.ts"
import * as Bridge from "../../plugins/scheduler/isolated/Bridge.ts"
import type { Options } from "../../plugins/scheduler/isolated/Guarded.ts"
import { Places } from "../../plugins/scheduler/isolated/Places.ts"
import { Queue } from "../../plugins/scheduler/Queue.ts"
import * as Scheduler from "../../plugins/scheduler/Scheduler.ts"
import { Snapshot } from "../../plugins/scheduler/Snapshot.ts"
import { at, when } from "../controllers/Cluster.ts"
import { draftOf } from "./Nodes.ts"
import { podOf } from "../controllers/Pods.ts"

const byTime = (a: Queued, b: Queued) => a.since - b.since
const queued = (name: string, since: number): Queued => ({ pod: podOf({ name }), attempts: 0, since })

describe("an order as numbers", () => {
  it("is the order of the comparison, whatever comes and goes", () => {
    const comer = fc.record({
      name: fc.integer({ min: 0, max: 40 }),
      since: fc.integer({ min: 0, max: 9 }),
      leaves: fc.boolean()
    })
    fc.assert(
      fc.property(fc.array(comer, { maxLength: 200 }), (comers) => {
        const places = new Places(byTime)
        const keys = new Map<string, number>()
        let right: ReadonlyArray<Queued> = []
        for (const { leaves, name, since } of comers) {
          const one = queued(`p${name}`, since)
          const { uid } = one.pod.metadata
          const others = right.filter(({ pod }) => pod.metadata.uid !== uid)
          if (leaves) places.remove(uid)
          else for (const [uid, key] of places.put([one])) keys.set(uid, key)
          if (leaves) keys.delete(uid)
          right = leaves ? others : [...others, one].toSorted(byTime)
        }
        const said = [...keys].toSorted(([, a], [, b]) => a - b).map(([uid]) => uid)
        assert.deepStrictEqual(
          said,
          right.map(({ pod }) => pod.metadata.uid)
        )
      })
    )
  })

  it("has room between any two", () => {
    const places = new Places(byTime)
    const keys = new Map<string, number>()
    for (let index = 0; index < 500; index++)
      for (const [uid, key] of places.put([queued(`p${index}`, index === 0 ? 1000 : 1000 - 1000 / (index + 1))]))
        keys.set(uid, key)
    assert.strictEqual(new Set(keys.values()).size, 500)
    const [first, last] = [keys.get(podOf({ name: "p1" }).metadata.uid), keys.get(podOf({ name: "p0" }).metadata.uid)]
    assert.isTrue([...keys.values()].every((key) => key >= (first ?? 0) && key <= (last ?? 0)))
  })
})

describe("the door to the queue", () => {
  const kept = new Set<string>()
  const make = () =>
    new Queue({
      order: byTime,
      isAsked: () => true,
      gate: ({ metadata }) => (kept.has(metadata.name) ? "Door" : undefined),
      helps: (_, by, { kind }) => by.has("Door") && kind === "Node"
    })
  const sizes = (active: number, gated: number) => ({ active, backoff: 0, unschedulable: 0, gated })

  it("opens for those that were asked about, and keeps the others until the plugin says so", () => {
    const queue = make()
    for (const name of ["a", "b"]) queue.add(podOf({ name }), 0)
    assert.isUndefined(queue.pop())
    kept.add("b")
    for (const comer of queue.comers(10)) queue.letIn(comer)
    assert.strictEqual(queue.pop()?.pod.metadata.name, "a")
    assert.deepStrictEqual(queue.sizes(), sizes(0, 1))
    queue.retry("Another", [], 1)
    assert.strictEqual(queue.comers(10).length, 0)
    queue.retry("Door", [podOf({ name: "b" }).metadata.uid], 1)
    kept.clear()
    for (const comer of queue.comers(10)) queue.letIn(comer)
    assert.deepStrictEqual(queue.sizes(), sizes(1, 0))
  })

  it("asks again about whom something may have helped meanwhile, or who has changed", () => {
    const queue = make()
    kept.add("a")
    queue.add(podOf({ name: "a" }), 0)
    const [first] = queue.comers(10)
    queue.happened({ kind: "Node", actions: ["Add"] }, 1)
    if (first !== undefined) queue.letIn(first)
    assert.deepStrictEqual(queue.sizes(), sizes(1, 0))
    const [second] = queue.comers(10)
    queue.refresh(podOf({ name: "a" }))
    if (second !== undefined) queue.letIn(second)
    const third = queue.comers(10)
    assert.isTrue(second !== undefined && third.length === 1 && third[0] !== second)
    for (const comer of third) queue.letIn(comer)
    assert.deepStrictEqual(queue.sizes(), sizes(0, 1))
    kept.clear()
    // Whose plugin is gone is kept out by nobody.
    queue.renew(new Set(["Door"]), false, 2)
    for (const comer of queue.comers(10)) queue.letIn(comer)
    assert.strictEqual(queue.pop()?.pod.metadata.name, "a")
  })
})

const api = Layer.provideMerge(ApiClient.layer, MemoryApi.layer())
const bridged = Effect.fnUntraced(function* (plugin: SchedulingPlugin, options: Options) {
  const installed = Plugin.install(SchedulerPlugin.make(plugin))
  const built = yield* Layer.build(Layer.provideMerge(installed, Layer.merge(api, Layer.fresh(Plugin.Host.layer))))
  const points = Context.get(built, SchedulerPoints)
  const made = yield* Context.get(built, Client).create(Node, { metadata: { name: "n" } })
  const view = new Snapshot()
  view.setNode(made)
  const bridge = Bridge.make(points, yield* points.describe(), options, yield* FiberSet.makeRuntime())
  return { ...bridge, view, node: view.find("n") ?? assert.fail("it is not there") }
})

const info = new Snapshot().infoOf(podOf({ name: "p" }))
const soon = { fallback: "Fail", patience: "100 millis" } as const

describe("what follows a decision, elsewhere", () => {
  it.live("binds in time, or the configuration says who does", () =>
    Effect.gen(function* () {
      const never: SchedulingPlugin = { name: "Never", bind: () => Effect.never }
      const failing = yield* bridged(never, soon)
      const failure = yield* Effect.flip(failing.bind?.(info, "n") ?? Effect.succeed(true))
      assert.deepStrictEqual([failure._tag, failure.message], ["Failed", "Never: no answer in time"])
      const ignored = yield* bridged(never, { ...soon, fallback: "Ignore" })
      assert.isFalse(yield* ignored.bind?.(info, "n") ?? Effect.succeed(true))
    }).pipe(Effect.scoped)
  )

  it.live("takes longer than a call where it may, and once", () =>
    Effect.gen(function* () {
      let begun = 0
      const slow: SchedulingPlugin = {
        name: "Slow",
        permit: () =>
          Effect.andThen(
            Effect.sync(() => begun++),
            Effect.sleep("1200 millis")
          ),
        preBind: () => Effect.fail(new Failed({ message: "no volume" }))
      }
      const { permit, preBind } = yield* bridged(slow, { fallback: "Fail", patience: "2 seconds" })
      yield* permit?.(info, "n") ?? Effect.die("it has no permit")
      assert.strictEqual(begun, 1)
      const failure = yield* Effect.flip(preBind?.(info, "n") ?? Effect.void)
      assert.strictEqual(failure.message, "no volume")
    }).pipe(Effect.scoped)
  )

  it.live("reserves before anything else, and takes back in that order", () =>
    Effect.gen(function* () {
      const said: Array<string> = []
      let isFull = false
      const plugin: SchedulingPlugin = {
        name: "Rooms",
        reserve: ({ pod }, { name }) => {
          said.push(`reserve ${pod.metadata.name} on ${name}`)
          return isFull ? unschedulable("no room") : undefined
        },
        unreserve: ({ pod }, node) => void said.push(`unreserve ${pod.metadata.name} on ${node}`)
      }
      const { node, permit, reserve, unreserve, view } = yield* bridged(plugin, { fallback: "Fail", patience: "20 seconds" })
      assert.isUndefined(reserve?.(info, node, view))
      yield* permit?.(info, "n") ?? Effect.die("it has no permit")
      unreserve?.(info, "n")
      isFull = true
      reserve?.(info, node, view)
      const failure = yield* Effect.flip(permit?.(info, "n") ?? Effect.void)
      assert.strictEqual(failure.message, "0/1 nodes are available: 1 no room.")
      assert.deepStrictEqual(said, ["reserve p on n", "unreserve p on n", "reserve p on n"])
    }).pipe(Effect.scoped)
  )
})

it.live("Pods that a plugin cannot be asked about wait for it, and say so", () =>
  Effect.gen(function* () {
    const client = yield* Client
    let isBack = false
    const plugin: SchedulingPlugin = {
      name: "Door",
      prepareEnqueue: () =>
        Effect.suspend(() => (isBack ? Effect.succeed(false) : Effect.fail(new Failed({ message: "Door: no answer" }))))
    }
    yield* (yield* Extensions.Plugins).add({ plugin })
    const draft = draftOf("n")
    const node = yield* client.create(Node, { metadata: { name: "n", labels: draft.metadata.labels } })
    yield* client.update(Node, { ...node, status: draft.status }, { subresource: "status" })
    yield* client.create(Pod, { metadata: at("p"), spec: { containers: [{ name: "c", image: "i" }] } })
    const [pod] = yield* when(Pod, ([pod]) => (pod?.status.conditions ?? []).length > 0)
    assert.strictEqual(pod?.status.conditions?.[0]?.message, "Door: no answer")
    isBack = true
    yield* when(Pod, ([pod]) => pod?.spec.nodeName === "n")
  }).pipe(
    Effect.provide(Scheduler.plugin().layer),
    Effect.provide(Layer.provideMerge(Extensions.layer, Layer.merge(api, Plugin.Host.layer))),
    Effect.scoped
  )
)

it.effect("a plugin of the first version of the contract is served as it was", () =>
  Effect.gen(function* () {
    yield* Contract.compatible(SchedulerPoints.key, Contract.wanted(SchedulerPoints), "1.0.0")
    const { wanted } = yield* Effect.flip(Contract.compatible(SchedulerPoints.key, SchedulerPoints.version, "1.0.0"))
    assert.strictEqual(wanted, SchedulerPoints.version)
  })
)
