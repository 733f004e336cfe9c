/** Where a request that is audited is remarked upon while it passes: who allowed it, what admission had to say. */
import { Context, Effect } from "effect"

export interface Remarks {
  /** Under keys such as `authorization.k8s.io/decision`. What was said first stays. */
  readonly annotate: (key: string, value: string) => void
}

/** Nothing, if the request is not audited. */
export const Audited = Context.Reference<Remarks | undefined>("kernel/Audit/Audited", { defaultValue: () => undefined })

/** A trace has it, too. */
export const annotate = (key: string, value: string): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    fiber.getRef(Audited)?.annotate(key, value)
    return Effect.annotateCurrentSpan(key, value)
  })
