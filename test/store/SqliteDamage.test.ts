/** A file that is not what was written, was written by an earlier version, or lies on a disk that is full. */
import { assert, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer, References, Stream } from "effect"
import { execFileSync } from "node:child_process"
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { Damaged, Full, Log } from "../../kernel/store/Log.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"
import { left } from "../Left.ts"

const temporary = Effect.provide(
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-damage-" })),
  NodeServices.layer
)
const quiet = Effect.provideService(References.MinimumLogLevel, "None")
const open = <A, E>(file: string, use: Effect.Effect<A, E, Log>) => Effect.provide(use, SqliteLog.layer({ file }))

const change = { log: "objects", op: "put" } as const
const put = (key: string, text: string, prev = 0) =>
  Effect.flatMap(Log, (log) =>
    log.append({ ...change, key, bytes: new TextEncoder().encode(text), prev, writeId: `${key} ${prev}` })
  )
const keysOf = Effect.flatMap(Log, (log) =>
  Effect.map(Stream.runCollect(log.history({ log: "objects", after: 0 })), (some) => some.flat().map(({ key }) => key))
)
const begins = Effect.flatMap(Log, (log) =>
  log.follow({ log: "objects" }).pipe(
    Stream.flatMap((event) => Stream.fromIterable(event._tag === "Began" ? [] : event.entries)),
    Stream.take(3),
    Stream.runCollect
  )
)
const three = Effect.all([put("pods/a/one", "first"), put("pods/a/two", "the words"), put("pods/a/three", "third")])

it.live("an entry with a wrong byte is not told to anybody; the others are", () =>
  Effect.gen(function* () {
    const file = `${yield* temporary}/store.db`
    yield* open(file, three)
    const bytes = readFileSync(file)
    const at = bytes.indexOf("the words")
    assert.isAbove(at, 0)
    bytes.write("tHe", at)
    writeFileSync(file, bytes)
    yield* open(
      file,
      Effect.gen(function* () {
        const log = yield* Log
        for (const read of [Effect.asVoid(begins), Effect.asVoid(keysOf)]) {
          const { _tag, cause, ...failure } = yield* Effect.flip(read)
          assert.deepInclude({ _tag, ...failure }, { _tag: "Unavailable", applied: "no" })
          assert.instanceOf(cause, Damaged)
          assert.deepInclude(cause, { log: "objects", seq: 2, key: "pods/a/two", where: file })
        }
        const whole = yield* Stream.runCollect(log.history({ log: "objects", after: 0, key: "pods/a/three" }))
        assert.strictEqual(whole.flat().length, 1)
        assert.isAbove(yield* put("pods/a/four", "fourth"), 3)
      })
    )
  }).pipe(quiet)
)

it.live("a file that has lost an entry, or got one back, is not opened", () =>
  Effect.gen(function* () {
    const directory = yield* temporary
    const harm = {
      lost: "DELETE FROM objects WHERE seq = 2",
      back: "UPDATE objects SET op = 1 WHERE op = 0",
      late: "UPDATE sqlite_sequence SET seq = 2"
    }
    for (const [name, sql] of Object.entries(harm)) {
      const file = `${directory}/${name}.db`
      yield* open(file, three)
      yield* open(
        file,
        Effect.flatMap(Log, (log) =>
          log.append({ ...change, op: "delete", key: "pods/a/one", prev: 1, bytes: new Uint8Array(1), writeId: "gone" })
        )
      )
      const raw = new DatabaseSync(file)
      raw.exec(sql)
      raw.close()
      const refused = yield* Effect.flip(Layer.build(SqliteLog.layer({ file })))
      assert.strictEqual(refused._tag, "SqliteUnusable")
      assert.include(refused.message, `${file} cannot be used as a store: the log objects is damaged`)
      assert.include(refused.message, "keelson snapshot restore")
    }
  })
)

it.live("what a killed process left in its write-ahead file is found, and damage in the midst of it is seen", () =>
  Effect.gen(function* () {
    const directory = yield* temporary
    const file = `${directory}/store.db`
    const copy = (name: string) => {
      for (const end of ["", "-wal"]) copyFileSync(`${file}${end}`, `${directory}/${name}.db${end}`)
      return `${directory}/${name}.db`
    }
    const [killed, damaged] = yield* open(
      file,
      Effect.map(Effect.andThen(three, put("pods/a/four", "fourth")), () => [copy("killed"), copy("damaged")])
    )
    yield* open(
      killed ?? "",
      Effect.map(keysOf, (keys) => assert.strictEqual(keys.length, 4))
    )
    const wal = readFileSync(`${damaged}-wal`)
    const at = wal.indexOf("the words")
    assert.isAbove(at, 0)
    wal.write("tHe", at)
    writeFileSync(`${damaged}-wal`, wal)
    for (const _ of ["once", "and again"]) {
      const refused = yield* Effect.flip(Layer.build(SqliteLog.layer({ file: damaged ?? "" })))
      assert.match(refused.message, /its write-ahead file .*damaged.db-wal is damaged at frame \d+/)
    }
  })
)

/** As the first version made it. */
const first = `
  CREATE TABLE about (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO about VALUES ('epoch', 'as before'), ('compacted objects', 2);
  PRAGMA user_version = 1;`
const table = (log: string) => `
  CREATE TABLE ${log} (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, op INTEGER NOT NULL,
    prev INTEGER NOT NULL, writeId TEXT NOT NULL, bytes BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX ${log}_key ON ${log} (key, seq);`

it.live("a file of the first version goes on where it was, and is checked from then on", () =>
  Effect.gen(function* () {
    const file = `${yield* temporary}/store.db`
    const raw = new DatabaseSync(file)
    for (const sql of [first, ...["objects", "events", "leases"].map(table)]) raw.exec(sql)
    const insert = raw.prepare("INSERT INTO objects (key, op, prev, writeId, bytes) VALUES (?, ?, ?, ?, ?)")
    insert.run("pods/a/one", 1, 0, "1", new Uint8Array([1]))
    insert.run("pods/é/two", 1, 0, "2", new Uint8Array([2]))
    insert.run("pods/a/one", 1, 1, "3", new Uint8Array([3]))
    insert.run("pods/é/two", 0, 2, "4", new Uint8Array([4]))
    raw.close()
    yield* open(
      file,
      Effect.gen(function* () {
        const log = yield* Log
        const { bytes, ...status } = yield* log.status({ log: "objects" })
        assert.deepInclude(status, { epoch: "as before", last: 4, compacted: 2, entries: 4, sealed: false })
        assert.strictEqual(bytes, 2 * (11 + 1) + 2 * (10 + 1))
        assert.strictEqual((yield* keysOf).length, 4)
        assert.strictEqual(yield* put("pods/a/one", "more", 3), 5)
        yield* log.compact({ log: "objects", seq: 5 })
        assert.deepInclude(yield* log.status({ log: "objects" }), { entries: 1, bytes: 14 })
      })
    )
    yield* open(
      file,
      Effect.map(keysOf, (keys) => assert.deepStrictEqual(keys, ["pods/a/one"]))
    )
    const later = new DatabaseSync(file)
    later.exec("PRAGMA user_version = 99")
    later.close()
    const refused = yield* Effect.flip(Layer.build(SqliteLog.layer({ file })))
    assert.include(refused.message, "it was written by a later version (99;")
  })
)

const lacks = process.getuid?.() === 0 ? [] : ["root"]
/** A disk of its own, so small that it is soon full. */
const small = Effect.flatMap(temporary, (directory) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "keelson-small", directory])
      return directory
    }),
    (directory) => Effect.sync(() => execFileSync("umount", ["--lazy", directory]))
  )
)

it.live.skipIf(lacks.length > 0)(
  `on a full disk nothing is taken, nothing is lost, and writes go on when there is room${left(lacks)}`,
  () =>
    Effect.gen(function* () {
      const directory = yield* small
      const file = `${directory}/store.db`
      writeFileSync(`${directory}/ballast`, new Uint8Array(1024 * 1024))
      const text = "x".repeat(100_000)
      const done: Array<string> = []
      yield* open(
        file,
        Effect.gen(function* () {
          let failure: unknown
          for (let count = 0; failure === undefined && count < 100; count++) {
            const result = yield* Effect.result(put(`pods/a/${count}`, text))
            if (result._tag === "Success") done.push(`pods/a/${count}`)
            else failure = result.failure
          }
          assert.deepInclude(failure, { _tag: "Unavailable", applied: "no" })
          assert.instanceOf(Object(failure).cause, Full)
          assert.include(Object(failure).cause.message, `${file}: the disk is full`)
          // What is there is read, and what was refused left nothing.
          assert.deepStrictEqual(yield* keysOf, done)
          rmSync(`${directory}/ballast`)
          yield* put("pods/a/again", text)
          assert.deepStrictEqual(yield* keysOf, [...done, "pods/a/again"])
        })
      )
      yield* open(
        file,
        Effect.map(keysOf, (keys) => assert.deepStrictEqual(keys, [...done, "pods/a/again"]))
      )
    }).pipe(quiet)
)
