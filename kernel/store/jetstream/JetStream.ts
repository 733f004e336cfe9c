/** One log's stream: its configuration, what must be true of it before it is trusted, and the calls that read its state. */
import { Effect, Schema } from "effect"
import { limit, type LogName } from "../Log.ts"
import { type Nats, Refused } from "./Nats.ts"
import * as Subject from "./Subject.ts"
import * as Version from "./Version.ts"

export class NatsUnfit extends Schema.TaggedError<NatsUnfit>()("NatsUnfit", {
  server: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `the NATS server ${this.server} cannot keep a log: ${this.reason}`
  }
}

/** JetStream's own numbers of what went wrong. */
export const codes = {
  noStream: 10059,
  noMessage: 10037,
  conflict: 10071,
  underWay: 10164,
  noSpace: 10047,
  tooLarge: 10054,
  sealed: 10109
}

export type Replicas = 1 | 3

const gibibyte = 1024 ** 3
/** Above it writes are refused, before the disk is full. */
const bytes = { objects: 4 * gibibyte, events: gibibyte, leases: gibibyte / 4 }

/** What would lose or rewrite history if it were otherwise, and is therefore looked at in a stream that is there already. */
const vital = (subjects: Subject.Subjects, replicas: Replicas) => ({
  subjects: [subjects.all],
  retention: "limits",
  storage: "file",
  num_replicas: replicas,
  discard: "new",
  max_msgs: -1,
  max_age: 0,
  max_msgs_per_subject: 64,
  allow_rollup_hdrs: false,
  deny_purge: true,
  deny_delete: false,
  sealed: false,
  persist_mode: "default"
})

/** What a new stream is made with. */
const configOf = (subjects: Subject.Subjects, log: LogName, replicas: Replicas) => {
  const { persist_mode: _, sealed: _sealed, ...made } = vital(subjects, replicas)
  return {
    ...made,
    name: subjects.stream,
    max_bytes: bytes[log],
    duplicate_window: 1e9,
    compression: "s2",
    allow_direct: true
  }
}

const State = Schema.Struct({
  config: Schema.Record(Schema.String, Schema.Json),
  created: Schema.String,
  state: Schema.Struct({ last_seq: Schema.Int, messages: Schema.Int, bytes: Schema.Int })
})
const Stored = Schema.Struct({
  message: Schema.Struct({
    seq: Schema.Int,
    hdrs: Schema.optionalKey(Schema.String),
    data: Schema.optionalKey(Schema.String)
  })
})

const fieldOf = (headers: string, name: string) => new RegExp(`^${name}: *(.*?)\r?$`, "m").exec(headers)?.[1]
const decoded = (base64: string | undefined) => Buffer.from(base64 ?? "", "base64").toString()

export interface Found {
  readonly seq: number
  readonly header: (name: string) => string | undefined
  readonly text: string
  readonly bytes: Uint8Array
}

export interface JetStream {
  readonly nats: Nats
  readonly subjects: Subject.Subjects
  readonly replicas: Replicas
  readonly info: Effect.Effect<typeof State.Type, Effect.Error<ReturnType<Nats["api"]>>>
  /** The last message of a subject, or the first after a seq. Absent if there is none. */
  readonly find: (
    what: { readonly last: string } | { readonly next: string; readonly after: number }
  ) => Effect.Effect<Found | undefined, Effect.Error<ReturnType<Nats["api"]>>>
}

const calls = (nats: Nats, subjects: Subject.Subjects, replicas: Replicas): JetStream => ({
  nats,
  subjects,
  replicas,
  info: nats.api(`STREAM.INFO.${subjects.stream}`, null, State),
  find: (what) =>
    nats
      .api(
        `STREAM.MSG.GET.${subjects.stream}`,
        "last" in what ? { last_by_subj: what.last } : { seq: what.after + 1, next_by_subj: what.next },
        Stored
      )
      .pipe(
        Effect.map(({ message }): Found | undefined => ({
          seq: message.seq,
          header: (name) => fieldOf(decoded(message.hdrs), name),
          text: decoded(message.data),
          bytes: new Uint8Array(Buffer.from(message.data ?? "", "base64"))
        })),
        Effect.catchTag("Refused", (refused) => (refused.code === codes.noMessage ? Effect.undefined : Effect.fail(refused)))
      )
})

/** Replicated compare-and-swap was repaired late; so was the loss of whole streams after a kill. */
const floor = { 1: "2.10.23", 3: "2.12.3" } as const

const assertServer = Effect.fnUntraced(function* ({ connection }: Nats, replicas: Replicas) {
  const { max_payload, version } = connection.info ?? { max_payload: 0, version: "0" }
  const unfit = (reason: string) => new NatsUnfit({ server: connection.getServer(), reason })
  const need = floor[replicas]
  if (Version.isBefore(version, need)) {
    return yield* unfit(`it is ${version}, and ${replicas} replica(s) need ${need} or newer (https://nats.io/download)`)
  }
  if (max_payload < limit + 65_536) {
    return yield* unfit(`it takes ${max_payload} bytes a message, and an object may have ${limit}: set max_payload to 4MB`)
  }
})

/** The stream of a log: made if it is not there, else compared with what it has to be. */
export const open = Effect.fnUntraced(function* (nats: Nats, cluster: string, log: LogName, replicas: Replicas) {
  yield* assertServer(nats, replicas)
  const subjects = Subject.make(cluster, log)
  const { stream } = subjects
  const jetstream = calls(nats, subjects, replicas)
  const wanted = vital(subjects, replicas)
  const config = configOf(subjects, log, replicas)
  const unfit = (reason: string) => new NatsUnfit({ server: nats.connection.getServer(), reason })
  const create = nats.api(`STREAM.CREATE.${stream}`, config, State)
  const state = yield* jetstream.info.pipe(
    Effect.catchIf(
      (error) => error._tag === "Refused" && error.code === codes.noStream,
      () => create
    ),
    Effect.mapError((error) =>
      error._tag === "Refused"
        ? unfit(`${stream}: ${error.description} (${error.code})`)
        : unfit(`JetStream does not answer (${String(error.cause)}); is it enabled for this account?`)
    )
  )
  for (const [field, value] of Object.entries(wanted)) {
    if (state.config["sealed"] === true && (field === "sealed" || field === "deny_delete")) continue
    const found = JSON.stringify(
      state.config[field] ?? (field === "persist_mode" ? "default" : typeof value === "boolean" ? false : null)
    )
    if (found !== JSON.stringify(value)) {
      return yield* unfit(`${field} of its stream ${stream} is ${found}, and has to be ${JSON.stringify(value)}`)
    }
  }
  return jetstream
})

/** No message is taken any more. The server does not undo it. */
export const seal = ({ info, nats, subjects: { stream } }: JetStream) =>
  Effect.flatMap(info, ({ config }) => nats.api(`STREAM.UPDATE.${stream}`, { ...config, sealed: true }, State))

/** The stream is made anew, and goes on beyond `after` and beyond all it had. */
export const remake = Effect.fnUntraced(function* (
  { info, nats, replicas, subjects }: JetStream,
  log: LogName,
  after: number
) {
  const { state } = yield* info
  const config = configOf(subjects, log, replicas)
  yield* nats.api(`STREAM.DELETE.${subjects.stream}`, null, Schema.Json)
  const first_seq = Math.max(after, state.last_seq) + 1
  yield* nats.api(`STREAM.CREATE.${subjects.stream}`, { ...config, first_seq }, State)
})

export { Refused }
