/**
 * What several proxies of one process hold together: while a new one takes over from an old one both are there, and what both
 * have set is taken back when the last of them goes.
 */
import { Effect, type Scope } from "effect"

const holders = new Map<string, number>()

export const isHeld = (name: string) => holders.has(name)

/** `first` runs for the first who holds it, `last` when the last has gone. */
export const hold = <E, R>(
  name: string,
  last: Effect.Effect<void, never, R>,
  first: Effect.Effect<void, E, R> = Effect.void
): Effect.Effect<void, E, R | Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.suspend(() => {
        const held = Effect.sync(() => holders.set(name, (holders.get(name) ?? 0) + 1))
        return holders.has(name) ? held : Effect.andThen(first, held)
      }),
      () =>
        Effect.suspend(() => {
          const count = (holders.get(name) ?? 1) - 1
          if (count > 0) {
            holders.set(name, count)
            return Effect.void
          }
          holders.delete(name)
          return last
        })
    )
  )
