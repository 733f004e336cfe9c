/** Deadlines, cancellation, back-pressure and streams, across the boundary of each level of isolation. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schedule, Stream } from "effect"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { left } from "../Left.ts"
import * as Far from "./Far.ts"
import * as Levels from "./Levels.ts"
import { Ticker } from "./Ticker.ts"

const module = new URL("./Ticker.ts", import.meta.url)
const megabyte = 1024 ** 2

const near = Levels.all.map(({ how, lacks, title }) => ({ lacks, title, settings: Effect.succeed(how) }))
const far = Far.ways.map(({ at, lacks, title }) => ({
  lacks,
  title: `${title}${left(lacks)}`,
  settings: Effect.map(at({ name: "ticker", module }), ({ remote }) => ({ isolation: "remote" as const, remote }))
}))

for (const { lacks, settings, title } of [...near, ...far]) {
  const isolated = Effect.map(settings, (level) =>
    Plugin.install(
      Isolate.run({ name: "ticker", module, offers: [Ticker], needs: [], budgets: { callMillis: 3000 }, ...level })
    )
  )
  const layer = Layer.provide(Layer.unwrap(isolated), Plugin.Host.layer)
  describe.skipIf(lacks.length > 0)(title, () => {
    it.layer(layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
      const interrupted = (count: number) =>
        Effect.flatMap(Ticker, ({ interrupted }) =>
          Effect.repeat(interrupted(), { schedule: Schedule.spaced("10 millis"), until: (found) => found === count })
        )
      it.effect("a call that its caller gives up is interrupted there; one that takes too long fails, and is as well", () =>
        Effect.gen(function* () {
          const { hang } = yield* Ticker
          const call = yield* Effect.forkChild(hang(), { startImmediately: true })
          yield* Effect.sleep("50 millis")
          yield* Fiber.interrupt(call)
          yield* interrupted(1)
          const late = yield* Effect.flip(hang())
          assert.deepInclude(late, { _tag: "Unavailable", applied: "unknown" })
          assert.match(late.message, /the call took longer than 3000 ms/)
          yield* interrupted(2)
        })
      )
      it.effect("a reader that does not read holds the writer up, by what it would have to keep", () =>
        Effect.gen(function* () {
          const { made, wide } = yield* Ticker
          for (const [bytes, most] of [
            [megabyte, 4],
            [megabyte / 16, 20]
          ] as const) {
            const before = yield* made()
            const slow = wide({ bytes }).pipe(
              Stream.take(2),
              Stream.mapEffect((piece) => Effect.as(Effect.sleep("300 millis"), piece.length))
            )
            assert.deepStrictEqual(yield* Stream.runCollect(slow), [bytes, bytes])
            assert.isAtMost((yield* made()) - before, most)
          }
        })
      )
      it.effect("a slow reader holds up no other one", () =>
        Effect.gen(function* () {
          const { counts, wide } = yield* Ticker
          let taken = 0
          const take = Effect.andThen(
            Effect.sync(() => taken++),
            Effect.never
          )
          const slow = yield* Effect.forkChild(
            Stream.runForEach(wide({ bytes: megabyte }), () => take),
            { startImmediately: true }
          )
          for (let round = 0; round < 3; round++) yield* Effect.flip(Stream.runDrain(counts({ to: 5000 })))
          assert.strictEqual(taken, 1)
          yield* Fiber.interrupt(slow)
        })
      )
      it.effect("what a writer has at once goes in pieces", () =>
        Effect.gen(function* () {
          const { heap } = yield* Ticker
          const sizes = Stream.map(heap({ pieces: 300, bytes: megabyte }), ({ length }) => length)
          assert.strictEqual(yield* Stream.runSum(sizes), 300 * megabyte)
        })
      )
      it.effect("a stream comes whole and in order, and fails as it fails there", () =>
        Effect.gen(function* () {
          const { counts } = yield* Ticker
          const read: Array<number> = []
          const reading = Stream.runForEach(counts({ to: 5000 }), (count) => Effect.sync(() => read.push(count)))
          assert.deepInclude(yield* Effect.flip(reading), { _tag: "Refused", at: 5000 })
          assert.deepStrictEqual(
            read,
            Array.from({ length: 5000 }, (_, index) => index + 1)
          )
        })
      )
    })
  })
}
