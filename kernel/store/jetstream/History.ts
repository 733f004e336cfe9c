/** The entries that a stream keeps, from a seq on and to an end: those of all keys by one consumer, those of a key one by one. */
import { Effect, Stream } from "effect"
import type { Unavailable } from "../../plugin/Contract.ts"
import type { Entry } from "../Log.ts"
import { header } from "./Append.ts"
import { open } from "./Consumer.ts"
import { entryOf } from "./Follower.ts"
import type { JetStream } from "./JetStream.ts"
import { unavailable } from "./Nats.ts"

export interface Range {
  readonly after: number
  readonly upTo?: number
  readonly key?: string
}

const ofAll = Effect.fnUntraced(function* ({ info, nats, subjects }: JetStream, { after, upTo }: Range) {
  const { state } = yield* info
  const end = Math.min(upTo ?? state.last_seq, state.last_seq)
  if (end <= after) return Stream.empty
  const { pull } = yield* open(nats, { stream: subjects.stream, seq: after + 1 })
  let at = after
  const next = Effect.map(pull, (messages) => {
    at = messages.at(-1)?.seq ?? at
    return messages.flatMap((message): ReadonlyArray<Entry> => {
      const key = message.seq > end ? undefined : subjects.keyOf(message.subject)
      return key === undefined ? [] : [entryOf(message, key)]
    })
  })
  return Stream.fromEffectRepeat(next).pipe(Stream.takeUntil(() => at >= end))
})

const ofKey = ({ find, subjects }: JetStream, key: string, { after, upTo }: Range) =>
  Stream.unfold(after, (at) =>
    Effect.map(find({ next: subjects.object(key), after: at }), (found) => {
      if (found === undefined || (upTo !== undefined && found.seq > upTo)) return undefined
      const entry: Entry = {
        seq: found.seq,
        key,
        op: found.header(header.op) === "DEL" ? "delete" : "put",
        bytes: found.bytes,
        prev: Number(found.header(header.prev)),
        writeId: found.header(header.writeId) ?? ""
      }
      return [[entry], found.seq] as const
    })
  )

const inFull = (jetstream: JetStream, range: Range): Stream.Stream<ReadonlyArray<Entry>, Unavailable> =>
  Stream.unwrap(ofAll(jetstream, range)).pipe(
    Stream.mapError((error) => (error._tag === "Unavailable" ? error : unavailable("no", error)))
  )

export const history = (jetstream: JetStream, range: Range): Stream.Stream<ReadonlyArray<Entry>, Unavailable> =>
  range.key === undefined
    ? inFull(jetstream, range)
    : Stream.mapError(ofKey(jetstream, range.key, range), (error) =>
        error._tag === "Unavailable" ? error : unavailable("no", error)
      )
