/** What the host knows of a plugin that runs, and the words in which it tells of it. */
import type { Context, Deferred, Fiber, Scope } from "effect"
import type * as Circuit from "../Circuit.ts"
import * as Contract from "../Contract.ts"
import { Handover } from "../Handover.ts"
import type * as Meter from "../Meter.ts"
import type { Plugin, PluginFailed } from "../Plugin.ts"
import type * as Slot from "../Slot.ts"

export type AnyContract = Contract.Contract<unknown, unknown>
export type Ready = Plugin<unknown, never>

export interface Launched {
  readonly services: Context.Context<unknown>
  readonly died: Deferred.Deferred<unknown>
  readonly instance: Slot.Instance
}

export interface Running {
  /** What it was started as, whatever runs in its place now. */
  readonly asked: Ready
  plugin: Ready
  /** What it was started with, and is started again with. */
  context: Context.Context<never>
  now: Launched
  restarts: number
  circuit: Circuit.Circuit
  supervisor: Fiber.Fiber<void> | undefined
  /** What ran before it, and until when that is started again if this one dies. */
  before: { readonly plugin: Ready; readonly context: Context.Context<never>; readonly until: number } | undefined
  /** What serves while this one is left alone. */
  standIn: Launched | undefined
  /** Of what its life wants done as long as slots lead to it. */
  tenure: Scope.Closeable | undefined
  /** Calls and errors under its name when it was swapped in. */
  baseline: Pick<Meter.Reading, "calls" | "errors">
}

/** Handed over between plugins, and called by nobody else. */
export const served = (offers: ReadonlyArray<AnyContract>) => offers.filter(({ key }) => key !== Handover.key)
export const label = ({ key, version }: AnyContract) => `${key} ${version}`
export const isSkew = ({ cause }: PluginFailed) => cause instanceof Contract.VersionSkew
export const wordsOf = (cause: unknown) => (cause instanceof Error && cause.message !== "" ? cause.message : String(cause))
export const skewOf = ({ cause }: PluginFailed) =>
  cause instanceof Contract.VersionSkew
    ? `${cause.contract}: wanted ${cause.wanted}, offered ${cause.offered}`
    : wordsOf(cause)

/** Why what runs is as good as dead, after this many calls in a row without an answer. */
export const sick = ({ baseline, before, plugin: { life = {} } }: Running, streak: number, now: Meter.Reading) => {
  const { failures = Number.POSITIVE_INFINITY, health } = life
  if (streak >= failures) return `it left ${streak} calls in a row without an answer`
  if (before === undefined || health === undefined) return undefined
  const [calls, errors] = [now.calls - baseline.calls, now.errors - baseline.errors]
  return calls >= health.calls && errors > calls * health.errors
    ? `it left ${errors} of ${calls} calls without an answer`
    : undefined
}
