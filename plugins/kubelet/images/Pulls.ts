/** How images are pulled on this node: so many at once and not more, with a word now and then about those that take long. */
import { Clock, Duration, Effect, Schedule, Semaphore } from "effect"

/** After how long, each time twice as long as before. */
const firstWord = Duration.seconds(30)

export const make = Effect.fnUntraced(function* (parallel: number) {
  const turns = yield* Semaphore.make(parallel)

  /** Runs a pull. `tell` is given how long it has been waiting or pulling, now and then. Returns what it took by itself, and with the waiting. */
  const run = Effect.fnUntraced(function* <A, E, R>(
    pull: Effect.Effect<A, E, R>,
    tell: (waited: Duration.Duration) => Effect.Effect<void>
  ) {
    const began = yield* Clock.currentTimeMillis
    const word = Effect.flatMap(Clock.currentTimeMillis, (now) => tell(Duration.millis(now - began)))
    const words = Effect.delay(Effect.repeat(word, Schedule.exponential(firstWord)), firstWord)
    const timed = Effect.gen(function* () {
      const started = yield* Clock.currentTimeMillis
      const result = yield* pull
      return { result, millis: (yield* Clock.currentTimeMillis) - started }
    })
    const { millis, result } = yield* Effect.raceFirst(turns.withPermit(timed), Effect.andThen(words, Effect.never))
    return { result, millis, withWaiting: (yield* Clock.currentTimeMillis) - began }
  })
  return { run }
})
export type Pulls = Effect.Success<ReturnType<typeof make>>
