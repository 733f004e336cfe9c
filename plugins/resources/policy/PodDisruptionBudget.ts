/** PodDisruptionBudgets, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { enumerated, nonNegative } from "../../../kernel/resource/Rules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { validateShare } from "../apps/Workloads.ts"
import { integer, text } from "../Columns.ts"
import type { PodDisruptionBudget } from "../contracts/policy/v1.ts"

const counts = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const

const validate = ({ spec }: PodDisruptionBudget): Causes.Causes => {
  const { maxUnavailable, minAvailable, selector, unhealthyPodEvictionPolicy: policy } = spec
  return [
    ...(minAvailable !== undefined && maxUnavailable !== undefined
      ? [Causes.invalid("spec", { minAvailable, maxUnavailable }, "minAvailable and maxUnavailable cannot be both set")]
      : []),
    ...(minAvailable === undefined ? [] : validateShare(minAvailable, "spec.minAvailable")),
    ...(maxUnavailable === undefined ? [] : validateShare(maxUnavailable, "spec.maxUnavailable")),
    ...(selector === undefined ? [] : Selector.validate(selector, "spec.selector")),
    ...enumerated("spec.unhealthyPodEvictionPolicy", policy, ["AlwaysAllow", "IfHealthyBudget"])
  ]
}

export const strategy: Strategy<PodDisruptionBudget> = {
  validate,
  validateStatus: ({ status }) => counts.flatMap((name) => nonNegative(`status.${name}`, status[name])),
  columns: [
    text("Min Available", "How many Pods have to be there.", ({ spec }) => `${spec.minAvailable ?? "N/A"}`),
    text("Max Unavailable", "How many may be missing.", ({ spec }) => `${spec.maxUnavailable ?? "N/A"}`),
    integer("Allowed Disruptions", "How many may go now.", ({ status }) => status.disruptionsAllowed)
  ]
}
