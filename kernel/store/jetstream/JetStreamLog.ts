/** The log on NATS JetStream: a stream for each log, replicated or on one server. */
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import { Unavailable } from "../../plugin/Contract.ts"
import * as Plugin from "../../plugin/Plugin.ts"
import { Log, type LogName, limit, type Status, TooLarge } from "../Log.ts"
import * as Append from "./Append.ts"
import { compact } from "./Compaction.ts"
import { epochOf, follow } from "./Follower.ts"
import { compactedOf } from "./Gaps.ts"
import { history } from "./History.ts"
import * as JetStream from "./JetStream.ts"
import * as Nats from "./Nats.ts"
import * as Streams from "./Streams.ts"
import * as Sync from "./Sync.ts"

export interface Options extends Nats.Options, Sync.Options {
  /** Keeps the logs of several clusters on one server apart. */
  readonly cluster: string
  readonly replicas?: JetStream.Replicas
  /** How large each log may become, where it is made. */
  readonly most?: Streams.Bytes
}

const asUnavailable = <A>(effect: Effect.Effect<A, unknown>) =>
  Effect.mapError(effect, (error) => (error instanceof Unavailable ? error : Nats.unavailable("unknown", error)))

const statusOf = (jetstream: JetStream.JetStream) =>
  Effect.gen(function* () {
    const { config, created, state } = yield* jetstream.info
    const { rev } = yield* compactedOf(jetstream, "compact")
    const status: Omit<Status, "durable"> = {
      epoch: yield* epochOf(jetstream, created),
      last: state.last_seq,
      compacted: rev,
      entries: state.messages,
      bytes: state.bytes,
      replicas: jetstream.replicas,
      sealed: JetStream.isSealed({ config, created, state }, jetstream.subjects)
    }
    return status
  })

const openLog = Effect.fnUntraced(function* (opened: Streams.Opened) {
  // Whoever comes first names it.
  const nameEpoch = Effect.suspend(() => Streams.nameEpoch(opened, randomUUID()))
  yield* nameEpoch
  return {
    append: yield* Append.make(opened),
    barrier: asUnavailable(Effect.retry(opened.barrier, { times: 2 })),
    follow: (since: Parameters<typeof follow>[1]) => follow(opened, since),
    compact: (seq: number) => compact(opened, seq),
    status: asUnavailable(statusOf(opened)),
    history: (range: Parameters<typeof history>[1]) => history(opened, range),
    seal: asUnavailable(Streams.seal(opened)),
    reset: (after: number) => asUnavailable(Effect.andThen(Streams.remake(opened, after), nameEpoch))
  }
})

const make = Effect.fnUntraced(function* ({ cluster, most, replicas = 1, ...options }: Options) {
  const nats = yield* Nats.make(options)
  const open = (log: LogName) =>
    Effect.flatMap(Streams.open(nats, cluster, log, replicas, most), openLog).pipe(
      Effect.catchTags({
        Unavailable: ({ cause }) => Effect.fail(unreachable(nats, cause)),
        Refused: ({ code, description }) => Effect.fail(unreachable(nats, `${description} (${code})`))
      })
    )
  const logs = { objects: yield* open("objects"), events: yield* open("events"), leases: yield* open("leases") }
  const durable = yield* Sync.checkSync(nats, replicas, options)
  return Log.of({
    append: ({ log, bytes, key, op, prev, writeId }) =>
      bytes.length > limit ? Effect.fail(new TooLarge({ key, limit })) : logs[log].append({ bytes, key, op, prev, writeId }),
    barrier: ({ log }) => logs[log].barrier,
    follow: ({ log, since }) => logs[log].follow(since),
    compact: ({ log, seq }) => logs[log].compact(seq),
    status: ({ log }) => Effect.map(logs[log].status, (status): Status => ({ ...status, durable })),
    history: ({ log, ...range }) => logs[log].history(range),
    seal: ({ log }) => logs[log].seal,
    reset: ({ after, log }) => logs[log].reset(after)
  })
})

const unreachable = ({ connection }: Nats.Nats, cause: unknown) =>
  new Nats.NatsUnreachable({ servers: connection.getServer(), reason: String(cause) })

export const layer = (options: Options): Layer.Layer<Log, Nats.NatsUnreachable | JetStream.NatsUnfit> =>
  Layer.effect(Log, make(options))

export const plugin = (options: Options) => Plugin.make({ name: "jetstream-log", offers: [Log], layer: layer(options) })
