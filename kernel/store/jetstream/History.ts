/**
 * The entries that a stream keeps, from a seq on and to an end: those of all keys by consumers, those of a key one by one. If
 * compaction comes in between, what was told may lack a delete, and the reader is told to begin again.
 */
import { Effect, Option, Schema, Stream } from "effect"
import type { Unavailable } from "../../plugin/Contract.ts"
import { batches } from "../Batch.ts"
import type { Entry } from "../Log.ts"
import { type Lost, open } from "./Consumer.ts"
import { compactedNow, gapsOf, wasCompacted } from "./Gaps.ts"
import type { JetStream } from "./JetStream.ts"
import { Corrupt, entryOf, type Kept } from "./Message.ts"
import { unavailable } from "./Nats.ts"

export interface Range {
  readonly after: number
  readonly upTo?: number
  readonly key?: string
}

/** Consumers that end without having told anything, until the reader is told that the log cannot be read. */
const patience = 5

class CompactedMeanwhile extends Schema.TaggedError<CompactedMeanwhile>()("CompactedMeanwhile", {}) {
  override get message() {
    return "the log was compacted while its history was read: read it again"
  }
}

/** The last page is told only if nothing was compacted since the first. */
const checkCompaction = Effect.fnUntraced(function* (jetstream: JetStream, rev: number) {
  if ((yield* compactedNow(jetstream)) !== rev) return yield* new CompactedMeanwhile()
})

const entriesOf = ({ log, subjects }: JetStream, kept: ReadonlyArray<Kept & { readonly subject: string }>, end: number) => {
  const entries: Array<Entry> = []
  for (const message of kept) {
    const key = message.seq > end ? undefined : subjects.keyOf(message.subject)
    if (key === undefined) continue
    const entry = entryOf(message, key, log)
    if (entry instanceof Corrupt) return Effect.fail(entry)
    entries.push(entry)
  }
  return Effect.succeed(entries)
}

/** One consumer's worth, from where `at` is, which moves. */
const part = Effect.fnUntraced(function* (jetstream: JetStream, at: { seq: number }, end: number, rev: number) {
  const { nats, subjects } = jetstream
  const { pull, server } = yield* open(nats, { stream: subjects.stream, seq: at.seq + 1 })
  const page = Effect.fnUntraced(function* () {
    const messages = yield* pull
    const last = messages.at(-1)
    if (last === undefined) return [[], Option.some(undefined)] as const
    const gaps = gapsOf(messages, at.seq)
    if (yield* wasCompacted(jetstream, gaps, server, rev)) return yield* new CompactedMeanwhile()
    const entries = yield* entriesOf(jetstream, messages, end)
    at.seq = last.seq
    if (last.seq < end) return [[...batches(entries)], Option.some(undefined)] as const
    yield* checkCompaction(jetstream, rev)
    return [[...batches(entries)], Option.none<undefined>()] as const
  })
  return Stream.paginate<undefined, ReadonlyArray<Entry>, Effect.Error<ReturnType<typeof page>>>(undefined, page)
})

const ofAll = Effect.fnUntraced(function* (jetstream: JetStream, { after, upTo }: Range) {
  const rev = yield* compactedNow(jetstream)
  const head = yield* jetstream.barrier
  const end = Math.min(upTo ?? head, head)
  if (end <= after) return Stream.empty
  const at = { seq: after }
  let failed = 0
  const rest = (): Stream.Stream<
    ReadonlyArray<Entry>,
    Effect.Error<ReturnType<typeof jetstream.find>> | Corrupt | CompactedMeanwhile | Lost | Schema.SchemaError
  > =>
    Stream.suspend(() => {
      const before = at.seq
      return Stream.unwrap(part(jetstream, at, end, rev)).pipe(
        Stream.catchTag("Lost", (lost) => {
          failed = at.seq === before ? failed + 1 : 0
          return failed === patience ? Stream.fail(lost) : rest()
        })
      )
    })
  return rest()
})

const ofKey = Effect.fnUntraced(function* (jetstream: JetStream, key: string, { after, upTo }: Range) {
  const { find, log, subjects } = jetstream
  const rev = yield* compactedNow(jetstream)
  const page = Effect.fnUntraced(function* (at: number) {
    const found = yield* find({ next: subjects.object(key), after: at })
    if (found === undefined || (upTo !== undefined && found.seq > upTo)) {
      yield* checkCompaction(jetstream, rev)
      return [[], Option.none<number>()] as const
    }
    const entry = entryOf(found, key, log)
    if (entry instanceof Corrupt) return yield* entry
    return [[[entry]], Option.some(found.seq)] as const
  })
  return Stream.paginate<number, ReadonlyArray<Entry>, Effect.Error<ReturnType<typeof page>>>(after, page)
})

export const history = (jetstream: JetStream, range: Range): Stream.Stream<ReadonlyArray<Entry>, Unavailable> => {
  const { key } = range
  const all = key === undefined ? Stream.unwrap(ofAll(jetstream, range)) : Stream.unwrap(ofKey(jetstream, key, range))
  return Stream.mapError(all, (error) => (error._tag === "Unavailable" ? error : unavailable("no", error)))
}
