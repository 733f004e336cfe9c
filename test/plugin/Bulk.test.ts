/** Back-pressure by bytes: many calls at once that carry much, and neither end keeps much of it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { left } from "../Left.ts"
import { Bulk } from "./Bulk.ts"
import * as Far from "./Far.ts"
import * as Levels from "./Levels.ts"

const module = new URL("./Bulk.ts", import.meta.url)
const megabyte = 1024 ** 2
/** As many calls of a MiB at once: more than the guest has memory for. */
const calls = 300
const budgets = { memoryBytes: 250 * megabyte }

type Level = Pick<Isolate.Settings, "confinement" | "isolation" | "remote" | "runtime">
const near = Levels.plain
  .filter(({ isolation }) => isolation !== "in-process")
  .map(({ how, lacks, title }) => ({ lacks, title, level: Effect.succeed<Level>(how) }))
const far = Far.ways.map(({ at, lacks, title }) => ({
  lacks,
  title: `${title}${left(lacks)}`,
  level: Effect.map(at({ name: "bulk", module, budgets }), ({ remote }): Level => ({ isolation: "remote", remote }))
}))

for (const { lacks, level, title } of [...near, ...far]) {
  const isolated = Effect.map(level, (level) =>
    Plugin.install(Isolate.run({ name: "bulk", module, offers: [Bulk], needs: [], budgets, ...level }))
  )
  const layer = Layer.provide(Layer.unwrap(isolated), Plugin.Host.layer)
  describe.skipIf(lacks.length > 0)(title, () => {
    it.layer(layer, { excludeTestServices: true, timeout: "120 seconds" })((it) => {
      const atOnce = <A, E, R>(call: Effect.Effect<A, E, R>) =>
        Effect.all(
          Array.from({ length: calls }, () => call),
          { concurrency: "unbounded", discard: true }
        )
      it.effect("answers wait until there is room on the way back", () =>
        Effect.gen(function* () {
          const { give } = yield* Bulk
          yield* atOnce(Effect.map(give({ bytes: megabyte }), ({ length }) => assert.strictEqual(length, megabyte)))
        })
      )
      it.effect("calls wait until others are answered", () =>
        Effect.gen(function* () {
          const { most, take } = yield* Bulk
          const bytes = new Uint8Array(megabyte)
          yield* atOnce(Effect.map(take({ bytes }), (length) => assert.strictEqual(length, megabyte)))
          assert.isAtMost(yield* most(), 65 * megabyte)
        })
      )
    })
  })
}
