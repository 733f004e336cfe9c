/** The typed client on the contract `Api`: caches show what was written, and come back when their watch is lost. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { ConfigMap, Pod } from "../../plugins/resources/contracts/core/v1.ts"

const key = (name: string) => ({ namespace: "default", name })
const map = (name: string, labels = { app: "web" }) => ({ metadata: { ...key(name), labels }, data: { value: "1" } })
const byApp = { app: ({ metadata }: ConfigMap) => [metadata.labels?.["app"] ?? ""] }

/** Counts its watches, and can lose them or keep back what they say. */
const tampered = () => {
  const honest = MemoryApi.make()
  const state = { watches: 0, isDown: false, isMute: false, lose: () => {} }
  const lost = new Unavailable({ contract: Api.key, applied: "no", cause: "lost" })
  const watch: Api["Service"]["watch"] = (selection) =>
    Stream.suspend(() => {
      state.watches++
      if (state.isDown) return Stream.fail(lost)
      const ended = Effect.callback<never, Unavailable>((end) => {
        state.lose = () => end(Effect.fail(lost))
      })
      const events = Stream.filter(honest.watch(selection), () => !state.isMute)
      return Stream.interruptWhen(events, ended)
    })
  return { state, layer: Layer.provide(ApiClient.layer, Layer.succeed(Api, { ...honest, watch })) }
}

it.effect("a write is in every open cache that it belongs to when it resolves", () => {
  const { layer, state } = tampered()
  return Effect.gen(function* () {
    const client = yield* Client
    const all = yield* client.cache(ConfigMap, { indexes: byApp })
    const again = yield* client.cache(ConfigMap, { indexes: {} })
    const other = yield* client.cache(ConfigMap, { indexes: {}, selection: { labelSelector: "app=other" } })
    assert.strictEqual(state.watches, 2, "one watch for each selection")
    const made = yield* client.create(ConfigMap, map("a"))
    assert.deepStrictEqual(all.get(key("a")), made)
    assert.deepStrictEqual(again.all(), [made])
    assert.deepStrictEqual(other.all(), [])
    const moved = yield* client.update(ConfigMap, { ...made, metadata: { ...made.metadata, labels: { app: "other" } } })
    assert.deepStrictEqual(other.all(), [moved])
    assert.deepStrictEqual([all.by("app", "web"), all.by("app", "other")], [[], [moved]])
    yield* client.patch(ConfigMap, key("a"), "merge", { metadata: { labels: null } })
    assert.deepStrictEqual(other.all(), [])
    yield* client.delete(ConfigMap, key("a"))
    assert.deepStrictEqual(all.all(), [])
    assert.isTrue(Option.isNone(yield* client.find(ConfigMap, key("a"))))
    assert.strictEqual((yield* Effect.flip(client.get(ConfigMap, key("a"))))._tag, "NotFound")
  }).pipe(Effect.scoped, Effect.provide(layer))
})

it.effect("a watch ends with the last who uses its cache", () => {
  const { layer, state } = tampered()
  return Effect.gen(function* () {
    const client = yield* Client
    const cache = client.cache(ConfigMap, { indexes: {} })
    yield* Effect.scoped(Effect.andThen(cache, cache))
    yield* Effect.scoped(cache)
    assert.strictEqual(state.watches, 2)
  }).pipe(Effect.provide(layer))
})

it.effect("a lost watch is begun anew with back-off, and tells what was missed", () => {
  const { layer, state } = tampered()
  return Effect.gen(function* () {
    const client = yield* Client
    const cache = yield* client.cache(ConfigMap, { indexes: byApp })
    yield* client.create(ConfigMap, map("a"))
    state.isDown = true
    state.lose()
    yield* TestClock.adjust("1 minute")
    assert.isBelow(state.watches, 20)
    const write = yield* Effect.forkChild(client.create(ConfigMap, map("b")))
    yield* TestClock.adjust("1 second")
    assert.strictEqual(cache.all().length, 1, "what was known stays readable")
    state.isDown = false
    yield* TestClock.adjust("30 seconds")
    yield* Fiber.join(write)
    assert.deepStrictEqual(
      cache.by("app", "web").map(({ metadata }) => metadata.name),
      ["a", "b"]
    )
  }).pipe(Effect.scoped, Effect.provide(layer))
})

it.effect("a write goes on after ten seconds when a cache does not show it", () => {
  const { layer, state } = tampered()
  return Effect.gen(function* () {
    const client = yield* Client
    const cache = yield* client.cache(ConfigMap, { indexes: {} })
    state.isMute = true
    const write = yield* Effect.forkChild(client.create(ConfigMap, map("a")))
    yield* TestClock.adjust("9 seconds")
    assert.isUndefined(write.pollUnsafe())
    yield* TestClock.adjust("1 second")
    yield* Fiber.join(write)
    assert.deepStrictEqual(cache.all(), [])
  }).pipe(Effect.scoped, Effect.provide(layer))
})

it.effect("readers find defaults filled in", () => {
  const { layer } = tampered()
  return Effect.gen(function* () {
    const client = yield* Client
    const spec = { containers: [{ name: "a", image: "b" }] }
    const pod = yield* client.create(Pod, { metadata: key("a"), spec })
    assert.strictEqual(pod.spec.restartPolicy, "Always")
    assert.strictEqual(pod.spec.containers[0]?.terminationMessagePath, "/dev/termination-log")
    assert.strictEqual(pod.status.phase, "Pending")
  }).pipe(Effect.provide(layer))
})
