/**
 * One write. The server's own protection against duplicates does not go together with compare-and-swap (what it answers to a
 * repeated write differs from version to version), so outcomes are found out here: a write is repeated as it was, which can
 * apply at most once, until the answer is definite; and what stands after `prev` tells whose it is.
 */
import { Clock, Effect, Schema } from "effect"
import { type Change, Conflict, LogName, Sealed } from "../Log.ts"
import * as Group from "./Group.ts"
import { codes, full, isSealed, type JetStream, type Replicas } from "./JetStream.ts"
import { header } from "./Message.ts"
import { type Refused, unavailable } from "./Nats.ts"

/** The cause of an `Unavailable` that does not pass by itself. */
export class LogFull extends Schema.TaggedError<LogFull>()("LogFull", { log: LogName, reason: Schema.String }) {
  override get message() {
    return `the log ${this.log} is full (${this.reason}): delete what is not needed, or give its stream a greater max_bytes`
  }
}

/** Milliseconds after which the caller is told that the outcome is not known. */
const patience = 10_000
const pause = { rival: "5 millis", server: "100 millis", leader: "250 millis" } as const

const lastOf = (refused: Refused) => {
  const found = /wrong last sequence: (\d+)/.exec(refused.description)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Store and account have limits; both say what was reached. */
const isFull = ({ code, description }: Refused) =>
  full.has(code) || (code === codes.storeFailed && description.startsWith("maximum "))

/**
 * Whether it may have been done all the same. A server that failed to write may have written. Of several servers two can believe
 * to lead for a while, and both hear of a write: what the one refuses the other may do.
 */
const mayHaveApplied = (refused: Refused, replicas: Replicas) =>
  replicas > 1 || (refused.code === codes.storeFailed && !isFull(refused))

export const make = Effect.fnUntraced(function* (jetstream: JetStream) {
  const { find, info, isLast, log, replicas, subjects } = jetstream
  const group = yield* Group.make(jetstream)

  /**
   * Whether the key's entry after `prev` is this very write. Absent if there is none and could still be one: only a later entry
   * proves a conflict, and a key that is not at `prev` yet only if no deposed leader says so.
   */
  const resolve = Effect.fnUntraced(function* ({ key, prev, writeId }: Change, subject: string, said: number | undefined) {
    const next = yield* find({ next: subject, after: prev })
    if (next?.header(header.writeId) === writeId) return next.seq
    const last = Math.max(said ?? 0, (yield* find({ last: subject }))?.seq ?? 0)
    if (next !== undefined) return yield* new Conflict({ key, last })
    if (last < prev && (yield* isLast(subject, last))) return yield* new Conflict({ key, last })
    return undefined
  })

  /** What a sealed log took before it was sealed can be asked for as ever. */
  const beforeSeal = Effect.fnUntraced(function* ({ prev, writeId }: Change, subject: string) {
    const next = yield* Effect.result(find({ next: subject, after: prev }))
    if (next._tag === "Failure") return yield* unavailable("unknown", next.failure)
    if (next.success?.header(header.writeId) === writeId) return next.success.seq
    return yield* unavailable("no", new Sealed({ log }))
  })

  return Effect.fnUntraced(function* (change: Change) {
    const subject = subjects.object(change.key)
    const deadline = (yield* Clock.currentTimeMillis) + patience
    let applied: "no" | "unknown" = "no"
    for (let send = group.append; ; send = group.alone) {
      const sent = yield* Effect.result(send(change, subject))
      if (sent._tag === "Success") return sent.success
      const { failure } = sent
      const isRefused = failure._tag === "Refused"
      if (isRefused && failure.code === codes.conflict) {
        const resolved = yield* Effect.result(resolve(change, subject, lastOf(failure)))
        if (resolved._tag === "Success" && resolved.success !== undefined) return resolved.success
        if (resolved._tag === "Failure" && resolved.failure._tag === "Conflict") return yield* resolved.failure
        // What came after `prev` may be this very write.
        applied = "unknown"
      } else if (isRefused ? mayHaveApplied(failure, replicas) : failure.applied === "unknown") {
        applied = "unknown"
      } else if (!isRefused) {
        // Nobody listens: the stream takes no entries any more, or there is no leader at the moment, who could say so.
        const now = yield* Effect.option(Effect.timeout(info, pause.leader))
        if (now._tag === "Some" && isSealed(now.value, subjects)) return yield* beforeSeal(change, subject)
      }
      if (isRefused && isFull(failure)) return yield* unavailable(applied, new LogFull({ log, reason: failure.description }))
      if ((yield* Clock.currentTimeMillis) >= deadline) {
        return yield* unavailable(applied, isRefused ? failure.description : failure.cause)
      }
      yield* Effect.sleep(isRefused && failure.code === codes.underWay ? pause.rival : pause.server)
    }
  })
})
