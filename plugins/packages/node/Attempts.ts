/** Packages that a node has refused: each attempt costs an isolate, and most would be refused again. */
import { Cause, Clock, Effect } from "effect"

interface Refused {
  readonly what: string
  readonly cause: Cause.Cause<unknown>
  readonly attempts: number
  readonly until: number
}

/** Milliseconds. */
const rest = (attempts: number) => Math.min(300_000, 5000 * 2 ** attempts)

export const make = () => {
  const refused = new Map<string, Refused>()
  return {
    forget: (name: string) => refused.delete(name),
    /**
     * Starts it, unless the very same was refused a while ago: then that is said again, and it is tried after longer and longer rests.
     * `what`: all that it is made of, and depends on.
     */
    start: Effect.fnUntraced(function* <A, E, R>(name: string, what: string, start: Effect.Effect<A, E, R>) {
      const before = refused.get(name)
      const last = before?.what === what ? before : undefined
      if (last !== undefined && (yield* Clock.currentTimeMillis) < last.until) return yield* Effect.failCause(last.cause)
      const outcome = yield* Effect.exit(start)
      refused.delete(name)
      if (outcome._tag === "Failure" && !Cause.hasInterruptsOnly(outcome.cause)) {
        const { cause } = outcome
        const [attempts, now] = [(last?.attempts ?? 0) + 1, yield* Clock.currentTimeMillis]
        refused.set(name, { what, cause, attempts, until: now + rest(attempts - 1) })
      }
      return yield* outcome
    })
  }
}
