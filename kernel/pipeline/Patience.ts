/**
 * What a request does while the store is away. Who changes something is held for a while and repeated under its write id, because
 * most absences are a change of leader or a restart and over by then; who reads is told sooner, and can read from the tables instead.
 */
import { Clock, Duration, Effect, Schedule } from "effect"
import { Unavailable } from "../plugin/Contract.ts"
import type { Log } from "../store/Log.ts"
import type { LogName, Tables } from "../table/Tables.ts"
import type { Deadlines } from "./Deadlines.ts"

type Change = Parameters<Log["Service"]["append"]>[0]

export const patience = { write: Duration.seconds(10), read: Duration.seconds(3) } as const

/** What a driver says of a write at the end of its own patience is worth waiting for: whether it was sent at all. */
const grace = Duration.seconds(4)

/** In all. */
const given = Duration.sum(patience.write, grace)
const longest = { write: Duration.toMillis(patience.write) } as const

type Failure = Effect.Error<ReturnType<Log["Service"]["append"]>>

/** Between two attempts: not longer than a user would notice once the store is back. */
const pause = Schedule.min([Schedule.exponential("10 millis"), Schedule.spaced("250 millis")])

const away = (applied: "no" | "unknown", cause: unknown) => new Unavailable({ contract: "kernel/Log", applied, cause })

const silent = "the store does not answer"

/**
 * Appends, again and again under the same write id. An answer that was lost once stays lost until the log has told what became of
 * the write: that a later attempt was not even sent says nothing about the first.
 */
export const append = (log: Log["Service"], change: Change, { within }: Pick<Deadlines, "within">) =>
  Effect.flatMap(Clock.currentTimeMillis, (began) => {
    const isEarly = Effect.map(Clock.currentTimeMillis, (now) => now - began < longest.write)
    let applied: "no" | "unknown" = "no"
    let isUnderWay = true
    let cause: unknown = silent
    const heard = (error: Failure) => {
      isUnderWay = false
      if (error._tag === "Unavailable") {
        cause = error.cause
        if (error.applied === "unknown") applied = "unknown"
      }
      return error
    }
    const once = Effect.suspend(() => {
      isUnderWay = true
      return Effect.mapError(log.append(change), heard)
    })
    /** After a first attempt that has failed so. */
    const again = (first: Failure) => {
      let isFirst = true
      const attempt = Effect.suspend(() => {
        if (!isFirst) return once
        isFirst = false
        return Effect.fail(first)
      })
      return attempt.pipe(
        Effect.retry({
          while: ({ _tag }) => (_tag === "Unavailable" ? isEarly : Effect.succeed(false)),
          schedule: pause
        }),
        // One attempt's words count for all of them.
        Effect.mapError((error) => (error._tag === "Unavailable" ? away(applied, error.cause) : error))
      )
    }
    const answer = Effect.catch(once, (error) => (error._tag === "Unavailable" ? again(error) : Effect.fail(error)))
    return within(answer, { duration: given, orElse: () => Effect.fail(away(isUnderWay ? "unknown" : applied, cause)) })
  })

/** Brings the tables to all that was acknowledged before, and says how far that is. */
export const current = (tables: Tables["Service"], log: LogName, longest: Duration.Duration) =>
  Effect.suspend(() => {
    const seq = tables.atOnce(log)
    if (seq !== undefined) return Effect.succeed(seq)
    let cause: unknown = silent
    return tables.current(log).pipe(
      Effect.tapError((error) =>
        Effect.sync(() => {
          cause = error.cause
        })
      ),
      Effect.retry({ schedule: pause }),
      Effect.timeoutOrElse({ duration: longest, orElse: () => Effect.fail(away("no", cause)) })
    )
  })

/**
 * Waits for an entry that is in the log: only the feed can be late. A server whose feed is cut off would show its reader less than
 * it said was done, so it says instead that it does not know: of its own write (`unknown`), or of one that lost to a rival's (`no`).
 */
export const passed = (tables: Tables["Service"], log: LogName, revision: number, applied: "no" | "unknown") =>
  // A store in this process tells its feed before it answers.
  tables.revision(log) >= revision ? Effect.void : late(tables, log, revision, applied)

const late = (tables: Tables["Service"], log: LogName, revision: number, applied: "no" | "unknown") =>
  Effect.timeoutOrElse(tables.passed(log, revision), {
    duration: patience.write,
    orElse: () => Effect.fail(away(applied, `what is known of the log ${log} ends at ${tables.revision(log)}`))
  })
