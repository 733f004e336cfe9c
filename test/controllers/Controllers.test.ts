/** The runner and the recorder: what a controller may rely on. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../kernel/client/Client.ts"
import { Conflict } from "../../kernel/client/Errors.ts"
import { type Key, keyOf } from "../../kernel/resource/Kind.ts"
import * as Controllers from "../../plugins/controllers/contracts/Controllers.ts"
import * as Metrics from "../../plugins/controllers/contracts/Metrics.ts"
import { ConfigMap, Event, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import * as EventRecorder from "../../plugins/resources/contracts/EventRecorder.ts"
import { at, cluster, when } from "./Cluster.ts"
import { podOf } from "./Pods.ts"

type Reconcile = (key: Key) => Effect.Effect<Controllers.Outcome, Conflict>

const running = (reconcile: Reconcile, concurrency = 4) =>
  cluster({
    layer: Layer.effectDiscard(
      Effect.gen(function* () {
        const maps = yield* (yield* Client).cache(ConfigMap, { indexes: {} })
        yield* Controllers.run({ name: "test", triggers: [Controllers.each(maps)], concurrency, reconcile })
      })
    )
  })

const make = (name: string, data: { readonly [key: string]: string } = {}) =>
  Effect.flatMap(Client, (client) => client.create(ConfigMap, { metadata: at(name), data }))
const rested = TestClock.adjust("1 millis")

describe("the runner", () => {
  it.effect("runs a key once at a time, and again for what happened meanwhile", () => {
    const runs: Array<string> = []
    let now = 0
    let most = 0
    const reconcile: Reconcile = ({ name }) =>
      Effect.gen(function* () {
        most = Math.max(most, ++now)
        yield* Effect.sleep("1 second")
        now--
        runs.push(name)
      })
    return Effect.gen(function* () {
      const client = yield* Client
      yield* make("a")
      yield* rested
      for (const value of ["1", "2", "3"]) {
        const map = yield* client.get(ConfigMap, at("a"))
        yield* client.update(ConfigMap, { ...map, data: { value } })
      }
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(runs, ["a", "a"])
      assert.strictEqual(most, 1)
    }).pipe(Effect.provide(running(reconcile)))
  })

  it.effect("backs off from failure to failure, and forgets them after a success", () => {
    const times: Array<number> = []
    const reconcile: Reconcile = () =>
      Effect.gen(function* () {
        times.push(yield* Effect.clockWith((clock) => clock.currentTimeMillis))
        if (times.length < 4) yield* new Conflict({ group: "", resource: "", namespace: "", name: "", detail: "" })
      })
    return Effect.gen(function* () {
      yield* make("a")
      yield* TestClock.adjust("1 second")
      const [first = 0] = times
      assert.deepStrictEqual(
        times.map((time) => time - first),
        [0, 10, 30, 70]
      )
      assert.isAtLeast((yield* Metric.value(Metrics.retries("test"))).count, 3)
    }).pipe(Effect.provide(running(reconcile)))
  })

  it.effect("looks again when it is asked to, at the earliest of the times", () => {
    let runs = 0
    const reconcile: Reconcile = () => Effect.sync(() => Controllers.again(runs++ === 0 ? "10 seconds" : "1 hour"))
    return Effect.gen(function* () {
      yield* make("a")
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(runs, 1)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(runs, 2)
    }).pipe(Effect.provide(running(reconcile)))
  })

  it.effect("leaves a key alone for a while that has looked through many, and gathers what happens", () => {
    const runs: Array<string> = []
    const reconcile: Reconcile = ({ name }) =>
      Effect.sync(() => {
        runs.push(name)
        return Controllers.after(name === "large" ? 10_000 : 10)
      })
    const change = Effect.fnUntraced(function* (name: string, value: string) {
      const client = yield* Client
      const map = yield* client.get(ConfigMap, at(name))
      yield* client.update(ConfigMap, { ...map, data: { value } })
      yield* rested
    })
    return Effect.gen(function* () {
      yield* make("large")
      yield* make("small")
      yield* rested
      for (const value of ["1", "2", "3"]) {
        yield* change("large", value)
        yield* change("small", value)
      }
      assert.deepStrictEqual(runs, ["large", "small", "small", "small", "small"])
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(runs.slice(5), ["large"])
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(runs.length, 6)
    }).pipe(Effect.provide(running(reconcile, 1)))
  })

  it.effect("tells the keys that an object concerned before it changed", () => {
    const seen: Array<string> = []
    const layer = cluster({
      layer: Layer.effectDiscard(
        Effect.gen(function* () {
          const maps = yield* (yield* Client).cache(ConfigMap, { indexes: {} })
          const named = Controllers.on(maps, ({ data = {} }) => [{ namespace: "", name: data["of"] ?? "" }])
          const reconcile: Reconcile = ({ name }) => Effect.sync(() => void seen.push(name))
          yield* Controllers.run({ name: "test", triggers: [named], reconcile })
        })
      )
    })
    return Effect.gen(function* () {
      const client = yield* Client
      const map = yield* make("a", { of: "old" })
      yield* rested
      yield* client.update(ConfigMap, { ...map, data: { of: "new" } })
      yield* rested
      assert.deepStrictEqual(seen, ["old", "old", "new"])
      yield* client.delete(ConfigMap, keyOf(map))
      yield* rested
      assert.deepStrictEqual(seen.slice(3), ["new"])
    }).pipe(Effect.provide(layer))
  })
})

describe("the recorder", () => {
  const about = { kind: Pod, object: podOf({ name: "p" }), type: "Normal", reason: "Started", message: "a" } as const

  it.effect("counts equal events for ten minutes, and begins anew after them", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const record = yield* EventRecorder.make({ component: "kubelet", host: "n1" })
      yield* record(about)
      yield* rested
      yield* TestClock.adjust("1 minute")
      yield* record(about)
      yield* record({ ...about, message: "b" })
      yield* rested
      const events = (yield* client.list(Event)).toSorted((a, b) => ((a.message ?? "") < (b.message ?? "") ? -1 : 1))
      assert.deepStrictEqual(
        events.map(({ count, message }) => [message, count]),
        [
          ["a", 2],
          ["b", 1]
        ]
      )
      assert.match(events[0]?.metadata.name ?? "", /^p\.[0-9a-f]+$/)
      assert.deepStrictEqual(events[0]?.source, { component: "kubelet", host: "n1" })
      assert.strictEqual(events[0]?.lastTimestamp, "1970-01-01T00:01:00Z")
      yield* TestClock.adjust("11 minutes")
      yield* record(about)
      yield* rested
      assert.strictEqual((yield* client.list(Event)).length, 3)
    }).pipe(Effect.scoped, Effect.provide(cluster()))
  )

  it.effect("lets no object flood the cluster", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const record = yield* EventRecorder.make({ component: "kubelet" })
      yield* Effect.forEach([...Array(100).keys()], (index) => record({ ...about, message: `${index}` }))
      yield* when(Event, (all) => all.length === 25)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* client.list(Event)).length, 25)
    }).pipe(Effect.scoped, Effect.provide(cluster()))
  )
})
