/** Compaction by the clock: what is within the window stays. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Compactor from "../../kernel/store/Compactor.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as Times from "../../kernel/store/Times.ts"
import * as Tables from "../../kernel/table/Tables.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"

it.effect("an entry that was replaced is forgotten when that is older than the window, and not before", () =>
  Effect.gen(function* () {
    const log = yield* Log
    const put = (prev: number) =>
      log.append({ log: "leases", key: "a", op: "put", bytes: new Uint8Array(1), prev, writeId: `${prev}` })
    const kept = Effect.map(Stream.runCollect(log.history({ log: "leases", after: 0 })), (batches) =>
      batches.flat().map(({ seq }) => seq)
    )
    const first = yield* put(0)
    const second = yield* put(first)
    yield* TestClock.adjust("4 minutes")
    const third = yield* put(second)
    assert.deepStrictEqual(yield* kept, [first, second, third])
    yield* TestClock.adjust("2 minutes")
    assert.deepStrictEqual(yield* kept, [second, third])
    yield* TestClock.adjust("5 minutes")
    assert.deepStrictEqual(yield* kept, [third])
  }).pipe(Effect.provide(Layer.provideMerge(Compactor.layer({ window: "5 minutes" }), MemoryLog.layer)))
)

it.effect("who takes over compacts by the times that are marked in the log", () =>
  Effect.gen(function* () {
    const log = yield* Log
    const put = (prev: number) =>
      log.append({ log: "objects", key: "pods/a/b", op: "put", bytes: new Uint8Array(1), prev, writeId: `${prev}` })
    const kept = Effect.map(Stream.runCollect(log.history({ log: "objects", after: 0 })), (batches) =>
      batches.flat().map(({ seq }) => seq)
    )
    const first = yield* put(0)
    const second = yield* put(first)
    yield* Layer.build(Layer.provide(Times.layer, Tables.layer))
    yield* TestClock.adjust("10 minutes")
    const third = yield* put(second)
    assert.deepStrictEqual(yield* kept, [first, second, third])
    yield* Layer.build(Compactor.layer({ window: "5 minutes" }))
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(yield* kept, [second, third])
  }).pipe(Effect.scoped, Effect.provide(MemoryLog.layer))
)
