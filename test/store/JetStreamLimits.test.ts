/** What the log refuses instead of losing or inventing something: a stream that is full, entries that are damaged, disks that are not synced. */
import { assert, describe, it } from "@effect/vitest"
import { connect, headers } from "@nats-io/transport-node"
import { Effect, Layer, References, Stream } from "effect"
import { freePort } from "../../kernel/FreePort.ts"
import * as JetStreamLog from "../../kernel/store/jetstream/JetStreamLog.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as RawNats from "./RawNats.ts"
import { left } from "../Left.ts"

const quiet = Effect.provideService(References.MinimumLogLevel, "None")
const change = { log: "objects", key: "a", op: "put", prev: 0, writeId: "a", bytes: new Uint8Array(1000) } as const
const open = (options: Omit<JetStreamLog.Options, "cluster">) =>
  Effect.flatMap(Layer.build(JetStreamLog.layer({ ...options, cluster: "a" })), (context) => Effect.provide(Log, context))

const started = Effect.fnUntraced(function* (more = "") {
  const server = yield* RawNats.start(`max_payload: 4MB\n${more}`)
  yield* server.healthy
  const client = yield* Effect.acquireRelease(
    Effect.promise(() => connect({ servers: server.servers })),
    (client) => Effect.promise(() => client.close())
  )
  return { server: { servers: server.servers, monitor: server.monitor }, client }
})

describe.skipIf(RawNats.lacks.length > 0)(`refused${left(RawNats.lacks)}`, () => {
  it.live("what does not fit any more, at once and with the reason; and taken again when there is room", () =>
    Effect.gen(function* () {
      const { client, server } = yield* started()
      const log = yield* open(server)
      const seq = yield* log.append(change)
      const info = yield* Effect.promise(() => client.request("$JS.API.STREAM.INFO.K8S_a_objects"))
      const { config } = info.json<{ config: object }>()
      const limitTo = (max_bytes: number) =>
        Effect.promise(() => client.request("$JS.API.STREAM.UPDATE.K8S_a_objects", JSON.stringify({ ...config, max_bytes })))
      yield* limitTo(20_000)
      const fill = (index: number) => Effect.result(log.append({ ...change, key: `${index}`, writeId: `${index}` }))
      const results = yield* Effect.forEach(Array(40).keys(), fill, { concurrency: "unbounded" })
      const refused = results.flatMap((result) => (result._tag === "Failure" ? [result.failure] : []))
      assert.isAbove(refused.length, 10)
      assert.isBelow(refused.length, 40)
      for (const failure of refused) {
        assert.strictEqual(failure._tag === "Unavailable" && failure.applied, "no")
        assert.include(failure.message, "the log objects is full (maximum bytes exceeded): delete what is not needed")
      }
      const { last } = yield* log.status({ log: "objects" })
      assert.strictEqual(last, seq + 40 - refused.length)
      yield* limitTo(1_000_000)
      assert.strictEqual(yield* log.append({ ...change, prev: seq, writeId: "b" }), last + 1)
    }).pipe(quiet)
  )

  it.live("an entry that is not what was written: neither followers nor readers of history are told of it", () =>
    Effect.gen(function* () {
      const { client, server } = yield* started()
      const log = yield* open(server)
      const seq = yield* log.append(change)
      const kept = yield* Effect.promise(() =>
        client.request("$JS.API.STREAM.MSG.GET.K8S_a_objects", JSON.stringify({ seq }))
      )
      const { message } = kept.json<{ message: { hdrs: string } }>()
      // The same message with another byte in it.
      const same = headers()
      for (const line of Buffer.from(message.hdrs, "base64").toString().split("\r\n").slice(1)) {
        const [name, value] = line.split(/: ?/)
        if (name?.startsWith("K8s-") === true) same.set(name, value ?? "")
      }
      same.set("Nats-Expected-Last-Subject-Sequence", "0")
      yield* Effect.promise(() =>
        client.request("k8s.a.objects.o.b", change.bytes.with(7, 1), { headers: same, timeout: 5000 })
      )
      const told: Array<string> = []
      const failure = yield* Effect.flip(
        log
          .follow({ log: "objects" })
          .pipe(
            Stream.runForEach((event) =>
              Effect.sync(() => event._tag === "Began" || told.push(...event.entries.map(({ key }) => key)))
            )
          )
      )
      assert.include(failure.message, `entry ${seq + 1} of the log objects, of b, is not what was written`)
      assert.notInclude(told, "b")
      const read = yield* Effect.flip(Stream.runDrain(log.history({ log: "objects", after: 0 })))
      assert.include(read.message, `entry ${seq + 1} of the log objects, of b`)
      assert.include(
        (yield* Effect.flip(Stream.runDrain(log.history({ log: "objects", after: 0, key: "b" })))).message,
        "of b"
      )
    }).pipe(quiet)
  )

  it.live("disks of which nobody knows whether they are synced, unless that is allowed, and then it is said", () =>
    Effect.gen(function* () {
      const { server } = yield* started("jetstream { sync_interval: 1s }")
      const refusal = (options: typeof server) => Effect.map(Effect.flip(open(options)), ({ message }) => message)
      assert.include(yield* refusal(server), "set jetstream { sync_interval: always }")
      const nowhere = `http://127.0.0.1:${yield* freePort}`
      assert.include(yield* refusal({ ...server, monitor: nowhere }), "was seen of 0 of 1 server(s): name their monitoring")
      const log = yield* open({ ...server, allowUnsynced: true })
      assert.isFalse((yield* log.status({ log: "objects" })).durable)
      assert.isTrue((yield* (yield* open((yield* started()).server)).status({ log: "objects" })).durable)
    }).pipe(quiet)
  )

  it.live("blocks that are compressed, which a server may not be able to read again: streams of before are changed", () =>
    Effect.gen(function* () {
      const { client, server } = yield* started()
      yield* open(server)
      const config = Effect.promise(() => client.request("$JS.API.STREAM.INFO.K8S_a_objects")).pipe(
        Effect.map((info) => info.json<{ config: { compression: string } }>().config)
      )
      const before = yield* config
      assert.strictEqual(before.compression, "none")
      const compressed = JSON.stringify({ ...before, compression: "s2" })
      yield* Effect.promise(() => client.request("$JS.API.STREAM.UPDATE.K8S_a_objects", compressed))
      assert.strictEqual((yield* config).compression, "s2")
      yield* open(server)
      assert.strictEqual((yield* config).compression, "none")
    }).pipe(quiet)
  )
})
