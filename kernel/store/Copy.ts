/** Brings what lives into a log that was begun anew: for what is restored, and what moves from another store. */
import { Effect, Schedule } from "effect"
import { Unavailable } from "../plugin/Contract.ts"
import type { Conflict, Entry, Log, LogName, TooLarge } from "./Log.ts"

/** Beyond every revision that the store may have told of before: also of what it acknowledged after a snapshot was made. */
export const leap = 1_000_000

/** The state of a key, to become its next entry. A write id stays, so that who repeats the write learns that it was done. */
export type Last = Pick<Entry, "key" | "op" | "bytes" | "writeId">

/** By key: the seq of its last entry in the log that is written. */
export type Written = Map<string, number>

/** So many at once: what a driver commits together. */
const concurrency = 128
const again = { schedule: Schedule.spaced("250 millis"), times: 40 }

const foreign = (cause: string) => new Unavailable({ contract: "kernel/Log", applied: "no", cause })

/** Where nobody else writes, and no driver takes more than another: what was in one log has room in the next. */
export const alone = <A>(append: Effect.Effect<A, Conflict | TooLarge | Unavailable>) =>
  Effect.catchTags(append, {
    Conflict: ({ key }) => Effect.fail(foreign(`somebody else has written ${key} there`)),
    TooLarge: ({ key }) => Effect.fail(foreign(`${key} is too large for it`))
  })

/** Appends the keys' last states, each key at most once in a call. Whose deletion is news to nobody is left out. */
export const put = Effect.fnUntraced(function* (
  log: Log["Service"],
  name: LogName,
  lasts: Iterable<Last>,
  written: Written
) {
  yield* Effect.forEach(
    lasts,
    (last) => {
      const prev = written.get(last.key)
      if (last.op === "delete" && prev === undefined) return Effect.void
      const append = log.append({ log: name, prev: prev ?? 0, ...last })
      return Effect.retry(append, { ...again, while: ({ _tag }) => _tag === "Unavailable" }).pipe(
        alone,
        Effect.map((seq) => void written.set(last.key, seq))
      )
    },
    { concurrency, discard: true }
  )
})
