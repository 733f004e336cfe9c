/**
 * What one follower is told, over as many consumers as it takes. A seq that does not come was dropped by compaction, or by the
 * limit of messages a key; only the first can hide a delete, so that after it the follower begins anew.
 */
import { Effect, Schema, Stream } from "effect"
import { batch } from "../Batch.ts"
import type { Position } from "../Feed.ts"
import type { Entry, Followed } from "../Log.ts"
import { header } from "./Append.ts"
import { Lost, type Message, open } from "./Consumer.ts"
import type { JetStream } from "./JetStream.ts"

const Mark = Schema.fromJsonString(Schema.Struct({ rev: Schema.Int }))

/** How far the log is compacted, or is about to be; and by which message. */
export const compactedOf = ({ find, subjects }: JetStream, what: "compact" | "compacted") =>
  Effect.flatMap(find({ last: subjects.meta(what) }), (found) =>
    found === undefined
      ? Effect.succeed({ seq: 0, rev: 0 })
      : Effect.map(Schema.decodeEffect(Mark)(found.text), ({ rev }) => ({ seq: found.seq, rev }))
  )

/** A stream that was made again, or restored, is another one. */
export const epochOf = ({ find, subjects }: JetStream, created: string) =>
  Effect.flatMap(find({ last: subjects.meta("epoch") }), (found) =>
    found === undefined
      ? Effect.fail(new Lost({ reason: "the stream has no epoch" }))
      : Effect.succeed(`${found.text} ${created}`)
  )

export const entryOf = (message: Message, key: string): Entry => ({
  seq: message.seq,
  key,
  op: message.header(header.op) === "DEL" ? "delete" : "put",
  bytes: message.bytes(),
  prev: Number(message.header(header.prev)),
  writeId: message.header(header.writeId)
})

/** The messages as entries, in batches of bounded size; messages of our own only tell how far it goes. */
const newsOf = (messages: ReadonlyArray<Message>, keyOf: (subject: string) => string | undefined) => {
  const news: Followed[] = []
  let entries: Entry[] = []
  let bytes = 0
  for (const [at, message] of messages.entries()) {
    const key = keyOf(message.subject)
    if (key !== undefined) {
      const entry = entryOf(message, key)
      bytes += entry.bytes.length
      entries.push(entry)
    }
    if (at + 1 < messages.length && entries.length < batch.entries && bytes < batch.bytes) continue
    news.push({ _tag: "Entries", entries, upTo: message.seq })
    entries = []
    bytes = 0
  }
  return news
}

/** One consumer's worth of a follower that is at `at`, which moves. */
const session = Effect.fnUntraced(function* (jetstream: JetStream, at: { position: Position | undefined }) {
  const { created, state } = yield* jetstream.info
  const epoch = yield* epochOf(jetstream, created)
  const mark = yield* compactedOf(jetstream, "compact")
  const { position } = at
  const goesOn =
    position !== undefined && position.epoch === epoch && position.seq >= mark.rev && position.seq <= state.last_seq
  /** A replay is complete only if nothing was compacted while it was under way. */
  let replayUntil = goesOn ? 0 : state.last_seq
  let seq = goesOn ? position.seq : 0
  if (!goesOn) at.position = undefined
  const { pull } = yield* open(jetstream.nats, { stream: jetstream.subjects.stream, seq: seq + 1 })

  const startAnew = (reason: string) => {
    at.position = undefined
    return new Lost({ reason })
  }
  const checkReplay = Effect.gen(function* () {
    const now = yield* compactedOf(jetstream, "compact")
    if (now.seq !== mark.seq) return yield* startAnew("the log was compacted during the replay")
    replayUntil = 0
  })
  const checkGaps = Effect.fnUntraced(function* (messages: ReadonlyArray<Message>) {
    const gap = messages.findIndex((message, index) => message.seq !== seq + index + 1)
    if (gap === -1) return
    const { rev } = yield* compactedOf(jetstream, "compact")
    if (seq + gap < rev) return yield* startAnew("compaction has passed the follower")
  })

  const next = Effect.gen(function* () {
    const messages = yield* pull
    const last = messages.at(-1)
    if (last === undefined) return []
    if (replayUntil === 0) yield* checkGaps(messages)
    else if (last.seq >= replayUntil) yield* checkReplay
    seq = last.seq
    if (replayUntil === 0) at.position = { epoch, seq }
    return newsOf(messages, jetstream.subjects.keyOf)
  })

  const begin: ReadonlyArray<Followed> = goesOn ? [{ _tag: "Entries", entries: [], upTo: seq }] : [{ _tag: "Began", epoch }]
  return Stream.concat(Stream.fromIterable(begin), Stream.fromIterableEffectRepeat(next))
})

export const follow = (jetstream: JetStream, since: Position | undefined): Stream.Stream<Followed> =>
  Stream.suspend(() => {
    const at = { position: since }
    return Stream.unwrap(session(jetstream, at)).pipe(
      Stream.catch((cause) =>
        Stream.fromEffectDrain(
          Effect.andThen(Effect.logDebug("the log is followed by another consumer", cause), Effect.sleep("100 millis"))
        )
      ),
      Stream.forever
    )
  })
