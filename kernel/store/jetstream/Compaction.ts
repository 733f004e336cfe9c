/**
 * Forgets history. The mark `compact` is written first, so that a follower can tell that what it misses was dropped; then go
 * the entries that others replaced, and only then the deletes: a delete that went first would bring its key's past back.
 * `compacted` says that all of it was done; what is between the two marks is done again.
 */
import { headers } from "@nats-io/transport-node"
import { Effect, Schedule, Schema } from "effect"
import { Lost, type Message, open } from "./Consumer.ts"
import { compactedOf } from "./Gaps.ts"
import { codes, type JetStream } from "./JetStream.ts"
import { header } from "./Message.ts"
import { Refused, unavailable } from "./Nats.ts"

/** What the server says when a message is gone already. */
const gone = new Set([codes.noMessage, 10043, 10057])

const mark = ({ nats, subjects }: JetStream, what: "compact" | "compacted", rev: number, expected?: number) => {
  const all = headers()
  if (expected !== undefined) all.set(header.expected, `${expected}`)
  return nats.request(subjects.meta(what), JSON.stringify({ rev }), all)
}

const drop = ({ nats, subjects }: JetStream, seq: number) =>
  nats.api(`STREAM.MSG.DELETE.${subjects.stream}`, { seq, no_erase: true }, Schema.Json).pipe(
    Effect.catchIf(
      (error) => error._tag === "Refused" && gone.has(error.code),
      () => Effect.void
    )
  )

/** What the entries after `from` up to `to` have made superfluous. Before `from` every entry is its key's only one. */
const superfluous = Effect.fnUntraced(function* ({ nats, subjects }: JetStream, from: number, to: number) {
  const replaced: number[] = []
  const deletes: number[] = []
  const note = ({ header: valueOf, seq, subject }: Message) => {
    if (seq > to || subjects.keyOf(subject) === undefined) return
    const prev = Number(valueOf(header.prev))
    if (prev > 0) replaced.push(prev)
    if (valueOf(header.op) === "DEL") deletes.push(seq)
  }
  const { pull } = yield* open(nats, { stream: subjects.stream, seq: from + 1, headersOnly: true })
  for (let at = from; at < to; ) {
    const messages = yield* pull
    messages.forEach(note)
    at = messages.at(-1)?.seq ?? at
  }
  return { replaced, deletes }
}, Effect.scoped)

const attempt = Effect.fnUntraced(function* (jetstream: JetStream, seq: number) {
  const done = yield* compactedOf(jetstream, "compacted")
  const { state } = yield* jetstream.info
  const rev = Math.min(seq, state.last_seq)
  if (rev <= done.rev) return
  const before = yield* compactedOf(jetstream, "compact")
  const to = Math.max(rev, before.rev)
  // Another who compacts has written the mark in between: this one starts over, from what that one has done.
  yield* mark(jetstream, "compact", to, before.seq)
  const { deletes, replaced } = yield* superfluous(jetstream, done.rev, to)
  const each = (seqs: ReadonlyArray<number>) =>
    Effect.forEach(seqs, (seq) => drop(jetstream, seq), { concurrency: 64, discard: true })
  yield* each(replaced)
  yield* each(deletes)
  yield* mark(jetstream, "compacted", to)
})

export const compact = (jetstream: JetStream, seq: number) =>
  attempt(jetstream, seq).pipe(
    Effect.retry({
      while: (error) => error instanceof Lost || (error instanceof Refused && error.code === codes.conflict),
      schedule: Schedule.spaced("200 millis"),
      times: 10
    }),
    Effect.mapError((error) => (error._tag === "Unavailable" ? error : unavailable("unknown", error)))
  )
