/** A worker that is an API process in small: a driver of the log, a follower that keeps a table, and clients that ask it. */
import { Effect, Latch, Schedule, Stream } from "effect"
import { createHash } from "node:crypto"
import type { Entry, Followed } from "../../../kernel/store/Log.ts"
import { Log } from "../../../kernel/store/Log.ts"
import type { Content, Cursor, ReadAnswer, Seen, Target, Watcher, WriteAnswer } from "./Target.ts"

const utf8 = new TextEncoder()
const text = new TextDecoder()
const filler = "0123456789abcdefghijklmnopqrstuvwxyz"

/** A value and as many letters as it asks for: what has lost one of them is not the value any more. */
export const bytesOf = (value: string) => {
  const size = Number(/ (\d+)$/.exec(value)?.[1] ?? 0)
  return utf8.encode(`${value}\n${filler.repeat(Math.ceil(size / filler.length)).slice(0, size)}`)
}
export const valueOf = (bytes: Uint8Array) => {
  const [value = ""] = text.decode(bytes).split("\n", 1)
  const isWhole = Buffer.compare(bytesOf(value), bytes) === 0
  return isWhole ? value : `${bytes.length} bytes with the hash ${createHash("sha256").update(bytes).digest("hex")}`
}

export const seenOf = ({ bytes, key, op, seq, writeId }: Entry): Seen => ({
  seq,
  key,
  action: op,
  writeId,
  value: valueOf(bytes)
})

/** The log followed, and those who wait for it to come to a seq. */
class Table {
  readonly entries = new Map<string, Seen>()
  at = 0
  private waiting = new Set<Latch.Latch>()
  take(news: Followed) {
    if (news._tag === "Began") {
      // What a reader sees until the replay is through is what was there before.
      this.fresh = new Map()
      return
    }
    const target = this.fresh ?? this.entries
    for (const entry of news.entries) target.set(entry.key, seenOf(entry))
    if (this.fresh !== undefined && news.upTo >= this.whole) {
      this.entries.clear()
      for (const [key, seen] of this.fresh) this.entries.set(key, seen)
      this.fresh = undefined
    }
    if (this.fresh === undefined) this.at = Math.max(this.at, news.upTo)
    // Who is woken runs at once, and may wait again.
    const woken = this.waiting
    this.waiting = new Set()
    for (const latch of woken) latch.openUnsafe()
  }
  private fresh: Map<string, Seen> | undefined
  /** From where on a replay is all that lives: a barrier from before it began, and no less than what was shown. */
  whole = Number.POSITIVE_INFINITY
  readonly reached = (seq: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (this.at >= seq) return Effect.void
      const latch = Latch.makeUnsafe()
      this.waiting.add(latch)
      const forget = Effect.sync(() => this.waiting.delete(latch))
      return Effect.andThen(Effect.ensuring(latch.await, forget), this.reached(seq))
    })
  found(key: string): ReadAnswer {
    const entry = this.entries.get(key)
    const there = entry?.action === "put" ? entry : { seq: 0, writeId: "", value: "" }
    return { _tag: "Found", seq: there.seq, at: this.at, writeId: there.writeId, value: there.value }
  }
}

const why = (error: unknown) => {
  const cause = typeof error === "object" && error !== null && "cause" in error ? error.cause : error
  return String(cause instanceof Error ? cause.message : cause).slice(0, 200)
}

export interface Options {
  /** Entries of other keys are not recorded. */
  readonly prefix: string
}

export const make = Effect.fn("LogTarget.make")(function* ({ prefix }: Options) {
  const log = yield* Log
  const table = new Table()
  const objects = "objects" as const
  const isOurs = ({ key }: { readonly key: string }) => key.startsWith(prefix)

  const barrier = log.barrier({ log: objects })
  const head = barrier.pipe(Effect.retry(Schedule.spaced("200 millis")), Effect.orDie)
  const replayed = (news: Followed) => {
    if (news._tag !== "Began") return Effect.sync(() => table.take(news))
    return Effect.map(head, (seq) => {
      table.whole = Math.max(seq, table.at)
      table.take(news)
    })
  }
  const follow = (since: Cursor | undefined) =>
    Stream.unwrap(Effect.sync(() => log.follow({ log: objects, ...(since === undefined ? {} : { since }) })))
  yield* Stream.runForEach(follow(undefined), replayed).pipe(
    Effect.andThen(Effect.die("a follower has ended")),
    Effect.retry(Schedule.spaced("200 millis")),
    Effect.forkScoped
  )

  const write = Effect.fnUntraced(function* ({ prev = 0, ...content }: Content & { readonly prev: number | undefined }) {
    const { action: op, key, value, writeId } = content
    const append = log.append({ log: objects, key, op, bytes: bytesOf(value), prev, writeId })
    // What is unknown is asked for again: that must not do it twice, and what comes of it says nothing of the first time.
    const first = yield* Effect.result(append)
    const isUnknown = first._tag === "Failure" && first.failure._tag === "Unavailable" && first.failure.applied === "unknown"
    const outcome = isUnknown ? yield* Effect.result(append) : first
    if (outcome._tag === "Success") {
      yield* table.reached(outcome.success)
      const answer: WriteAnswer = { _tag: "Written", seq: outcome.success }
      return answer
    }
    const { failure } = outcome
    if (failure._tag === "Conflict") {
      // Its delete is forgotten since.
      if (failure.last === 0 && table.entries.get(key)?.action === "delete") table.entries.delete(key)
      return { _tag: "Conflicted", last: failure.last } satisfies WriteAnswer
    }
    if (failure._tag === "TooLarge") return { _tag: "Failed", why: "too large" } satisfies WriteAnswer
    const isRefused = failure.applied === "no" && !isUnknown
    return { _tag: isRefused ? "Failed" : "Unknown", why: why(failure) } satisfies WriteAnswer
  })

  const read = (key: string, consistent: boolean): Effect.Effect<ReadAnswer> => {
    if (!consistent) {
      const isLoaded = table.at > 0
      return Effect.sync(() => (isLoaded ? table.found(key) : { _tag: "Failed", why: "the table is being loaded" }))
    }
    return barrier.pipe(
      Effect.flatMap(table.reached),
      Effect.map(() => table.found(key)),
      Effect.timeoutOrElse({
        duration: "10 seconds",
        orElse: (): Effect.Effect<ReadAnswer> => Effect.succeed({ _tag: "Failed", why: "no barrier within 10 seconds" })
      }),
      Effect.catchTag("Unavailable", (error) => Effect.succeed<ReadAnswer>({ _tag: "Failed", why: why(error) }))
    )
  }

  const watch = (watcher: Watcher, cursor: Cursor | undefined) => {
    let at = cursor
    const once = Effect.suspend(() => {
      let isTold = false
      const from = at
      return Stream.runForEach(follow(from), (news) =>
        Effect.sync(() => {
          if (news._tag === "Began") {
            if (from !== undefined && !isTold) watcher.gone()
            watcher.began(news.epoch)
            at = { epoch: news.epoch, seq: 0 }
          } else {
            if (!isTold) watcher.resumed(from?.seq ?? 0)
            for (const entry of news.entries.filter(isOurs)) watcher.saw(seenOf(entry))
            watcher.upTo(news.upTo)
            at = { epoch: at?.epoch ?? "", seq: news.upTo }
          }
          isTold = true
        })
      )
    })
    return once.pipe(
      Effect.andThen(Effect.die("a follower has ended")),
      Effect.retry(Schedule.spaced("200 millis")),
      Effect.orDie
    )
  }

  const compact = Effect.gen(function* () {
    const seq = table.at
    yield* Effect.sleep("40 seconds")
    yield* Effect.ignore(log.compact({ log: objects, seq }))
  })
  const known = (key: string) => table.entries.get(key)
  const target: Target = { write, read, known, watch, compact, prevOf: (last) => last?.seq ?? 0 }
  return target
})
