/**
 * All that one server has of a log. A consumer with one replica lives where a replica of the stream does, but nobody can say on
 * which server, so that others are tried until it is the one that is meant. A message whose bytes on the disk are damaged is
 * left out by the server without a word: what a replica lacks shows beside the others only.
 */
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import type { LogName } from "../Log.ts"
import { Lost, type Message, open } from "./Consumer.ts"
import { entryOf, header } from "./Message.ts"
import type { Nats } from "./Nats.ts"
import type { Subjects } from "./Subject.ts"

export interface Place {
  readonly nats: Nats
  readonly log: LogName
  readonly subjects: Subjects
}

export interface Replica {
  readonly server: string
  /** By seq, what tells a message from another. */
  readonly messages: ReadonlyMap<number, Told>
}
export interface Told {
  readonly digest: string
  /** Absent for messages that are no entries. */
  readonly key: string | undefined
  /** Whether it is what its writer has sent. */
  readonly isSound: boolean
}

export class ReplicaUnread extends Schema.TaggedError<ReplicaUnread>()("ReplicaUnread", {
  server: Schema.String,
  stream: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `the replica of ${this.stream} on ${this.server} cannot be read: ${this.reason}`
  }
}

const told = ({ log, subjects }: Place, message: Message): Told => {
  const key = subjects.keyOf(message.subject)
  const hash = createHash("sha1").update(message.bytes())
  for (const name of [header.op, header.prev, header.writeId]) hash.update(`\0${message.header(name)}`)
  return {
    digest: hash.update(message.subject).digest("base64"),
    key,
    isSound: key === undefined || !("_tag" in entryOf(message, key, log))
  }
}

/** Three replicas: one of three is the right one, so that 60 tries fail once in 10¹⁰. */
const tries = 60
/** Heartbeats, one a second, after which nothing more is expected of a server that is behind. */
const patience = 10

/** From a server that turns out to be another: nothing. */
const attempt = Effect.fnUntraced(function* (place: Place, server: string | undefined, from: number, to: number) {
  const { pull, server: found } = yield* open(place.nats, { stream: place.subjects.stream, seq: from })
  if (server !== undefined && found !== server) return undefined
  const messages = new Map<number, Told>()
  let at = from - 1
  for (let idle = 0; at < to && idle < patience; ) {
    const some = yield* pull
    idle = some.length === 0 ? idle + 1 : 0
    for (const message of some) if (message.seq <= to) messages.set(message.seq, told(place, message))
    at = some.at(-1)?.seq ?? at
  }
  const replica: Replica = { server: server ?? "", messages }
  return replica
}, Effect.scoped)

/** What the server has from one seq to another, both included. `server` is absent where there is one only. */
export const read = Effect.fn("NatsReplica.read")(function* (
  place: Place,
  server: string | undefined,
  from: number,
  to: number
) {
  const unread = (reason: string) =>
    new ReplicaUnread({ server: server ?? "the server", stream: place.subjects.stream, reason })
  for (let tried = 0; tried < tries; tried++) {
    const replica = yield* attempt(place, server, from, to).pipe(
      // A connection that was made anew, or a consumer that was lost with its server.
      Effect.catchIf(
        (error) => error instanceof Lost && tried < tries - 1,
        () => Effect.undefined
      ),
      Effect.mapError((error) =>
        unread(error._tag === "Unavailable" ? String(error.cause) : "reason" in error ? error.reason : error.description)
      )
    )
    if (replica !== undefined) return replica
  }
  return yield* unread("no consumer came to be there; is the server away, or behind?")
})
