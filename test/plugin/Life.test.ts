/** The life of plugins: circuits and fallbacks, swaps with a hand-over, roll-backs, order of starting, what calls cost. */
import { assert, it } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, SubscriptionRef } from "effect"
import { TestClock } from "effect/testing"
import * as Handover from "../../conformance/Handover.ts"
import * as Contract from "../../kernel/plugin/Contract.ts"
import { Handover as Contracted } from "../../kernel/plugin/Handover.ts"
import * as Meter from "../../kernel/plugin/Meter.ts"
import { order } from "../../kernel/plugin/Order.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { sabotage, verify } from "../Verify.ts"
import { Names } from "./Needy.ts"

const state = Effect.fnUntraced(function* (name = "names") {
  const { states } = yield* Plugin.Host
  return (yield* SubscriptionRef.get(states)).find((state) => state.name === name)
})

/** Says its name, and dies when it is told to. */
const mortal = (says: string, life: Plugin.Life = {}) => {
  const control = { kill: Effect.void as Effect.Effect<unknown>, starts: 0, isBroken: false, throws: false }
  const next = Effect.suspend(() => (control.throws ? Effect.die("thrown") : Effect.succeed(says)))
  const make = Effect.gen(function* () {
    control.starts++
    if (control.isBroken) return yield* Effect.fail("broken")
    const end = yield* Deferred.make<never, string>()
    control.kill = Deferred.fail(end, "killed")
    yield* Plugin.background(Deferred.await(end))
    return { next: () => next }
  })
  const layer = Layer.effect(Names, make)
  return { control, plugin: Plugin.make({ name: "names", offers: [Names], life, layer }) }
}
const kill = (control: { readonly kill: Effect.Effect<unknown> }, millis = 200) =>
  Effect.andThen(
    Effect.suspend(() => control.kill),
    TestClock.adjust(millis)
  )
const started = <Offers>(plugin: Plugin.Plugin<Offers, never>) =>
  Layer.provideMerge(Plugin.install(plugin), Plugin.Host.layer)

it.effect("what dies too often is left alone, its fallback serves meanwhile, and it is tried again", () => {
  const fallback = Plugin.make({
    name: "spare",
    offers: [Names],
    layer: Layer.succeed(Names, { next: () => Effect.succeed("spare") })
  })
  const { control, plugin } = mortal("first", { circuit: { deaths: 3, restMillis: 30_000 }, fallback })
  return Effect.gen(function* () {
    const names = yield* Names
    yield* kill(control)
    yield* kill(control, 400)
    assert.deepInclude(yield* state(), { state: "running", restarts: 2 })
    yield* kill(control)
    const open = yield* state()
    assert.strictEqual(open?.state, "open")
    assert.match(
      open?.reason ?? "",
      /^the circuit is open: it died 3 times in a row, at last: killed; spare serves in its place$/
    )
    assert.strictEqual(yield* names.next(), "spare")
    const { starts } = control
    yield* TestClock.adjust("29 seconds")
    assert.strictEqual(control.starts, starts, "it is left alone")
    yield* TestClock.adjust("10 seconds")
    assert.deepInclude(yield* state(), { state: "running", restarts: 3 })
    assert.strictEqual(yield* names.next(), "first")
    yield* kill(control)
    assert.strictEqual((yield* state())?.state, "open", "one more death opens it again")
  }).pipe(Effect.provide(started(plugin)))
})

it.effect("what leaves calls without an answer is dead after as many as its life says", () => {
  const { control, plugin } = mortal("first", { failures: 5 })
  return Effect.gen(function* () {
    const names = yield* Names
    const host = yield* Plugin.Host
    yield* names.next()
    control.throws = true
    for (let call = 0; call < 5; call++) yield* Effect.flip(names.next())
    yield* TestClock.adjust("10 millis")
    assert.deepInclude(yield* state(), { state: "restarting", reason: "it left 5 calls in a row without an answer" })
    assert.deepInclude(host.meter("names"), { calls: 6, errors: 5 })
  }).pipe(Effect.provide(started(plugin)))
})

it.effect("what is swapped in and dies within its window is rolled back; what lives longer is started again", () => {
  const [first, second, third] = [mortal("first"), mortal("second"), mortal("third")]
  return Effect.gen(function* () {
    const host = yield* Plugin.Host
    const names = yield* Names
    yield* host.swap(second.plugin, "1 minute")
    assert.strictEqual(yield* names.next(), "second")
    yield* kill(second.control)
    assert.strictEqual(yield* names.next(), "first")
    assert.deepInclude(yield* state(), { state: "running", reason: "rolled back: killed" })
    yield* host.swap(third.plugin, "1 minute")
    yield* TestClock.adjust("2 minutes")
    yield* kill(third.control)
    assert.strictEqual(yield* names.next(), "third")
    const broken = mortal("broken")
    broken.control.isBroken = true
    yield* Effect.flip(host.swap(broken.plugin, "1 minute"))
    assert.strictEqual(yield* names.next(), "third", "what does not start takes nobody's place")
    yield* host.stop(third.plugin)
    assert.isUndefined(yield* state())
  }).pipe(Effect.provide(started(first.plugin)))
})

it.effect("who takes what it offers is told when it comes, goes, and comes back", () => {
  const said: Array<string> = []
  const takes = (name: string, isRefused = false): Plugin.Life => ({
    health: { errors: 0.25, calls: 8 },
    taken: (_, before = Context.makeUnsafe<unknown>(new Map())) =>
      Effect.gen(function* () {
        const replaced = Context.getOption(before, Names)
        if (replaced._tag === "Some") said.push(`${yield* replaced.value.next()}, until now`)
        if (isRefused) return yield* Effect.fail("nobody takes it")
        yield* Effect.acquireRelease(
          Effect.sync(() => said.push(`+${name}`)),
          () => Effect.sync(() => said.push(`-${name}`))
        )
      })
  })
  const [first, second, third] = [
    mortal("first", takes("first")),
    mortal("second", takes("second")),
    mortal("third", takes("", true))
  ]
  return Effect.gen(function* () {
    const host = yield* Plugin.Host
    const names = yield* Names
    yield* host.swap(second.plugin, "1 minute")
    assert.deepStrictEqual(said, ["+first", "first, until now", "+second", "-first"])
    const { cause } = yield* Effect.flip(host.swap(third.plugin, "1 minute"))
    assert.strictEqual(cause, "nobody takes it")
    assert.strictEqual(yield* names.next(), "second", "what nobody takes takes nobody's place")
    for (let call = 0; call < 5; call++) yield* names.next()
    second.control.throws = true
    for (let call = 0; call < 3; call++) yield* Effect.flip(names.next())
    yield* TestClock.adjust("10 millis")
    assert.strictEqual((yield* state())?.reason, "rolled back: it left 3 of 9 calls without an answer")
    assert.strictEqual(yield* names.next(), "first")
    assert.deepStrictEqual(said.slice(5), ["+first", "-second"])
    yield* host.stop(second.plugin)
    assert.deepStrictEqual(said.slice(7), ["-first"])
  }).pipe(Effect.provide(started(first.plugin)))
})

/** Counts, and hands its count over. */
const counter = (isDeaf = false) => {
  const make = Effect.sync(() => {
    let count = 0
    const imports = Effect.fail(new Contract.Unavailable({ contract: Contracted.key, applied: "no", cause: "deaf" }))
    return Layer.merge(
      Layer.succeed(Names, { next: () => Effect.sync(() => `${++count}`) }),
      Layer.succeed(Contracted, {
        export: () => Effect.sync(() => new TextEncoder().encode(`${count}`)),
        import: ({ state }) => (isDeaf ? imports : Effect.sync(() => void (count = Number(new TextDecoder().decode(state)))))
      })
    )
  })
  return Plugin.make({ name: "names", offers: [Names, Contracted], layer: Layer.unwrap(make) })
}

verify("a counter", Handover.suite, counter().layer)
sabotage(Handover.suite, counter().layer)

it.effect("a swap hands the state over, and does not happen when it cannot", () =>
  Effect.gen(function* () {
    const host = yield* Plugin.Host
    const names = yield* Names
    assert.strictEqual(yield* names.next(), "1")
    yield* host.swap(counter(), "1 minute")
    assert.strictEqual(yield* names.next(), "2")
    const { cause } = yield* Effect.flip(host.swap(counter(true), "1 minute"))
    assert.deepInclude(cause, { _tag: "Unavailable", contract: "kernel/Handover" })
    assert.strictEqual(yield* names.next(), "3")
  }).pipe(Effect.provide(started(counter())))
)

it.effect("plugins start after those that offer what they need; a cycle is refused by its names", () =>
  Effect.gen(function* () {
    const plugin = (name: string, needs: ReadonlyArray<string>) => ({ name, offers: [name.toUpperCase()], needs })
    const sorted = yield* order([plugin("a", ["B", "ELSEWHERE"]), plugin("c", []), plugin("b", ["C"])])
    assert.deepStrictEqual(
      sorted.map(({ name }) => name),
      ["c", "b", "a"]
    )
    const { message } = yield* Effect.flip(
      order([plugin("x", ["A"]), plugin("a", ["B"]), plugin("b", ["C"]), plugin("c", ["A"])])
    )
    assert.strictEqual(message, "plugins need each other: a needs b, b needs c, c needs a")
  })
)

it("a meter tells reasons apart, as long as there are not too many", () => {
  const meter = Meter.make()
  for (let call = 0; call < 100; call++) meter.count(1, false, new Error(call < 10 ? "EACCES" : `call ${call}`))
  const counts = Array.from(meter.read().reasons, ([words, { count }]) => [words, count] as const)
  assert.deepStrictEqual(counts[0], ["EACCES", 10])
  assert.deepStrictEqual(counts.at(-1), ["other reasons", 75])
})

it("a meter tells rate and 99th percentile of the last seconds, to a quarter of a doubling", () => {
  let now = 0
  const meter = Meter.make(undefined, () => now)
  for (let call = 0; call < 1000; call++) {
    now += 4
    meter.count(call % 50 === 0 ? 20 : 0.1, call % 100 !== 0)
  }
  const { callsPerSecond, p99, ...rest } = meter.read()
  assert.deepStrictEqual(rest, { calls: 1000, errors: 10, reasons: new Map() })
  assert.closeTo(callsPerSecond, 250, 1)
  assert.isAtLeast(p99, 20)
  assert.isAtMost(p99, 25)
  now += 60_000
  assert.deepStrictEqual(meter.read(), { ...rest, callsPerSecond: 0, p99: 0 })
  for (let micros = 0; micros < 100_000; micros += 7) assert.isTrue(Meter.ceilingOf(Meter.bucketOf(micros)) > micros)
})
