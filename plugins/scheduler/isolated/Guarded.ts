/** What a plugin of another isolate says in time, or what its configuration says instead. */
import { type Duration, Effect } from "effect"
import { Failed } from "../contracts/Framework.ts"

export interface Options {
  /** What becomes of a Pod when no answer comes: it waits and is tried again, or is placed as if the plugin were not there. */
  readonly fallback: "Fail" | "Ignore"
  readonly patience: Duration.Input
}

/** `undefined` is as if it had no say. */
export const inTime =
  (name: string, { fallback, patience }: Options) =>
  <A>(call: Effect.Effect<A, Error>): Effect.Effect<A | undefined, Failed> => {
    const inTime = Effect.timeoutOrElse(call, {
      duration: patience,
      orElse: () => Effect.fail(new Failed({ message: `${name}: no answer in time` }))
    })
    if (fallback === "Ignore") return Effect.catch(inTime, () => Effect.undefined)
    return Effect.mapError(inTime, ({ message }) => new Failed({ message: `${name}: ${message}` }))
  }
