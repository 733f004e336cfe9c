/** The log on NATS JetStream: a stream for each log, replicated or on one server. */
import { Effect, Layer, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { headers } from "@nats-io/transport-node"
import { Unavailable } from "../../plugin/Contract.ts"
import * as Plugin from "../../plugin/Plugin.ts"
import { Log, type LogName, limit, type Status, TooLarge } from "../Log.ts"
import * as Append from "./Append.ts"
import { compact } from "./Compaction.ts"
import { compactedOf, epochOf, follow } from "./Follower.ts"
import { history } from "./History.ts"
import * as JetStream from "./JetStream.ts"
import * as Nats from "./Nats.ts"
import { checkSync } from "./Sync.ts"

export interface Options extends Nats.Options {
  /** Keeps the logs of several clusters on one server apart. */
  readonly cluster: string
  readonly replicas?: JetStream.Replicas
  /** Where the server tells about itself, `http://host:8222`: how it writes to its disk stands nowhere else. */
  readonly monitor?: string
}

const Written = Schema.Struct({ seq: Schema.Int })

/** Who comes first names the epoch. */
const nameEpoch = ({ nats, subjects }: JetStream.JetStream) =>
  Effect.suspend(() => {
    const first = headers()
    first.set(Append.header.expected, "0")
    return nats.request(subjects.meta("epoch"), randomUUID(), first)
  }).pipe(
    Effect.catchIf(
      (error) => error._tag === "Refused" && error.code === JetStream.codes.conflict,
      () => Effect.void
    )
  )

/**
 * One server cannot be deposed: what it says is its last message covers all that it has acknowledged. A leader among several
 * can be without knowing it; what it writes then is never acknowledged.
 */
const barrierOf = ({ info, nats, replicas, subjects }: JetStream.JetStream) => {
  const written = nats.request(subjects.meta("barrier"), "", undefined, 2000).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Written)),
    Effect.map(({ seq }) => seq)
  )
  const asked = replicas === 1 ? Effect.map(info, ({ state }) => state.last_seq) : written
  return asked.pipe(
    Effect.retry({ times: 2 }),
    Effect.mapError((error) => (error._tag === "Unavailable" ? error : Nats.unavailable("no", error)))
  )
}

const asUnavailable = <A>(effect: Effect.Effect<A, unknown>) =>
  Effect.mapError(effect, (error) => (error instanceof Unavailable ? error : Nats.unavailable("unknown", error)))

const statusOf = (jetstream: JetStream.JetStream, durable: boolean) =>
  Effect.gen(function* () {
    const { config, created, state } = yield* jetstream.info
    const { rev } = yield* compactedOf(jetstream, "compact")
    const status: Status = {
      epoch: yield* epochOf(jetstream, created),
      last: state.last_seq,
      compacted: rev,
      entries: state.messages,
      bytes: state.bytes,
      replicas: jetstream.replicas,
      durable,
      sealed: config["sealed"] === true
    }
    return status
  })

const openLog = Effect.fnUntraced(function* (jetstream: JetStream.JetStream, log: LogName, durable: boolean) {
  yield* nameEpoch(jetstream)
  return {
    append: Append.make(jetstream, log),
    barrier: barrierOf(jetstream),
    follow: (since: Parameters<typeof follow>[1]) => follow(jetstream, since),
    compact: (seq: number) => compact(jetstream, seq),
    status: asUnavailable(statusOf(jetstream, durable)),
    history: (range: Parameters<typeof history>[1]) => history(jetstream, range),
    seal: asUnavailable(JetStream.seal(jetstream)),
    reset: (after: number) => asUnavailable(Effect.andThen(JetStream.remake(jetstream, log, after), nameEpoch(jetstream)))
  }
})

const make = Effect.fnUntraced(function* ({ cluster, monitor, replicas = 1, ...options }: Options) {
  const nats = yield* Nats.make(options)
  const durable = yield* checkSync(nats, monitor)
  const open = (log: LogName) =>
    Effect.flatMap(JetStream.open(nats, cluster, log, replicas), (jetstream) => openLog(jetstream, log, durable)).pipe(
      Effect.catchTags({
        Unavailable: ({ cause }) => Effect.fail(unreachable(nats, cause)),
        Refused: ({ code, description }) => Effect.fail(unreachable(nats, `${description} (${code})`))
      })
    )
  const logs = { objects: yield* open("objects"), events: yield* open("events"), leases: yield* open("leases") }
  return Log.of({
    append: ({ log, bytes, key, op, prev, writeId }) =>
      bytes.length > limit ? Effect.fail(new TooLarge({ key, limit })) : logs[log].append({ bytes, key, op, prev, writeId }),
    barrier: ({ log }) => logs[log].barrier,
    follow: ({ log, since }) => logs[log].follow(since),
    compact: ({ log, seq }) => logs[log].compact(seq),
    status: ({ log }) => logs[log].status,
    history: ({ log, ...range }) => logs[log].history(range),
    seal: ({ log }) => Effect.asVoid(logs[log].seal),
    reset: ({ after, log }) => Effect.asVoid(logs[log].reset(after))
  })
})

const unreachable = ({ connection }: Nats.Nats, cause: unknown) =>
  new Nats.NatsUnreachable({ servers: connection.getServer(), reason: String(cause) })

export const layer = (options: Options): Layer.Layer<Log, Nats.NatsUnreachable | JetStream.NatsUnfit> =>
  Layer.effect(Log, make(options))

export const plugin = (options: Options) => Plugin.make({ name: "jetstream-log", offers: [Log], layer: layer(options) })
