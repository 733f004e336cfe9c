/**
 * Asks a container's probes as long as it runs: the startup probe first, then readiness and liveness side by side. What it
 * finds it reports; what follows from it the Pod's worker decides.
 */
import { Clock, Effect } from "effect"
import type { Container, Probe } from "../../resources/contracts/core/v1.ts"
import { type CheckFailed, probe as check, type Target } from "./Check.ts"
import type { Exec } from "../contracts/Exec.ts"
import { type Run, step } from "./Probe.ts"

export type Kind = "Startup" | "Readiness" | "Liveness"

export interface Report {
  /** The verdict of enough answers. */
  readonly verdict: (kind: Kind, ok: boolean, probe: Probe, message: string) => Effect.Effect<void>
  /** Each answer that is not good. */
  readonly unhealthy: (kind: Kind, message: string) => Effect.Effect<void>
}

export interface Options {
  readonly target: Target
  /** Milliseconds: what initialDelaySeconds counts from. */
  readonly startedAt: number
  readonly report: Report
  readonly ask?: (probe: Probe, target: Target) => Effect.Effect<void, CheckFailed, Exec>
}

const delay = Effect.fnUntraced(function* (probe: Probe, startedAt: number) {
  const now = yield* Clock.currentTimeMillis
  const due = startedAt + (probe.initialDelaySeconds ?? 0) * 1000
  if (due > now) yield* Effect.sleep(due - now)
})

/** Asks again and again, until `until` says that it is enough. */
const ask = Effect.fnUntraced(function* (
  kind: Kind,
  probe: Probe,
  { ask = check, report, startedAt, target }: Options,
  until: (ok: boolean) => boolean
) {
  yield* delay(probe, startedAt)
  let run: Run | undefined
  for (;;) {
    const problem = yield* ask(probe, target).pipe(
      Effect.as(undefined),
      Effect.catchTag("CheckFailed", ({ message }) => Effect.succeed(message))
    )
    const ok = problem === undefined
    if (!ok) yield* report.unhealthy(kind, problem)
    const next = step(probe, run, ok)
    run = next.run
    if (next.verdict !== undefined) yield* report.verdict(kind, ok, probe, problem ?? "")
    if (next.verdict !== undefined && until(ok)) return
    yield* Effect.sleep(`${probe.periodSeconds} seconds`)
  }
})

export const run = Effect.fnUntraced(function* (container: Container, options: Options) {
  const { livenessProbe, readinessProbe, startupProbe } = container
  if (startupProbe !== undefined) yield* ask("Startup", startupProbe, options, (ok) => ok)
  yield* Effect.all(
    [
      readinessProbe === undefined ? Effect.void : ask("Readiness", readinessProbe, options, () => false),
      livenessProbe === undefined ? Effect.void : ask("Liveness", livenessProbe, options, () => false)
    ],
    { concurrency: "unbounded", discard: true }
  )
})

export const hasProbes = ({ livenessProbe, readinessProbe, startupProbe }: Container) =>
  (livenessProbe ?? readinessProbe ?? startupProbe) !== undefined
