/** A scheduler as the contract `Scheduler`: what decides is built when it is told to lead, and closed when it rests. */
import { Clock, Effect, Exit, Fiber, Scope, Semaphore } from "effect"
import type { Scheduler } from "../contracts/Scheduler.ts"

export interface Deciding {
  /** Decides about no more; done when what was decided is carried out. */
  readonly quiet: Effect.Effect<void>
}

/** How long binds may take that are under way. What is broken off after it may be done all the same, while the next one decides. */
const patience = "8 seconds"

/** `start` runs until its scope closes. */
export const make = Effect.fnUntraced(function* <E, R>(
  schedulerNames: ReadonlyArray<string>,
  start: Effect.Effect<Deciding, E, R | Scope.Scope>
) {
  const clock = yield* Clock.Clock
  const outer = yield* Effect.scope
  const context = yield* Effect.context<Exclude<R, Scope.Scope>>()
  const turn = yield* Semaphore.make(1)
  let now: { readonly scope: Scope.Closeable; readonly deciding: Deciding } | undefined
  let until = 0

  const left = () => until - clock.currentTimeMillisUnsafe()
  const end = Effect.gen(function* () {
    if (now === undefined) return
    const { deciding, scope } = now
    now = undefined
    yield* Effect.ensuring(Effect.timeoutOption(deciding.quiet, patience), Scope.close(scope, Exit.void))
  })
  const ended = turn.withPermit(Effect.suspend(() => (left() > 0 ? Effect.void : end)))
  /** Who told it to lead may be gone. */
  const watch = Effect.gen(function* () {
    for (;;) {
      while (left() > 0) yield* Effect.sleep(left())
      // Not in this fiber, which ends with what it ends.
      yield* Fiber.await(yield* Effect.forkIn(ended, outer))
    }
  })
  const begin = Effect.gen(function* () {
    const scope = yield* Scope.fork(outer)
    const deciding = yield* Scope.provide(start, scope).pipe(
      Effect.provideContext(context),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
    now = { scope, deciding }
    yield* Effect.forkIn(watch, scope)
  })

  const service: Scheduler["Service"] = {
    describe: () => Effect.succeed({ schedulerNames }),
    lead: ({ millis }) =>
      turn.withPermit(
        Effect.uninterruptible(
          Effect.suspend(() => {
            until = clock.currentTimeMillisUnsafe() + millis
            return now === undefined ? Effect.orDie(begin) : Effect.void
          })
        )
      ),
    rest: () =>
      turn.withPermit(
        Effect.suspend(() => {
          until = 0
          return end
        })
      )
  }
  return service
})
