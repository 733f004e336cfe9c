/**
 * `npm run bench`, the log: appends a second of each driver at 1, 64 and 256 writers, each with a key of its own and entries of
 * 2 KiB; beside SQLite a transaction a write without a log, and beside JetStream a bare client that publishes the same to the same
 * server, each in turns within one run.
 */
import { NodeServices } from "@effect/platform-node"
import { connect, headers } from "@nats-io/transport-node"
import { Clock, Effect, FileSystem, Option } from "effect"
import { DatabaseSync } from "node:sqlite"
import { Log } from "../kernel/store/Log.ts"
import * as JetStreamLog from "../kernel/store/jetstream/JetStreamLog.ts"
import * as NatsBinary from "../kernel/store/jetstream/NatsBinary.ts"
import * as NatsServer from "../kernel/store/jetstream/NatsServer.ts"
import * as MemoryLog from "../kernel/store/memory/MemoryLog.ts"
import * as SqliteLog from "../kernel/store/sqlite/SqliteLog.ts"

const milliseconds = 1500
const rounds = 2
const bytes = new Uint8Array(2048).fill(97)

/** Writes one entry to the writer's key; gives its seq, which the next one is based on. */
type Write = (key: string, prev: number, writeId: string) => Effect.Effect<number, unknown>
let runs = 0

const measure = Effect.fnUntraced(function* (write: Write, writers: number) {
  const run = ++runs
  const start = yield* Clock.currentTimeMillis
  const waits: number[] = []
  const writer = Effect.fnUntraced(function* (index: number) {
    for (let prev = 0, count = 0, now = start; now < start + milliseconds; count++) {
      prev = yield* write(`bench/${run}/${index}`, prev, `${run} ${index} ${count}`)
      const before = now
      now = yield* Clock.currentTimeMillis
      waits.push(now - before)
    }
  })
  yield* Effect.forEach(Array(writers).keys(), writer, { concurrency: "unbounded", discard: true })
  const took = (yield* Clock.currentTimeMillis) - start
  return { rate: (waits.length / took) * 1000, p50: waits.sort((one, other) => one - other)[waits.length >> 1] ?? 0 }
})

const throughLog: Effect.Effect<Write, never, Log> = Effect.map(
  Log,
  (log) => (key, prev, writeId) => log.append({ log: "objects", key, op: "put", bytes, prev, writeId })
)

/** What a program would do that uses the client and nothing else: the same headers, the same stream. */
const bare = ({ password, servers, user }: JetStreamLog.Options) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() =>
        connect({
          servers: typeof servers === "string" ? servers : [...servers],
          ...(user && { user, pass: password ?? "" })
        })
      ),
      (connection) => Effect.promise(() => connection.close())
    ),
    (connection): Write =>
      (key, prev, writeId) =>
        Effect.promise(async () => {
          const all = headers()
          all.set("Nats-Expected-Last-Subject-Sequence", `${prev}`)
          all.set("K8s-Write-Id", writeId)
          const subject = `k8s.keelson.objects.o.bare.${key.replaceAll("/", ".")}`
          const { seq } = (await connection.request(subject, bytes, { timeout: 10_000, headers: all })).json<{
            seq: number
          }>()
          return seq
        })
  )

/** What a program would do that uses SQLite and nothing else: a transaction a write, as safe on disk as ours. */
const bareSqlite = (file: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new DatabaseSync(file)),
      (database) => Effect.sync(() => database.close())
    ),
    (database): Write => {
      database.exec("pragma journal_mode = wal; pragma synchronous = full")
      database.exec("create table log (seq integer primary key, key text unique, prev integer, id text, bytes blob)")
      const put = database.prepare(
        "insert into log (key, prev, id, bytes) values (?, ?, ?, ?) on conflict (key) do update set prev = seq, id = excluded.id, bytes = excluded.bytes"
      )
      return (key, prev, writeId) => Effect.sync(() => Number(put.run(key, prev, writeId, bytes).lastInsertRowid))
    }
  )

const compare = Effect.fnUntraced(function* (contestants: { readonly [name: string]: Write }) {
  for (const writers of [1, 64, 256]) {
    const best: { [name: string]: { rate: number; p50: number } } = {}
    for (let round = 0; round < rounds; round++) {
      for (const [name, write] of Object.entries(contestants)) {
        const result = yield* measure(write, writers)
        if (result.rate > (best[name]?.rate ?? 0)) best[name] = result
      }
    }
    for (const [name, { p50, rate }] of Object.entries(best)) {
      console.log(`${name.padEnd(24)} ${`${writers}`.padStart(4)} writers ${rate.toFixed(0).padStart(8)}/s  p50 ${p50} ms`)
    }
    const [theirs, ours] = Object.values(best)
    if (ours && theirs) console.log(`${"".padEnd(24)} ratio ${(ours.rate / theirs.rate).toFixed(2)}`)
  }
})

const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-bench-" }))
/** Ours beside what stands first. */
const beside = (name: string, bare: { readonly [name: string]: Write } = {}) =>
  Effect.flatMap(throughLog, (write) => compare({ ...bare, [name]: write }))

const program = Effect.gen(function* () {
  const directory = yield* temporary
  yield* Effect.provide(beside("memory"), MemoryLog.layer)
  yield* Effect.provide(
    beside("sqlite", { "sqlite, bare": yield* bareSqlite(`${directory}/bare.db`) }),
    SqliteLog.layer({ file: `${directory}/store.db` })
  )
  const binary = yield* Effect.option(NatsBinary.find())
  if (Option.isNone(binary))
    return console.log("JetStream is left out: this machine has no nats-server, and no Go to build one")
  const access = yield* NatsServer.start({ directory: `${directory}/nats`, binary: binary.value })
  const theirs = yield* bare(access)
  yield* Effect.provide(beside("jetstream", { "jetstream, bare client": theirs }), JetStreamLog.layer(access))
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
