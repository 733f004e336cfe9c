/** A running implementation is replaced under calls, also by one in another thread, and no call fails. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import * as MemoryContainerRuntime from "../../adapters/memory/MemoryContainerRuntime.ts"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Worker from "../../kernel/plugin/Worker.ts"
import { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { Events } from "../../plugins/kubelet/contracts/Events.ts"
import * as Hostile from "./Hostile.ts"

const module = new URL("../../adapters/memory/MemoryContainerRuntime.ts", import.meta.url)
const memory = MemoryContainerRuntime.layer({ network: "given", images: [] })

/** A runtime that takes its time to say its name, and adds it to `closed` in the end. */
const named = (name: string, closed: Array<string>, takes: Effect.Effect<void> = Effect.sleep("5 millis")) => {
  const runtime = Effect.gen(function* () {
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        closed.push(name)
      })
    )
    const about = { name, version: "1.0.0", network: "given", handlers: [] } as const
    return { ...(yield* ContainerRuntime), describe: () => Effect.as(takes, about) }
  })
  const layer = Layer.provideMerge(Layer.effect(ContainerRuntime, runtime), memory)
  return Plugin.make({ name, offers: [ContainerRuntime, Events], layer })
}

const running = <Offers>(plugin: Plugin.Plugin<Offers, never>) =>
  Layer.provideMerge(Plugin.install(plugin), Plugin.Host.layer)

it.live("a swap under calls fails none of them", () => {
  const closed: Array<string> = []
  return Effect.gen(function* () {
    const host = yield* Plugin.Host
    const runtime = yield* ContainerRuntime
    const answers: Array<string> = []
    let calling = true
    const call = Effect.map(runtime.describe(), ({ name }) => {
      assert.notInclude(closed, name)
      answers.push(name)
    })
    const callers = Array.from({ length: 64 }, () => Effect.repeat(call, { while: () => calling }))
    const calls = yield* Effect.forkChild(Effect.all(callers, { concurrency: "unbounded", discard: true }))
    yield* Effect.sleep("20 millis")
    yield* host.start(named("second", closed))
    assert.deepStrictEqual(closed, ["first"])
    yield* Effect.sleep("20 millis")
    yield* host.start(Worker.isolate(MemoryContainerRuntime.plugin, module))
    assert.deepStrictEqual(closed, ["first", "second"])
    yield* Effect.sleep("20 millis")
    calling = false
    yield* Fiber.join(calls)
    assert.deepStrictEqual([...new Set(answers)], ["first", "second", "memory"])
    assert.isAbove(answers.length, 1000)
  }).pipe(Effect.provide(running(named("first", closed))))
})

it.live("what is left after the drain fails with Unavailable, streams too", () => {
  const closed: Array<string> = []
  return Effect.gen(function* () {
    const host = yield* Plugin.Host
    const runtime = yield* ContainerRuntime
    const call = yield* Effect.forkChild(Effect.flip(runtime.describe()))
    const stream = yield* Effect.forkChild(Effect.flip(Stream.runDrain((yield* Events).changes())))
    yield* Effect.sleep("10 millis")
    yield* host.start(named("second", closed), "30 millis")
    assert.deepStrictEqual(closed, ["hangs"])
    for (const failure of [yield* Fiber.join(call), yield* Fiber.join(stream)]) {
      assert.deepInclude(failure, { _tag: "Unavailable", applied: "unknown" })
    }
    assert.strictEqual((yield* runtime.describe()).name, "second")
  }).pipe(Effect.provide(running(named("hangs", closed, Effect.never))))
})

it.live("what is refused does not take the place of what runs", () =>
  Effect.gen(function* () {
    const [wanted, offered] = ["2.99.0", ContainerRuntime.version] as const
    class Newer extends Contract.make<Newer>()("kubelet/ContainerRuntime", { version: wanted, laws: {} }) {}
    const host = yield* Plugin.Host
    const newer = Plugin.make({ name: "newer", offers: [Newer], layer: Layer.succeed(Newer, {}) })
    const { cause } = yield* Effect.flip(host.start(Worker.isolate(newer, module)))
    assert.deepInclude(cause, { _tag: "VersionSkew", wanted, offered })
    assert.strictEqual((yield* (yield* ContainerRuntime).describe()).name, "memory")
  }).pipe(Effect.provide(running(MemoryContainerRuntime.plugin)))
)

it.live(
  "a thread that ends, fails or spins takes its calls with it, and nothing else",
  () => {
    const isolated = Worker.isolate(Hostile.plugin, new URL("./Hostile.ts", import.meta.url))
    return Effect.gen(function* () {
      const host = yield* Plugin.Host
      const hostile = yield* Hostile.Hostile
      for (const way of ["exit", "fail", "spin"] as const) {
        const call = yield* Effect.forkChild(Effect.flip(hostile[way]()))
        if (way === "spin") yield* host.start(isolated, "50 millis")
        assert.deepInclude(yield* Fiber.join(call), { _tag: "Unavailable", applied: "unknown" }, way)
        yield* host.start(isolated)
      }
    }).pipe(Effect.provide(running(isolated)))
  },
  60_000
)
