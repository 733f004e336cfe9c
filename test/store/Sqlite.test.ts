/** The log in SQLite: the laws, one owner, what a new start finds, and answers that were lost. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Layer, References, Schedule, Stream } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Suite from "../../conformance/Log.ts"
import { type Entry, Log } from "../../kernel/store/Log.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"
import { verify } from "../Verify.ts"

const temporary = Effect.provide(
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-sqlite-" })),
  NodeServices.layer
)

verify(
  "in SQLite",
  Suite.suite,
  Layer.unwrap(Effect.map(temporary, (directory) => Suite.restarting(SqliteLog.layer({ file: `${directory}/store.db` }))))
)

const change = { log: "objects", op: "put", bytes: new Uint8Array(100) } as const

/** What lives, and the epoch, as a new follower sees it. */
const content = Effect.gen(function* () {
  const log = yield* Log
  const until = yield* log.barrier({ log: "objects" })
  const entries: Entry[] = []
  let epoch = ""
  yield* log.follow({ log: "objects" }).pipe(
    Stream.tap((event) =>
      Effect.sync(() => {
        if (event._tag === "Began") epoch = event.epoch
        else entries.push(...event.entries)
      })
    ),
    Stream.takeUntil((event) => event._tag === "Entries" && event.upTo >= until),
    Stream.runDrain
  )
  return { epoch, until, entries: entries.map(({ key, seq }) => [key, seq]) }
})

it.live("a file has one owner, only its owner can read it, and the next one finds everything", () =>
  Effect.gen(function* () {
    const file = `${yield* temporary}/deep/er/store.db`
    const { stat } = yield* Effect.provide(FileSystem.FileSystem, NodeServices.layer)
    const before = yield* Effect.gen(function* () {
      const log = yield* Log
      const first = yield* log.append({ ...change, key: "a", prev: 0, writeId: "1" })
      yield* log.append({ ...change, key: "b", prev: 0, writeId: "2" })
      yield* log.append({ ...change, key: "a", prev: first, writeId: "3" })
      const refused = yield* Effect.flip(Layer.build(SqliteLog.layer({ file })))
      assert.strictEqual(refused._tag, "SqliteInUse")
      assert.strictEqual((yield* stat(file)).mode & 0o777, 0o600)
      assert.strictEqual((yield* stat(`${file}-wal`)).mode & 0o777, 0o600)
      return yield* content
    }).pipe(Effect.provide(SqliteLog.layer({ file })))
    const after = yield* Effect.provide(content, SqliteLog.layer({ file }))
    assert.deepStrictEqual(after, before)
    assert.deepStrictEqual(after.entries, [
      ["b", 2],
      ["a", 3]
    ])
  })
)

it.live("a seq is not used again, not even that of a last entry which is gone", () =>
  Effect.gen(function* () {
    const file = `${yield* temporary}/store.db`
    const gone = yield* Effect.gen(function* () {
      const log = yield* Log
      const prev = yield* log.append({ ...change, key: "a", prev: 0, writeId: "1" })
      const seq = yield* log.append({ ...change, key: "a", prev, op: "delete", writeId: "2" })
      yield* log.compact({ log: "objects", seq })
      return seq
    }).pipe(Effect.provide(SqliteLog.layer({ file })))
    const next = yield* Effect.flatMap(Log, (log) => log.append({ ...change, key: "a", prev: 0, writeId: "3" })).pipe(
      Effect.provide(SqliteLog.layer({ file }))
    )
    assert.isAbove(next, gone)
  })
)

it.live("what is no database is refused in a sentence", () =>
  Effect.gen(function* () {
    const directory = yield* temporary
    const fs = yield* Effect.provide(FileSystem.FileSystem, NodeServices.layer)
    yield* fs.writeFileString(`${directory}/text`, "This is not a database. ".repeat(100))
    for (const file of [`${directory}/text`, directory, `${directory}/text/below`]) {
      const refused = yield* Effect.flip(Layer.build(SqliteLog.layer({ file })))
      assert.strictEqual(refused._tag, "SqliteUnusable")
      assert.include(refused.message, `${file} cannot be used as a store: `)
    }
  })
)

it.live("a thread that dies between commit and answer loses nothing, and nothing is there twice", () =>
  Effect.gen(function* () {
    const file = `${yield* temporary}/store.db`
    const thread = new URL("./LossyThread.ts", import.meta.url)
    yield* Effect.gen(function* () {
      const log = yield* Log
      const seen: string[] = []
      const reader = yield* Stream.suspend(() => log.follow({ log: "objects" })).pipe(
        Stream.tap((event) => Effect.sync(() => event._tag === "Began" && seen.splice(0))),
        Stream.flatMap((event) => Stream.fromIterable(event._tag === "Began" ? [] : event.entries)),
        Stream.tap(({ key }) => Effect.sync(() => seen.push(key))),
        Stream.takeUntil(({ key }) => key === "end"),
        Stream.runDrain,
        Effect.retry(Schedule.spaced("20 millis")),
        Effect.forkChild
      )
      let unknown = 0
      const append = (key: string) =>
        log.append({ ...change, key, prev: 0, writeId: key }).pipe(
          Effect.tapError((error) =>
            Effect.sync(() => error._tag === "Unavailable" && error.applied === "unknown" && unknown++)
          ),
          Effect.retry(Schedule.spaced("20 millis"))
        )
      const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`)
      const seqs = yield* Effect.forEach(keys, append, { concurrency: 4 })
      assert.strictEqual(new Set(seqs).size, 100)
      assert.isAbove(unknown, 0)
      yield* append("end")
      yield* Fiber.join(reader)
      assert.deepStrictEqual(seen.toSorted(), [...keys, "end"].toSorted())
    }).pipe(Effect.provide(SqliteLog.layer({ file, thread })))
  }).pipe(Effect.provideService(References.MinimumLogLevel, "None"))
)

it.live("whoever ends while the thread is being started again leaves the file free", () =>
  Effect.gen(function* () {
    const file = `${yield* temporary}/store.db`
    const thread = new URL("./StuckThread.ts", import.meta.url)
    const fs = yield* Effect.provide(FileSystem.FileSystem, NodeServices.layer)
    yield* Effect.gen(function* () {
      const log = yield* Log
      yield* Effect.flip(log.append({ ...change, key: "a", prev: 0, writeId: "1" }))
      yield* Effect.repeat(fs.exists(`${file}.held`), { until: (is) => is, schedule: Schedule.spaced("20 millis") })
    }).pipe(Effect.provide(SqliteLog.layer({ file, thread })))
    yield* Layer.build(SqliteLog.layer({ file }))
  }).pipe(Effect.provideService(References.MinimumLogLevel, "None"))
)

it.live("it starts in a process that was given V8's own options", () =>
  Effect.gen(function* () {
    const file = `${yield* temporary}/store.db`
    yield* Effect.acquireRelease(
      Effect.sync(() => process.execArgv.push("--max-old-space-size=4096")),
      () => Effect.sync(() => process.execArgv.pop())
    )
    yield* Layer.build(SqliteLog.layer({ file }))
  })
)
