/** A plugin that dies is started again with back-off, wherever it runs, and its state can be read. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Schedule, SubscriptionRef } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as ReplicaSetController from "../../plugins/controllers/replicaset/ReplicaSet.ts"
import { ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import * as Levels from "./Levels.ts"
import { Maker, Names } from "./Needy.ts"

const state = Effect.fnUntraced(function* (name: string) {
  const { states } = yield* Plugin.Host
  return (yield* SubscriptionRef.get(states)).find((state) => state.name === name)
})

/** Counts its starts; dies when told to, and cannot start while it is broken. */
const mortal = () => {
  const control = { starts: 0, closed: 0, isBroken: false, kill: Effect.void as Effect.Effect<unknown> }
  const make = Effect.gen(function* () {
    control.starts++
    if (control.isBroken) return yield* Effect.fail("broken")
    const end = yield* Deferred.make<never, string>()
    control.kill = Deferred.fail(end, "killed")
    yield* Plugin.background(Deferred.await(end))
    yield* Effect.addFinalizer(() => Effect.sync(() => control.closed++))
    return { next: () => Effect.succeed(`${control.starts}`) }
  })
  return { control, plugin: Plugin.make({ name: "mortal", offers: [Names], layer: Layer.effect(Names, make) }) }
}

describe("in the process", () => {
  it.effect("it is started again, later and later as long as it fails", () => {
    const { control, plugin } = mortal()
    return Effect.gen(function* () {
      const names = yield* Names
      assert.deepInclude(yield* state("mortal"), { state: "running", restarts: 0, offers: ["test/Names 1.0.0"] })
      control.isBroken = true
      yield* control.kill
      yield* TestClock.adjust("10 millis")
      assert.strictEqual(control.closed, 1)
      assert.deepInclude(yield* state("mortal"), { state: "restarting", reason: "killed" })
      assert.deepInclude(yield* Effect.flip(names.next()), { _tag: "Unavailable", applied: "no" })
      yield* TestClock.adjust("10 seconds")
      assert.isAtLeast(control.starts, 6)
      assert.isAtMost(control.starts, 9)
      control.isBroken = false
      yield* TestClock.adjust("1 minute")
      const { starts } = control
      assert.deepInclude(yield* state("mortal"), { state: "running", restarts: 1 })
      assert.strictEqual(yield* names.next(), `${starts}`)
      yield* TestClock.adjust("10 minutes")
      yield* control.kill
      yield* TestClock.adjust("1 second")
      assert.strictEqual(control.starts, starts + 1, "who ran for long is started again at once")
    }).pipe(Effect.provide(Layer.provideMerge(Plugin.install(plugin), Plugin.Host.layer)))
  })

  it.effect("it ends with the layer that has installed it, also while it waits to be started again", () => {
    const { control, plugin } = mortal()
    return Effect.gen(function* () {
      yield* Effect.scoped(Layer.build(Plugin.install(plugin)))
      assert.deepStrictEqual([control.closed, yield* state("mortal")], [1, undefined])
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(Plugin.install(plugin))
          yield* control.kill
          yield* TestClock.adjust("10 millis")
        })
      )
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual([control.starts, yield* state("mortal")], [2, undefined])
    }).pipe(Effect.provide(Plugin.Host.layer))
  })

  it.effect("what offers an older version than the one in use is refused, with the reason", () => {
    class Older extends Contract.make<Older>()("test/Names", { version: "0.9.0", laws: {} }) {}
    const older = Plugin.make({ name: "older", offers: [Older], layer: Layer.succeed(Older, {}) })
    return Effect.gen(function* () {
      const host = yield* Plugin.Host
      const { cause } = yield* Effect.flip(host.start(older))
      assert.deepInclude(cause, { _tag: "VersionSkew", wanted: "1.0.0", offered: "0.9.0" })
      assert.deepInclude(yield* state("older"), { state: "failed", reason: "test/Names: wanted 1.0.0, offered 0.9.0" })
      assert.strictEqual(yield* (yield* Names).next(), "1")
    }).pipe(Effect.provide(Layer.provideMerge(Plugin.install(mortal().plugin), Plugin.Host.layer)))
  })
})

for (const { how, isolation, lacks, title } of Levels.all)
  describe.skipIf(lacks.length > 0)(title, () => {
    const names = Layer.sync(Names, () => {
      let count = 0
      return { next: () => Effect.sync(() => `name-${++count}`) }
    })

    it.live("a plugin is given what it needs and its options, and what it offers is served", () => {
      const options = { namespace: "apart" }
      const module = new URL("./Needy.ts", import.meta.url)
      const isolated = Isolate.run({ name: "maker", module, options, offers: [Maker], needs: [Api, Names], ...how })
      return Effect.gen(function* () {
        const { die, make } = yield* Maker
        const api = yield* Api
        assert.strictEqual(yield* make(), "name-1: 1")
        const at = { group: "", version: "v1", resource: "configmaps", namespace: "apart" }
        assert.strictEqual((yield* api.list(at)).items.length, 1)
        assert.deepInclude(yield* state("maker"), { state: "running", isolation })
        assert.strictEqual((yield* Effect.flip(die()))._tag, "Unavailable")
        const again = Effect.retry(make(), { times: 2500, schedule: Schedule.spaced("20 millis") })
        assert.strictEqual(yield* again, "name-2: 2")
        assert.deepInclude(yield* state("maker"), { state: "running", restarts: 1 })
      }).pipe(
        Effect.provide(
          Plugin.install(isolated).pipe(Layer.provideMerge(Layer.mergeAll(MemoryApi.layer(), names, Plugin.Host.layer)))
        )
      )
    })

    it.live("a controller runs unchanged", () => {
      const module = new URL("../../plugins/controllers/replicaset/ReplicaSet.ts", import.meta.url)
      const { name } = ReplicaSetController.plugin
      const isolated: Plugin.Plugin<never, Api> = Isolate.run({ name, module, offers: [], needs: [Api], isolation })
      const at = { name: "web", namespace: "default" }
      const labels = { app: "web" }
      return Effect.gen(function* () {
        const client = yield* Client
        const spec = { containers: [{ name: "web", image: "web" }] }
        const template = { metadata: { labels }, spec }
        yield* client.create(ReplicaSet, {
          metadata: at,
          spec: { replicas: 3, selector: { matchLabels: labels }, template }
        })
        const pods = client.list(Pod, { namespace: "default" })
        const all = yield* Effect.repeat(pods, {
          schedule: Schedule.spaced("20 millis"),
          until: ({ length }) => length === 3
        })
        assert.isTrue(all.every(({ metadata }) => metadata.ownerReferences?.[0]?.name === "web"))
      }).pipe(
        Effect.timeout("40 seconds"),
        Effect.provide(
          Plugin.install(isolated).pipe(
            Layer.provideMerge(ApiClient.layer),
            Layer.provideMerge(Layer.merge(MemoryApi.layer(), Plugin.Host.layer))
          )
        )
      )
    })
  })
