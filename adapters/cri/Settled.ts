/** Calls that are not left midway. */
import { Effect, Fiber } from "effect"

/** How long the end of whoever asked waits for a call that starts something. */
const settling = "20 seconds"

/** A start that is cancelled midway leaves processes that no runtime knows of: it is let come to its end, also when nobody waits. */
export const settled = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.forkDetach(call), (fiber) =>
    Effect.onInterrupt(Fiber.join(fiber), () =>
      Effect.andThen(Effect.timeoutOption(Fiber.await(fiber), settling), Fiber.interrupt(fiber))
    )
  )
