/** How those ask a plugin who cannot do without its answer: once more, or as long as it is being started or rolled back, but never longer than its time. */
import { Effect, Schedule } from "effect"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import type { About } from "./Attachments.ts"

const isUnavailable = (failure: unknown): failure is Unavailable => failure instanceof Unavailable

export const make = (contract: { readonly key: string }, about: Pick<About, "callTimeoutMillis" | "isOnTrial">) => {
  const { callTimeoutMillis, isOnTrial = () => false } = about
  const late = () => Effect.fail(new Unavailable({ contract: contract.key, applied: "unknown", cause: "no answer in time" }))
  /** Nobody waits for what was waited for in vain, until it answers again. */
  let isGone = false
  /** What is no question, because it changes something, is only asked again if it has not arrived. */
  return <A, E>(call: Effect.Effect<A, E>, isQuestion = true): Effect.Effect<A, E | Unavailable> =>
    Effect.suspend(() => {
      let isLost = false
      const isWorthIt = (failure: E | Unavailable) => {
        if (!isUnavailable(failure) || isGone) return false
        if (failure.applied === "no" || (isQuestion && isOnTrial())) return true
        const isFirst = isQuestion && !isLost
        isLost = true
        return isFirst
      }
      return Effect.retry(call, { while: isWorthIt, schedule: Schedule.spaced("100 millis") })
    }).pipe(
      Effect.timeoutOrElse({ duration: callTimeoutMillis, orElse: late }),
      Effect.tap(() => Effect.sync(() => (isGone = false))),
      Effect.tapError((failure) => Effect.sync(() => (isGone = isUnavailable(failure))))
    )
}
