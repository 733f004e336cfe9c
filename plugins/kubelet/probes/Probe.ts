/** When a probe's answers count: thresholds, as a pure step from one answer to the next. */
import type { Probe } from "../../resources/contracts/core/v1.ts"

export interface Run {
  readonly ok: boolean
  /** How many answers in a row were like this one. */
  readonly count: number
}

export type Verdict = "success" | "failure"

/** Undefined: not enough answers yet to say it, and what was said before stays. */
export const step = (
  { failureThreshold, successThreshold }: Pick<Probe, "failureThreshold" | "successThreshold">,
  before: Run | undefined,
  ok: boolean
): { readonly run: Run; readonly verdict: Verdict | undefined } => {
  const run = { ok, count: before?.ok === ok ? before.count + 1 : 1 }
  const enough = run.count >= (ok ? successThreshold : failureThreshold)
  return { run, verdict: enough ? (ok ? "success" : "failure") : undefined }
}
