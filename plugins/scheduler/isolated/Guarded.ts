/** What a plugin of another isolate says in time, or what its configuration says instead. */
import { type Duration, Effect } from "effect"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { Failed } from "../contracts/Framework.ts"

export interface Options {
  /** What becomes of a Pod when no answer comes: it waits and is tried again, or is placed as if the plugin were not there. */
  readonly fallback: "Fail" | "Ignore"
  readonly patience: Duration.Input
}

const isUnavailable = (error: unknown): error is Unavailable => error instanceof Unavailable

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

/** What it refuses stands; the configuration is asked only where there is no answer. */
export const answered =
  (name: string, { fallback, patience }: Options) =>
  <A, E>(call: Effect.Effect<A, E | Unavailable>, otherwise: A) => {
    const without = (why: string): Effect.Effect<A, Failed> =>
      fallback === "Ignore" ? Effect.succeed(otherwise) : Effect.fail(new Failed({ message: `${name}: ${why}` }))
    return Effect.timeoutOrElse(call, { duration: patience, orElse: () => without("no answer in time") }).pipe(
      Effect.catchIf(isUnavailable, ({ message }) => without(message))
    )
  }
