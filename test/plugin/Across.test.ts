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
      it.effect("a reader that does not read holds the writer up", () =>
        Effect.gen(function* () {
          const { made, wide } = yield* Ticker
          const slow = wide({ bytes: megabyte }).pipe(
            Stream.take(2),
            Stream.mapEffect((piece) => Effect.as(Effect.sleep("300 millis"), piece.length))
          )
          assert.deepStrictEqual(yield* Stream.runCollect(slow), [megabyte, megabyte])
          assert.isBelow(yield* made(), 100)
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
