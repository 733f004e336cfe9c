/** Snapshots by the clock: when they are due, how many stay, and what is seen when they fail. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, References, Stream } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { SnapshotStorage } from "../../plugins/snapshots/contracts/SnapshotStorage.ts"
import * as Snapshots from "../../plugins/snapshots/Snapshots.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import { Log } from "../../kernel/store/Log.ts"
import { save } from "../../kernel/store/snapshot/Save.ts"
import * as Destination from "../../bin/Destination.ts"

const hour = 3_600_000
const kept = (name: string, time: number) => ({ name, bytes: 1, time })

it("only those of the clock are too many, and the oldest first", () => {
  const all = [3, 1, 2].map((day) => kept(`scheduled-2026010${day}T000000Z.snapshot`, day))
  assert.deepStrictEqual(Snapshots.outdated([...all, kept("snapshot-20250101T000000Z.snapshot", 0)], 2), [
    "scheduled-20260101T000000Z.snapshot"
  ])
  assert.deepStrictEqual(Snapshots.outdated(all, 3), [])
})

it("the next is due an hour after the last, whoever made it, and at once if there is none", () => {
  const last = kept(Snapshots.nameOf("scheduled", 10 * hour), 10 * hour)
  assert.strictEqual(Snapshots.dueIn([last], hour, 10 * hour + 1000), hour - 1000)
  assert.strictEqual(Snapshots.dueIn([last], hour, 12 * hour), 0)
  assert.strictEqual(Snapshots.dueIn([], hour, 0), 0)
  assert.strictEqual(Snapshots.dueIn([kept("snapshot-20250101T000000Z.snapshot", 10 * hour)], hour, 10 * hour), 0)
  // A clock that was set back does not put it off for ever.
  assert.strictEqual(Snapshots.dueIn([last], hour, hour), hour)
})

/** In memory, on the test's clock. */
const storage = (isDown: () => boolean) => {
  const all = new Map<string, { readonly pieces: Array<Uint8Array>; readonly time: number }>()
  const begun = new Map<string, Array<Uint8Array>>()
  const layer = Layer.succeed(SnapshotStorage, {
    list: () =>
      Effect.suspend(() =>
        isDown()
          ? Effect.fail(new Unavailable({ contract: SnapshotStorage.key, applied: "no", cause: "the disk is full" }))
          : Effect.succeed([...all].map(([name, { pieces, time }]) => ({ name, bytes: pieces.length, time })))
      ),
    read: ({ name }) => Stream.fromIterable(all.get(name)?.pieces ?? []),
    begin: ({ name }) => Effect.sync(() => void begun.set(name, [])).pipe(Effect.as(name)),
    add: ({ bytes, id }) => Effect.sync(() => void begun.get(id)?.push(bytes)),
    complete: ({ id }) =>
      Effect.clockWith((clock) =>
        Effect.sync(() => void all.set(id, { pieces: begun.get(id) ?? [], time: clock.currentTimeMillisUnsafe() }))
      ),
    abandon: ({ id }) => Effect.sync(() => void begun.delete(id)),
    remove: ({ name }) => Effect.sync(() => void all.delete(name))
  })
  return { all, layer }
}

it.effect("one each hour, of which two stay; failures are counted, and it goes on", () =>
  Effect.gen(function* () {
    let down = false
    const { all, layer } = storage(() => down)
    const log = yield* Log
    const options = { save: save(log, { cluster: "", version: "", store: "" }), every: "1 hour", keep: 2 } as const
    yield* Effect.forkScoped(Effect.provide(Snapshots.run(options), layer))
    const names = Effect.sync(() => [...all.keys()].toSorted())
    /** What is compressed is so in other threads, which the test's clock does not wait for: so time goes on until it is seen. */
    const until = Effect.fnUntraced(function* <A>(look: Effect.Effect<A>, holds: (value: A) => boolean) {
      for (;;) {
        const value = yield* look
        if (holds(value)) return value
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        yield* TestClock.adjust("1 minute")
      }
    })
    const [first = ""] = yield* until(names, (now) => now.length === 1)
    yield* until(names, (now) => now.length === 2 && !now.includes(first))
    down = true
    const text = Effect.map(Effect.context<never>(), PrometheusMetrics.formatUnsafe)
    yield* until(text, (now) => /keelson_snapshot_failures_total[^\n]* [1-9]/.test(now))
    down = false
    const before = yield* names
    yield* until(names, (now) => now.length === 2 && before.every((name) => !now.includes(name)))
  }).pipe(Effect.provide(MemoryLog.layer), Effect.provideService(References.MinimumLogLevel, "None"), Effect.scoped)
)

it.effect("an address is a directory or a bucket, and may name one snapshot", () =>
  Effect.gen(function* () {
    const keys = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" }
    const of = (address: string, environment = {}) =>
      Effect.map(Destination.parse(address, undefined, environment), ({ name, text }) => [name, text])
    assert.deepStrictEqual(yield* of("/backup/"), [undefined, "/backup"])
    assert.deepStrictEqual(yield* of("/backup/one.snapshot"), ["one.snapshot", "/backup/one.snapshot"])
    assert.deepStrictEqual(yield* of("s3://bucket/a/one.snapshot?endpoint=http://localhost:9000", keys), [
      "one.snapshot",
      "s3://bucket/a/one.snapshot"
    ])
    assert.match((yield* Effect.flip(of("s3://bucket/a"))).message, /AWS_ACCESS_KEY_ID/)
    assert.deepStrictEqual(yield* of("plugin:///opt/storage/one.snapshot?folder=/backup"), [
      "one.snapshot",
      "plugin:///opt/storage/one.snapshot"
    ])
    assert.match((yield* Effect.flip(of("ftp://host/a", keys))).message, /expected a directory, s3/)
    assert.match((yield* Effect.flip(of("s3://bucket/?endpoint=nowhere", keys))).message, /its endpoint is no URL/)
  })
)
