/** The scheduler on an API in memory: binds what it can, says why it cannot, and tries again when something changes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Worker from "../../kernel/plugin/Worker.ts"
import { Event, Node, Pod, type PodSpecDraft } from "../../plugins/resources/contracts/core/v1.ts"
import { type Change, helps, onNode } from "../../plugins/scheduler/contracts/Changes.ts"
import * as Extensions from "../../plugins/scheduler/contracts/Extensions.ts"
import { unschedulable } from "../../plugins/scheduler/contracts/Framework.ts"
import * as PrioritySort from "../../plugins/scheduler/plugins/priority-sort/PrioritySort.ts"
import { Queue } from "../../plugins/scheduler/Queue.ts"
import * as Scheduler from "../../plugins/scheduler/Scheduler.ts"
import { at, cluster, when } from "../controllers/Cluster.ts"
import { podOf } from "../controllers/Pods.ts"
import { draftOf } from "./Nodes.ts"

const pod = (name: string, cpu: string, more: Partial<PodSpecDraft> = {}) => ({
  metadata: at(name),
  spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }], ...more }
})
const addNode = Effect.fnUntraced(function* (name: string, cpu: string) {
  const client = yield* Client
  const draft = draftOf(name, { cpu })
  const node = yield* client.create(Node, { metadata: { name, labels: draft.metadata.labels } })
  return yield* client.update(Node, { ...node, status: draft.status }, { subresource: "status" })
})
const nodesOf = (pods: ReadonlyArray<Pod>) =>
  Object.fromEntries(pods.map(({ metadata, spec }) => [metadata.name, spec.nodeName]))

const insufficient =
  "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."

const rested = TestClock.adjust("10 millis")

describe("Scheduler", () => {
  it.effect("binds, refuses with a reason, and tries again when there is room", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("n1", "2")
      yield* client.create(Pod, pod("first", "1500m"))
      yield* rested
      yield* client.create(Pod, pod("second", "1"))
      yield* rested
      const bound = yield* client.get(Pod, at("first"))
      assert.strictEqual(bound.spec.nodeName, "n1")
      const refused = yield* client.get(Pod, at("second"))
      const condition = refused.status.conditions?.find(({ type }) => type === "PodScheduled")
      assert.strictEqual(condition?.reason, "Unschedulable")
      assert.strictEqual(condition?.message, insufficient)
      const events = yield* when(Event, (all) => all.length === 2)
      assert.deepStrictEqual(
        events.map(({ message, reason }) => [reason, message]),
        [
          ["Scheduled", "Successfully assigned default/first to n1"],
          ["FailedScheduling", insufficient]
        ]
      )
      yield* client.delete(Pod, at("first"), { gracePeriodSeconds: 0 })
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* client.get(Pod, at("second"))).spec.nodeName, "n1")
    }).pipe(Effect.provide(cluster(Scheduler.plugin())))
  )

  it.effect("counts what it does under upstream's names", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("n1", "2")
      yield* client.create(Pod, pod("first", "1500m"))
      yield* rested
      yield* client.create(Pod, pod("second", "1"))
      yield* rested
      const seen = (yield* Metric.snapshot).filter(({ id }) => id.startsWith("scheduler_"))
      const label = (one: (typeof seen)[number], name: string) => one.attributes?.[name] ?? ""
      const points = seen.filter(({ id }) => id === "scheduler_framework_extension_point_duration_seconds")
      const at = points.map((one) => `${label(one, "extension_point")} ${label(one, "status")}`)
      assert.includeMembers(at, ["PreFilter Success", "Filter Success", "Reserve Success", "Bind Success"])
      assert.includeMembers(at, ["Filter Unschedulable", "PostFilter Unschedulable"])
      const queues = seen.filter(({ id }) => id === "scheduler_queue_incoming_pods_total")
      const came = queues.map((one) => `${label(one, "event")} ${label(one, "queue")}`)
      assert.includeMembers(came, ["UnschedulablePodAdd active", "ScheduleAttemptFailure unschedulable"])
      assert.isTrue(seen.some(({ id }) => id === "scheduler_preemption_attempts_total"))
    }).pipe(Effect.provide(cluster(Scheduler.plugin())))
  )

  it.effect("leaves alone what is gated or another scheduler's, and takes a Pod when its gates are gone", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("n1", "2")
      yield* client.create(Pod, pod("other", "1", { schedulerName: "mine" }))
      const gated = yield* client.create(Pod, pod("gated", "1", { schedulingGates: [{ name: "wait" }] }))
      yield* rested
      assert.deepStrictEqual(nodesOf(yield* client.list(Pod)), { other: undefined, gated: undefined })
      yield* client.update(Pod, { ...gated, spec: { ...gated.spec, schedulingGates: [] } })
      const pods = yield* when(Pod, (all) => all.some(({ spec }) => spec.nodeName !== undefined))
      assert.deepStrictEqual(nodesOf(pods), { other: undefined, gated: "n1" })
    }).pipe(Effect.provide(cluster(Scheduler.plugin())))
  )

  it.effect("does not give away the same room twice", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* Effect.forEach(["n1", "n2"], (name) => addNode(name, "4"))
      yield* Effect.forEach([...Array(10).keys()], (index) => client.create(Pod, pod(`p${index}`, "1")), { concurrency: 10 })
      const pods = yield* when(Pod, (all) => all.filter(({ spec }) => spec.nodeName).length === 8)
      const count = (node: string) => pods.filter(({ spec }) => spec.nodeName === node).length
      assert.deepStrictEqual([count("n1"), count("n2")], [4, 4])
    }).pipe(Effect.provide(cluster(Scheduler.plugin())))
  )

  it.effect("asks a filter that was added", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* Effect.forEach(["n1", "n2"], (name) => addNode(name, "4"))
      yield* client.create(Pod, pod("p", "1"))
      const pods = yield* when(Pod, ([one]) => one?.spec.nodeName !== undefined)
      assert.deepStrictEqual(nodesOf(pods), { p: "n2" })
    }).pipe(
      Effect.provide(
        cluster({
          layer: Scheduler.layer().pipe(
            Layer.provide(
              Extensions.Plugins.add({
                name: "NotTheFirst",
                preFilter: () => ({ filter: ({ name }) => (name === "n1" ? unschedulable("not this one") : undefined) })
              })
            ),
            Layer.provide(Extensions.layer)
          )
        })
      )
    )
  )

  it.effect("goes on when a plugin throws, and says what it said", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("n1", "4")
      yield* client.create(Pod, pod("bad", "1"))
      yield* rested
      const { status } = yield* client.get(Pod, at("bad"))
      const condition = status.conditions?.find(({ type }) => type === "PodScheduled")
      assert.deepStrictEqual([condition?.reason, condition?.message], ["SchedulerError", "this one is bad"])
      yield* client.create(Pod, pod("good", "1"))
      yield* rested
      assert.strictEqual((yield* client.get(Pod, at("good"))).spec.nodeName, "n1")
    }).pipe(
      Effect.provide(
        cluster({
          layer: Scheduler.layer().pipe(
            Layer.provide(
              Extensions.Plugins.add({
                name: "Throws",
                preFilter: ({ pod: { metadata } }) => {
                  if (metadata.name === "bad") throw new Error("this one is bad")
                  return undefined
                }
              })
            ),
            Layer.provide(Extensions.layer)
          )
        })
      )
    )
  )
})

describe("the scheduler in a thread", () => {
  it.live("runs unchanged", () => {
    const module = new URL("../../plugins/scheduler/Scheduler.ts", import.meta.url)
    const isolated: Plugin.Plugin<never, Api> = Worker.isolate(Scheduler.plugin(), module, { needs: [Api] })
    return Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("n1", "4")
      yield* client.create(Pod, pod("p", "1"))
      const pods = yield* when(Pod, ([one]) => one?.spec.nodeName !== undefined)
      assert.deepStrictEqual(nodesOf(pods), { p: "n1" })
    }).pipe(
      Effect.provide(
        Plugin.install(isolated).pipe(
          Layer.provideMerge(ApiClient.layer),
          Layer.provideMerge(Layer.merge(MemoryApi.layer(), Plugin.Host.layer))
        )
      )
    )
  })
})

const hint = onNode(["Add"])
const newQueue = () =>
  new Queue({
    order: PrioritySort.plugin.queueSort ?? (() => 0),
    gate: ({ spec }) => (spec.schedulingGates?.length ? "SchedulingGates" : undefined),
    helps: (pod, by, change) => by.has("Node") && helps(hint, pod, change)
  })
const nothing: ReadonlySet<string> = new Set()
const byNode = new Set(["Node"])
const added: Change = { kind: "Node", actions: ["Add"] }

describe("the queue", () => {
  const named = (queue: Queue) => queue.pop()?.pod.metadata.name
  it("gives what has the highest priority, and then what waits longest", () => {
    const queue = newQueue()
    for (const [name, priority] of [
      ["a", 0],
      ["b", 10],
      ["c", 10]
    ] as const)
      queue.add(podOf({ name, spec: { priority } }), 0)
    assert.deepStrictEqual([named(queue), named(queue), named(queue), named(queue)], ["b", "c", "a", undefined])
  })

  it("backs off from failure to failure, and waits for what may help", () => {
    const queue = newQueue()
    queue.add(podOf({ name: "a" }), 0)
    const take = () => queue.pop() ?? assert.fail("nothing to take")
    queue.failed(take(), nothing, 0)
    assert.strictEqual(queue.flush(0), 1000)
    queue.flush(1000)
    queue.failed(take(), nothing, 1000)
    assert.strictEqual(queue.flush(1000), 3000)
    queue.flush(3000)
    queue.failed(take(), byNode, 3000)
    queue.happened({ kind: "Node", actions: ["UpdateLabels"] }, 100_000)
    assert.deepStrictEqual(queue.sizes(), { active: 0, backoff: 0, unschedulable: 1, gated: 0 })
    queue.happened(added, 100_000)
    assert.deepStrictEqual(queue.sizes(), { active: 1, backoff: 0, unschedulable: 0, gated: 0 })
  })

  it("remembers what happened while a Pod was tried", () => {
    const queue = newQueue()
    queue.add(podOf({ name: "a" }), 0)
    queue.add(podOf({ name: "b" }), 0)
    queue.happened(added, 0)
    const [a, b] = [queue.pop(), queue.pop()]
    if (a === undefined || b === undefined) return assert.fail("nothing to take")
    queue.failed(a, byNode, 0)
    assert.deepStrictEqual(queue.sizes(), { active: 0, backoff: 0, unschedulable: 1, gated: 0 })
    queue.happened(added, 0)
    queue.failed(b, byNode, 0)
    assert.deepStrictEqual(queue.sizes(), { active: 0, backoff: 2, unschedulable: 0, gated: 0 })
  })

  it("keeps out what a plugin keeps out, until that is over", () => {
    const queue = newQueue()
    queue.add(podOf({ name: "a", spec: { schedulingGates: [{ name: "g" }] } }), 0)
    queue.happened(added, 0)
    assert.strictEqual(queue.flush(600_000), undefined)
    assert.deepStrictEqual(queue.sizes(), { active: 0, backoff: 0, unschedulable: 0, gated: 1 })
    queue.add(podOf({ name: "a" }), 0)
    assert.deepStrictEqual(queue.sizes(), { active: 1, backoff: 0, unschedulable: 0, gated: 0 })
  })

  it("tries again after five minutes what nothing helped", () => {
    const queue = newQueue()
    queue.add(podOf({ name: "a" }), 0)
    const tried = queue.pop()
    if (tried) queue.failed(tried, byNode, 0)
    assert.strictEqual(queue.flush(0), 300_000)
    queue.flush(300_000)
    assert.strictEqual(named(queue), "a")
  })
})
