/**
 * Seqs that do not come. Compaction takes messages away, and says before how far it goes; the limit of messages a key takes the
 * oldest of a key that has many newer ones. Whatever else is missing was lost by the server that is read.
 */
import { Effect, Schema } from "effect"
import { Lost, type Message } from "./Consumer.ts"
import type { Found, JetStream } from "./JetStream.ts"

const Mark = Schema.fromJsonString(Schema.Struct({ rev: Schema.Int }))

const markOf = (found: Found | undefined) =>
  found === undefined
    ? Effect.succeed({ seq: 0, rev: 0 })
    : Effect.map(Schema.decodeEffect(Mark)(found.text), ({ rev }) => ({ seq: found.seq, rev }))

/** How far the log is compacted, or is about to be; and by which message. */
export const compactedOf = ({ find, subjects }: JetStream, what: "compact" | "compacted") =>
  Effect.flatMap(find({ last: subjects.meta(what) }), markOf)

/** The same as of now, whoever was asked: what was taken away before this is below it. */
export const compactedNow = (jetstream: JetStream) => {
  const { isLast, subjects } = jetstream
  const ask: Effect.Effect<number, Effect.Error<ReturnType<typeof compactedOf>>> = Effect.suspend(() =>
    Effect.flatMap(compactedOf(jetstream, "compact"), ({ rev, seq }) =>
      Effect.flatMap(isLast(subjects.meta("compact"), seq), (isLast) => (isLast ? Effect.succeed(rev) : ask))
    )
  )
  return ask
}

/** Pairs of seqs around what did not come after `seq`. */
export const gapsOf = (messages: ReadonlyArray<Message>, seq: number) => {
  const gaps: Array<{ readonly after: number; readonly before: number }> = []
  let at = seq
  for (const message of messages) {
    if (message.seq !== at + 1) gaps.push({ after: at, before: message.seq })
    at = message.seq
  }
  return gaps
}

/**
 * Whether compaction took any of what is missing; fails if the server that is read has lost some of it. A gap up to `known` was
 * accounted for before.
 */
export const wasCompacted = Effect.fnUntraced(function* (
  jetstream: JetStream,
  gaps: ReturnType<typeof gapsOf>,
  server: string,
  known = 0
) {
  const unknown = gaps.filter(({ before }) => before > known + 1)
  const first = unknown[0]
  if (first === undefined) return false
  if (Math.max(first.after, known) < (yield* compactedNow(jetstream))) return true
  const { find, subjects } = jetstream
  /** Up to here no entry is missing. */
  let whole = 0
  for (const { after, before } of unknown) {
    if (before <= whole) continue
    const found = yield* find({ next: subjects.objects, after: Math.max(after, known) })
    whole = found?.seq ?? before
    if (whole < before) {
      const reason = `${server} has lost the message ${whole} of ${subjects.stream}, which others have`
      yield* Effect.logError(reason)
      return yield* new Lost({ reason })
    }
  }
  return false
})
