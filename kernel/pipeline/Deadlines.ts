/**
 * Deadlines that hardly anything meets: one look a second at all that is under way, where a timer for each would cost every write
 * more than much of what it does. They are kept to the second.
 */
import { Clock, Context, Duration, Effect, Fiber } from "effect"

interface Waiting {
  readonly until: number
  readonly over: () => void
}

export interface Limit<A, E, R> {
  readonly duration: Duration.Duration
  readonly orElse: () => Effect.Effect<A, E, R>
}

export class Deadlines {
  private readonly waiting = new Set<Waiting>()

  /** As `Effect.timeoutOrElse`. What is done at once is waited for by nobody. */
  readonly within = <A, E, R, A2, E2, R2>(
    effect: Effect.Effect<A, E, R>,
    { duration, orElse }: Limit<A2, E2, R2>
  ): Effect.Effect<A | A2, E | E2, R | R2> =>
    Effect.contextWith((context: Context.Context<R>) => {
      const fiber = Effect.runForkWith(context)(effect)
      const exit = fiber.pollUnsafe()
      if (exit !== undefined) return exit
      const until = Context.get(context, Clock.Clock).currentTimeMillisUnsafe() + Duration.toMillis(duration)
      return Effect.callback<A | A2, E | E2, R2>((resume) => {
        const one = {
          until,
          over: () => {
            resume(orElse())
            fiber.interruptUnsafe()
          }
        }
        this.waiting.add(one)
        fiber.addObserver((exit) => {
          this.waiting.delete(one)
          resume(exit)
        })
        return Effect.andThen(
          Effect.sync(() => this.waiting.delete(one)),
          Fiber.interrupt(fiber)
        )
      })
    })

  /** Looks after them for as long as it runs. */
  readonly watch: Effect.Effect<never> = Effect.forever(
    Effect.andThen(
      Effect.sleep("1 second"),
      Effect.map(Clock.currentTimeMillis, (now) => {
        for (const one of [...this.waiting]) {
          if (one.until > now) continue
          this.waiting.delete(one)
          one.over()
        }
      })
    )
  )
}
