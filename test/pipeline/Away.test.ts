/** What requests meet while the store is away: changes wait for it, readers are told, and what is known goes on being served. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Ref, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../kernel/client/Client.ts"
import * as PipelineClient from "../../kernel/client/PipelineClient.ts"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import * as Pipeline from "../../kernel/pipeline/layer.ts"
import * as Policy from "../../kernel/pipeline/Policy.ts"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import * as Tables from "../../kernel/table/Tables.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"
import { user } from "./Pipeline.ts"

/** `lost`: what it is asked is done, and the answer does not come. `deaf`: answers come, and the feed does not. */
type Weather = "fair" | "gone" | "lost" | "silent" | "deaf"

const away = (applied: "no" | "unknown") => Effect.fail(new Unavailable({ contract: Log.key, applied, cause: "away" }))

const world = Effect.gen(function* () {
  const weather = yield* Ref.make<Weather>("fair")
  const during = <A, E>(call: Effect.Effect<A, E>) =>
    Effect.flatMap(Ref.get(weather), (now): Effect.Effect<A, E | Unavailable> => {
      if (now === "gone") return away("no")
      if (now === "silent") return Effect.never
      return now === "lost" ? Effect.andThen(Effect.exit(call), away("unknown")) : call
    })
  const heard: Effect.Effect<void> = Effect.flatMap(Ref.get(weather), (now) =>
    now === "deaf" ? Effect.andThen(Effect.sleep("100 millis"), heard) : Effect.void
  )
  const flaky = Layer.effect(
    Log,
    Effect.map(Log, (log) =>
      Log.of({
        ...log,
        append: (change) => during(log.append(change)),
        barrier: (of) => during(log.barrier(of)),
        follow: (since) => Stream.mapEffect(log.follow(since), (told) => Effect.as(heard, told))
      })
    )
  )
  const layer = PipelineClient.layer(user).pipe(
    Layer.provideMerge(Pipeline.layer),
    Layer.provideMerge(Layer.effectDiscard(Effect.flatMap(Kinds, (kinds) => kinds.add(ConfigMap)))),
    Layer.provideMerge(Tables.layer),
    Layer.provideMerge(Layer.provide(flaky, MemoryLog.layer)),
    Layer.provideMerge(Layer.mergeAll(Kinds.layer, Policy.layer, Actions.layer))
  )
  return { weather, layer }
})

const draft = (name: string) => ({ metadata: { name, namespace: "default" }, data: { a: name } })
const key = (name: string) => ({ name, namespace: "default" })

const test = (name: string, body: (weather: Ref.Ref<Weather>) => Effect.Effect<void, unknown, Client>) =>
  it.effect(name, () => Effect.flatMap(world, ({ layer, weather }) => Effect.provide(body(weather), layer)))

test("changes wait for a store that comes back, and are made once", (weather) =>
  Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(ConfigMap, draft("there"))
    for (const kind of ["gone", "lost", "silent"] as const) {
      yield* Ref.set(weather, kind)
      const created = yield* Effect.forkChild(client.create(ConfigMap, draft(kind)))
      const removed = yield* Effect.forkChild(Effect.result(client.delete(ConfigMap, key("there"))))
      yield* TestClock.adjust("5 seconds")
      yield* Ref.set(weather, "fair")
      if (kind === "silent") {
        // What was under way has no answer any more, and nobody knows what became of it.
        yield* TestClock.adjust("10 seconds")
        assert.deepInclude(yield* Effect.flip(Fiber.join(created)), { _tag: "Unavailable", applied: "unknown" })
        assert.strictEqual((yield* Fiber.join(removed))._tag, "Failure")
        continue
      }
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(created)).data?.["a"], kind)
      yield* Fiber.join(removed)
      yield* Effect.ignore(client.create(ConfigMap, draft("there")))
    }
  }))

test("when it stays away, a change is refused after ten seconds by what is known of it, and a reader before", (weather) =>
  Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(ConfigMap, draft("there"))
    for (const [kind, applied] of [
      ["gone", "no"],
      ["lost", "unknown"]
    ] as const) {
      yield* Ref.set(weather, kind)
      const created = yield* Effect.forkChild(Effect.flip(client.create(ConfigMap, draft(`new-${kind}`))))
      const read = yield* Effect.forkChild(Effect.flip(client.get(ConfigMap, key("there"))))
      yield* TestClock.adjust("4 seconds")
      assert.deepInclude(yield* Fiber.join(read), { _tag: "Unavailable", applied: "no" })
      assert.isUndefined(created.pollUnsafe())
      yield* TestClock.adjust("7 seconds")
      assert.deepInclude(yield* Fiber.join(created), { _tag: "Unavailable", applied })
    }
    yield* Ref.set(weather, "fair")
    assert.deepStrictEqual((yield* client.list(ConfigMap)).map(({ metadata }) => metadata.name).toSorted(), [
      "new-lost",
      "there"
    ])
  }))

test("a server that does not hear of its own write says that it does not know", (weather) =>
  Effect.gen(function* () {
    const client = yield* Client
    yield* Ref.set(weather, "deaf")
    const created = yield* Effect.forkChild(Effect.flip(client.create(ConfigMap, draft("unheard"))))
    yield* TestClock.adjust("11 seconds")
    assert.deepInclude(yield* Fiber.join(created), { _tag: "Unavailable", applied: "unknown" })
    yield* Ref.set(weather, "fair")
    yield* TestClock.adjust("1 second")
    assert.strictEqual((yield* client.get(ConfigMap, key("unheard"))).data?.["a"], "unheard")
  }))

test("caches and watches that are open go on", (weather) =>
  Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(ConfigMap, draft("there"))
    const cache = yield* client.cache(ConfigMap, { indexes: {} })
    yield* Ref.set(weather, "gone")
    assert.strictEqual(cache.get(key("there"))?.data?.["a"], "there")
    const next = yield* Effect.forkChild(Stream.runHead(cache.changes))
    yield* TestClock.adjust("1 second")
    assert.strictEqual((yield* Fiber.join(next))._tag, "Some")
  }).pipe(Effect.scoped))
