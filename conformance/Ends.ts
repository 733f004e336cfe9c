/** How a run of checks can end, apart for programs: 0 all holds, 1 something is broken, 2 nothing could be run here, 3 all holds but for deviations on record. */
import { Runtime, Schema } from "effect"

export class Broken extends Schema.TaggedError<Broken>()("Broken", {}) {
  override readonly [Runtime.errorExitCode] = 1
}
export class NotRunnable extends Schema.TaggedError<NotRunnable>()("NotRunnable", { message: Schema.String }) {
  override readonly [Runtime.errorExitCode] = 2
}
export class Deviating extends Schema.TaggedError<Deviating>()("Deviating", {}) {
  override readonly [Runtime.errorExitCode] = 3
}

/** What they have to say stands in the table. */
export const isTold = (error: unknown) => error instanceof Broken || error instanceof Deviating
