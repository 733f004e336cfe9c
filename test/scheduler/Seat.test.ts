/** Who of several schedulers is told to lead: one rests before the next one leads, also if both are versions of one package. */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Latch, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Scheduler } from "../../plugins/scheduler/contracts/Scheduler.ts"
import * as Seat from "../../plugins/scheduler/seat/Seat.ts"

const make = Effect.gen(function* () {
  const seat = yield* Seat.Seat
  const said: Array<string> = []
  const say = (words: string) => Effect.sync(() => void said.push(words))
  /** A version of one package, which takes the seat as packages do. `describes`: when it answers. */
  const version = (name: string, describes: Effect.Effect<unknown, Contract.Unavailable> = Effect.void) => {
    const service = Scheduler.of({
      describe: () => Effect.as(describes, { schedulerNames: [] }),
      lead: () => say(`${name} leads`),
      rest: () => say(`${name} rests`)
    })
    const life: Plugin.Life = {
      taken: (handles, before = Context.makeUnsafe<unknown>(new Map())) =>
        seat.take(
          { name: "ours", scheduler: Context.getUnsafe(handles, Scheduler), fallback: "Fail" },
          Option.getOrUndefined(Context.getOption(before, Scheduler))
        )
    }
    return Plugin.make({ name: "ours", offers: [Scheduler], life, layer: Layer.succeed(Scheduler, service) })
  }
  const heard = Effect.sync(() => said.splice(0))
  return { host: yield* Plugin.Host, version, heard }
})
const around = Layer.merge(Seat.layer, Plugin.Host.layer)

it.effect("a version rests before the next one leads", () =>
  Effect.gen(function* () {
    const { heard, host, version } = yield* make
    yield* host.start(version("first"))
    assert.deepStrictEqual(yield* heard, ["first leads"])
    const asked = Latch.makeUnsafe()
    const slow = version("second", asked.await)
    const swap = yield* Effect.forkChild(host.swap(slow, "1 minute"))
    yield* TestClock.adjust("6 seconds")
    assert.deepStrictEqual(yield* heard, ["first leads"], "until it has answered, it is told nothing")
    yield* asked.open
    yield* TestClock.adjust("10 millis")
    assert.isDefined(swap.pollUnsafe())
    assert.deepStrictEqual(yield* heard, ["first rests", "second leads"])
    yield* TestClock.adjust("6 seconds")
    assert.deepStrictEqual(yield* heard, ["second leads"])
  }).pipe(Effect.provide(around))
)

it.effect("one that does not answer takes nobody's place", () =>
  Effect.gen(function* () {
    const { heard, host, version } = yield* make
    yield* host.start(version("first"))
    const deaf = new Contract.Unavailable({ contract: Scheduler.key, applied: "no", cause: "deaf" })
    yield* Effect.flip(host.swap(version("second", Effect.fail(deaf)), "1 minute"))
    yield* TestClock.adjust("6 seconds")
    assert.deepStrictEqual(yield* heard, ["first leads", "first leads"])
  }).pipe(Effect.provide(around))
)
