/**
 * What one follower is told, over as many consumers as it takes. From nothing it gets the last entry of each key, whatever
 * history there is, and then all that came since; from a position it gets what came since. A seq that does not come was dropped
 * by compaction, or by the limit of messages a key; only the first can hide a delete, so that after it the follower begins anew.
 */
import { Effect, Option, Stream } from "effect"
import type { Unavailable } from "../../plugin/Contract.ts"
import { batch } from "../Batch.ts"
import type { Position } from "../Feed.ts"
import type { Entry, Followed, LogName } from "../Log.ts"
import { Lost, type Message, open } from "./Consumer.ts"
import { compactedOf, gapsOf, wasCompacted } from "./Gaps.ts"
import type { JetStream } from "./JetStream.ts"
import { Corrupt, entryOf } from "./Message.ts"
import { unavailable } from "./Nats.ts"

/** A stream that was made again, or restored, is another one. */
export const epochOf = ({ find, subjects }: JetStream, created: string) =>
  Effect.flatMap(find({ last: subjects.meta("epoch") }), (found) =>
    found === undefined
      ? Effect.fail(new Lost({ reason: "the stream has no epoch" }))
      : Effect.succeed(`${found.text} ${created}`)
  )

/** The messages as entries, in batches of bounded size; messages of our own only tell how far it goes. */
const newsOf = (messages: ReadonlyArray<Message>, keyOf: (subject: string) => string | undefined, log: LogName) => {
  const news: Followed[] = []
  let entries: Entry[] = []
  let bytes = 0
  for (const [at, message] of messages.entries()) {
    const key = keyOf(message.subject)
    if (key !== undefined) {
      const entry = entryOf(message, key, log)
      if (entry instanceof Corrupt) return Effect.fail(entry)
      bytes += entry.bytes.length
      entries.push(entry)
    }
    if (at + 1 < messages.length && entries.length < batch.entries && bytes < batch.bytes) continue
    news.push({ _tag: "Entries", entries, upTo: message.seq })
    entries = []
    bytes = 0
  }
  return Effect.succeed(news)
}

/** Where a follower is; absent while what it was told is not whole. */
interface At {
  position: Position | undefined
}

const startAnew = (at: At, reason: string) => {
  at.position = undefined
  return new Lost({ reason })
}

/** A stream that is made anew while a consumer is opened is not the one that was looked at. */
const isStill = Effect.fnUntraced(function* (jetstream: JetStream, at: At, epoch: string) {
  const { created } = yield* jetstream.info
  if ((yield* epochOf(jetstream, created)) !== epoch) return yield* startAnew(at, "the log was made anew")
})

/** All that comes after a seq. */
const after = Effect.fnUntraced(function* (jetstream: JetStream, at: At, from: Position) {
  const { epoch } = from
  const { log, nats, subjects } = jetstream
  const { pull, server } = yield* open(nats, { stream: subjects.stream, seq: from.seq + 1 })
  yield* isStill(jetstream, at, epoch)
  at.position = from
  let { seq } = from
  const next = Effect.gen(function* () {
    const messages = yield* pull
    const last = messages.at(-1)
    if (last === undefined) return []
    const gaps = gapsOf(messages, seq)
    if (gaps.length > 0 && (yield* wasCompacted(jetstream, gaps, server))) {
      return yield* startAnew(at, "compaction has passed the follower")
    }
    const news = yield* newsOf(messages, subjects.keyOf, log)
    seq = last.seq
    at.position = { epoch, seq }
    return news
  })
  return Stream.fromIterableEffectRepeat(next)
})

/**
 * What lives, as of a seq. A key that is written meanwhile is told by what comes after; so the state is whole at every seq that
 * the log reaches after Began, and not before.
 */
const living = Effect.fnUntraced(function* (jetstream: JetStream, at: At, to: Position) {
  const { log, nats, subjects } = jetstream
  const { pending, pull } = yield* open(nats, { stream: subjects.stream, seq: "last of each" })
  yield* isStill(jetstream, at, to.epoch)
  const page = Effect.fnUntraced(function* (isFirst: boolean) {
    if (isFirst) return [[{ _tag: "Began", epoch: to.epoch }], Option.some(false)] as const
    const messages = yield* pull
    const last = messages.at(-1)
    // The last of all is the last of its subject; if it went, what is left comes to an end without it.
    const isEnd = last === undefined ? (yield* pending) === 0 : last.seq >= to.seq
    const news = yield* newsOf(
      messages.filter(({ seq }) => seq <= to.seq),
      subjects.keyOf,
      log
    )
    const all: ReadonlyArray<Followed> = isEnd ? [...news, { _tag: "Entries", entries: [], upTo: to.seq }] : news
    return [all, isEnd ? Option.none<boolean>() : Option.some(false)] as const
  })
  return Stream.paginate<boolean, Followed, Effect.Error<ReturnType<typeof page>>>(true, page)
})

/** One consumer's worth of a follower that is at `at`, which moves; two, if it begins with what lives. */
const session = Effect.fnUntraced(function* (jetstream: JetStream, at: At) {
  const { created, state } = yield* jetstream.info
  const epoch = yield* epochOf(jetstream, created)
  const mark = yield* compactedOf(jetstream, "compact")
  const { position } = at
  // A leader that is new may not know yet how far the log is.
  const isKnown = (seq: number) =>
    seq <= state.last_seq ? Effect.succeed(true) : Effect.map(jetstream.barrier, (head) => seq <= head)
  if (position?.epoch === epoch && position.seq >= mark.rev && (yield* isKnown(position.seq))) {
    const here: Followed = { _tag: "Entries", entries: [], upTo: position.seq }
    return Stream.concat(Stream.succeed(here), Stream.unwrap(after(jetstream, at, position)))
  }
  at.position = undefined
  const head = { epoch, seq: state.last_seq }
  return Stream.concat(Stream.unwrap(living(jetstream, at, head)), Stream.unwrap(after(jetstream, at, head)))
})

/** Servers and connections come and go; what a server refuses does not pass by itself. */
const tell = (cause: { readonly _tag: string }) =>
  (cause._tag === "Refused" ? Effect.logWarning : Effect.logDebug)("the log is followed by another consumer", cause)

export const follow = (jetstream: JetStream, since: Position | undefined): Stream.Stream<Followed, Unavailable> =>
  Stream.suspend(() => {
    const at: At = { position: since }
    return Stream.unwrap(session(jetstream, at)).pipe(
      Stream.catch((cause) =>
        cause._tag === "Corrupt"
          ? Stream.fail(unavailable("no", cause))
          : Stream.fromEffectDrain(Effect.andThen(tell(cause), Effect.sleep("100 millis")))
      ),
      Stream.forever
    )
  })
