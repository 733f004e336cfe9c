/** One log's stream: the calls that read its state, and what they say of it. */
import { headers } from "@nats-io/transport-node"
import { Effect, Schema } from "effect"
import type { Unavailable } from "../../plugin/Contract.ts"
import type { LogName } from "../Log.ts"
import { header, type Kept } from "./Message.ts"
import { type Nats, type Refused, unavailable } from "./Nats.ts"
import type * as Subject from "./Subject.ts"

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
  nameInUse: 10058,
  conflict: 10071,
  underWay: 10164,
  storeFailed: 10077
}
/** Servers that are being started: nobody leads them yet, or not enough of them are there for all replicas. */
export const starting = new Set([10005, 10006, 10008, 10009, 10118])
/** What an account or a server may take is taken: of the account, of the server, of its disk. */
export const full = new Set([10002, 10023, 10047])

export type Replicas = 1 | 3

export const State = Schema.Struct({
  config: Schema.Record(Schema.String, Schema.Json),
  created: Schema.String,
  state: Schema.Struct({ last_seq: Schema.Int, messages: Schema.Int, bytes: Schema.Int })
})
export type State = typeof State.Type

const Stored = Schema.Struct({
  message: Schema.Struct({
    seq: Schema.Int,
    hdrs: Schema.optionalKey(Schema.String),
    data: Schema.optionalKey(Schema.String)
  })
})
const Written = Schema.Struct({ seq: Schema.Int })

const fieldOf = (headers: string, name: string) => new RegExp(`^${name}: *(.*?)\r?$`, "m").exec(headers)?.[1] ?? ""
const decoded = (base64: string | undefined) => Buffer.from(base64 ?? "", "base64")

export interface Found extends Kept {
  readonly text: string
}

type Asked<A> = Effect.Effect<A, Unavailable | Refused>

export interface JetStream {
  readonly nats: Nats
  readonly log: LogName
  readonly subjects: Subject.Subjects
  readonly replicas: Replicas
  /** The server writes an atomic batch to its disk once. */
  readonly hasBatches: boolean
  readonly info: Asked<State>
  /** The last message of a subject, or the first after a seq. Absent if there is none. */
  readonly find: (
    what: { readonly last: string } | { readonly next: string; readonly after: number }
  ) => Asked<Found | undefined>
  /** Whether this is the seq of a subject's last message (0: it has none), as no leader that was deposed could say. */
  readonly isLast: (subject: string, seq: number) => Asked<boolean>
  /** A seq that covers all that was acknowledged. */
  readonly barrier: Asked<number>
  /** A seq after all that was sent before, and before all that is sent when it is known. */
  readonly fence: Asked<number>
}

export const calls = (stream: Pick<JetStream, "nats" | "log" | "subjects" | "replicas" | "hasBatches">): JetStream => {
  const { nats, replicas, subjects } = stream
  const info = nats.api(`STREAM.INFO.${subjects.stream}`, null, State)
  const find: JetStream["find"] = (what) =>
    nats
      .api(
        `STREAM.MSG.GET.${subjects.stream}`,
        "last" in what ? { last_by_subj: what.last } : { seq: what.after + 1, next_by_subj: what.next },
        Stored
      )
      .pipe(
        Effect.map(({ message }): Found | undefined => {
          const fields = decoded(message.hdrs).toString()
          const bytes = decoded(message.data)
          return {
            seq: message.seq,
            header: (name) => fieldOf(fields, name),
            text: bytes.toString(),
            bytes: () => new Uint8Array(bytes)
          }
        }),
        Effect.catchTag("Refused", (refused) => (refused.code === codes.noMessage ? Effect.undefined : Effect.fail(refused)))
      )
  /**
   * One server cannot be deposed: what it says is its last message covers all that it has acknowledged. A leader among several
   * can be without knowing it; what it writes then is never acknowledged.
   */
  const written = (on?: { readonly subject: string; readonly seq: number }) =>
    Effect.suspend(() => {
      const all = headers()
      if (on !== undefined) {
        all.set(header.expected, `${on.seq}`)
        all.set(header.expectedOf, on.subject)
      }
      return nats.request(subjects.meta("barrier"), "", all, 2000)
    }).pipe(
      Effect.flatMap(Schema.decodeUnknownEffect(Written)),
      Effect.map(({ seq }) => seq),
      Effect.catchTag("SchemaError", (cause) => Effect.fail(unavailable("unknown", cause)))
    )
  const isLast: JetStream["isLast"] = (subject, seq) =>
    replicas === 1
      ? Effect.map(find({ last: subject }), (found) => (found?.seq ?? 0) === seq)
      : Effect.as(written({ subject, seq }), true).pipe(
          Effect.catchIf(
            (error) => error._tag === "Refused" && (error.code === codes.conflict || error.code === codes.underWay),
            () => Effect.succeed(false)
          )
        )
  const fence = written()
  const barrier = replicas === 1 ? Effect.map(info, ({ state }) => state.last_seq) : fence
  return { ...stream, info, find, isLast, barrier, fence }
}

/** A sealed stream listens to what is said of it, and to no entry. */
export const isSealed = ({ config }: State, { metas }: Subject.Subjects) =>
  JSON.stringify(config["subjects"]) === JSON.stringify([metas])
