/** What becomes of writes whose answers are lost, whose leader is killed, and which others contest: each is done once, or not. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, References, Schedule, Schema, Stream } from "effect"
import { connect, createServer, type Socket } from "node:net"
import { freePort } from "../../kernel/FreePort.ts"
import * as JetStreamLog from "../../kernel/store/jetstream/JetStreamLog.ts"
import * as Nats from "../../kernel/store/jetstream/Nats.ts"
import * as NatsCluster from "../../kernel/store/jetstream/NatsCluster.ts"
import { type Entry, Log } from "../../kernel/store/Log.ts"
import * as RawNats from "./RawNats.ts"
import { left } from "../Left.ts"

const quiet = Effect.provideService(References.MinimumLogLevel, "None")
const change = { log: "objects", op: "put", bytes: new Uint8Array(200) } as const
const open = (options: JetStreamLog.Options) =>
  Effect.flatMap(Layer.build(JetStreamLog.layer(options)), (context) => Effect.provide(Log, context))

/** As an API server does it: what is not known is asked again, as the same write; servers that are being elected are waited for. */
const surely = <A, E extends { readonly _tag: string }>(call: Effect.Effect<A, E>) =>
  Effect.retry(call, {
    while: ({ _tag }) => _tag === "Unavailable",
    schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "60 seconds" }))
  })

const kept = (log: Log["Service"]) =>
  log.history({ log: "objects", after: 0 }).pipe(
    Stream.flatMap((some) => Stream.fromIterable(some)),
    Stream.runCollect,
    Effect.map((entries): ReadonlyArray<Entry> => entries),
    surely
  )
const seqsById = (entries: ReadonlyArray<Entry>) => {
  const seqs = new Map(entries.map(({ seq, writeId }) => [writeId, seq]))
  assert.strictEqual(seqs.size, entries.length, "a write was done twice")
  return seqs
}

/** Every writer has a key of its own, which it writes over and over; all that was acknowledged is told. */
const writeAll = Effect.fnUntraced(function* (
  log: Log["Service"],
  writers: number,
  rounds: number,
  each: Effect.Effect<void>
) {
  const acknowledged = new Map<string, number>()
  const write = Effect.fnUntraced(function* (writer: number) {
    for (let prev = 0, round = 0; round < rounds; round++) {
      const writeId = `${writer} ${round}`
      prev = yield* surely(log.append({ ...change, key: `writer/${writer}`, prev, writeId }))
      acknowledged.set(writeId, prev)
      if (writer === 0) yield* each
    }
  })
  yield* Effect.forEach(Array(writers).keys(), write, { concurrency: "unbounded", discard: true })
  return acknowledged
})

const Info = Schema.Struct({ cluster: Schema.Struct({ leader: Schema.String }) })
const started = Effect.gen(function* () {
  return yield* NatsCluster.start({ directory: yield* RawNats.temporary })
}).pipe(Effect.provide(NodeServices.layer))

/** Between client and server, where answers get lost. */
const lossy = Effect.fnUntraced(function* (port: number) {
  const sockets = new Set<Socket>()
  let isDeaf = false
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1")
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", () => socket.destroy())
      socket.on("close", () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    upstream.on("data", (data) => isDeaf || client.write(data))
  })
  const own = yield* freePort
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(own, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.sync(() => {
        for (const socket of sockets) socket.destroy()
        server.close()
      })
  )
  /** For a moment requests arrive and answers do not; then the connection breaks. */
  const lose = Effect.gen(function* () {
    isDeaf = true
    yield* Effect.sleep("20 millis")
    for (const socket of sockets) socket.destroy()
    isDeaf = false
  })
  return { servers: `nats://127.0.0.1:${own}`, lose }
})

describe.skipIf(RawNats.lacks.length > 0)(`each write once${left(RawNats.lacks)}`, () => {
  it.live("answers that are lost", () =>
    Effect.gen(function* () {
      const { healthy, monitor, servers } = yield* RawNats.start("max_payload: 4MB")
      yield* healthy
      const between = yield* lossy(Number(new URL(servers).port))
      const log = yield* open({ servers: between.servers, monitor, cluster: "a" })
      let round = 0
      const each = Effect.suspend(() => (++round % 8 === 0 ? between.lose : Effect.void))
      const acknowledged = yield* writeAll(log, 32, 40, each)
      assert.deepStrictEqual(
        [...seqsById(yield* kept(log))].sort(),
        [...acknowledged].sort((one, other) => one[1] - other[1]).sort()
      )
    }).pipe(quiet)
  )

  it.live(
    "a leader that is killed",
    () =>
      Effect.gen(function* () {
        const { log: options, servers } = yield* started
        const log = yield* open(options)
        const nats = yield* Nats.make(options)
        const kill = Effect.gen(function* () {
          const { cluster } = yield* nats.api("STREAM.INFO.K8S_keelson_objects", null, Info)
          const leader = servers.find(({ name }) => name === cluster.leader)
          if (leader !== undefined) process.kill(yield* leader.pid, "SIGKILL")
        })
        let round = 0
        const each = Effect.suspend(() => (++round === 10 || round === 30 ? Effect.ignore(kill) : Effect.void))
        const acknowledged = yield* writeAll(log, 48, 40, each)
        assert.deepStrictEqual([...seqsById(yield* kept(log))].sort(), [...acknowledged].sort())
      }).pipe(quiet),
    120_000
  )

  it.live("of several writers of one key one wins, round by round, through connections of their own", () =>
    Effect.gen(function* () {
      const { log: options } = yield* started
      const logs = yield* Effect.forEach([0, 1, 2, 3, 4, 5], () => open(options))
      const [first] = logs
      if (first === undefined) return assert.fail("no log")
      // Others write beside them, so that what is contested shares batches with what is not.
      const beside = Effect.forEach(
        logs,
        (log, writer) => surely(log.append({ ...change, key: `beside/${writer}`, prev: 0, writeId: `beside ${writer}` })),
        { concurrency: "unbounded" }
      )
      let prev = 0
      for (let round = 0; round < 60; round++) {
        const attempts = logs.map((log, writer) =>
          Effect.result(surely(log.append({ ...change, key: "contested", prev, writeId: `${round} ${writer}` })))
        )
        const [results] = yield* Effect.all(
          [Effect.all(attempts, { concurrency: "unbounded" }), round === 0 ? beside : Effect.void],
          { concurrency: "unbounded" }
        )
        const won = results.flatMap((result) => (result._tag === "Success" ? [result.success] : []))
        assert.strictEqual(won.length, 1)
        const told = results.flatMap((result) =>
          result._tag === "Failure" && result.failure._tag === "Conflict" ? [result.failure.last] : []
        )
        assert.deepStrictEqual(told, Array(5).fill(won[0]))
        prev = won[0] ?? 0
      }
      const contested = (yield* kept(first)).filter(({ key }) => key === "contested")
      assert.strictEqual(seqsById(contested).size, 60)
    }).pipe(quiet)
  )

  it.live("one that cannot succeed does not take others of its batch with it", () =>
    Effect.gen(function* () {
      const { healthy, monitor, servers } = yield* RawNats.start("max_payload: 4MB")
      yield* healthy
      const log = yield* open({ servers, monitor, cluster: "a" })
      const put = (index: number) =>
        log.append({ ...change, key: `${index}`, prev: index === 20 ? 7 : 0, writeId: `${index}` })
      const results = yield* Effect.forEach(Array(40).keys(), (index) => Effect.result(put(index)), {
        concurrency: "unbounded"
      })
      const failed = results.flatMap((result, index) => (result._tag === "Failure" ? [[index, result.failure._tag]] : []))
      assert.deepStrictEqual(failed, [[20, "Conflict"]])
      assert.strictEqual(seqsById(yield* kept(log)).size, 39)
    }).pipe(quiet)
  )
})
