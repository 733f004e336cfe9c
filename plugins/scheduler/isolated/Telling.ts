/** Asks an isolate that has to be told first what it cannot see; once more, with all of it, if it has begun anew. */
import { Effect } from "effect"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import type { Behind, Question, Restarted } from "../contracts/SchedulerPoints.ts"
import type { Told } from "./Told.ts"

type Failure = Restarted | Behind | Unavailable

export const telling = <A extends { readonly epoch: string }>(
  told: Told,
  question: () => Question,
  call: (question: Question) => Effect.Effect<A, Failure>
): Effect.Effect<A, Failure> => {
  const once = Effect.suspend(() => {
    const asked = question()
    return Effect.tap(call(asked), ({ epoch }) => Effect.sync(() => told.heard(asked, epoch)))
  })
  return Effect.catchTag(once, "Restarted", ({ epoch }) => {
    told.reset(epoch)
    return once
  })
}
