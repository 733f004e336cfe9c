/** Prefers nodes with fewer taints of the effect PreferNoSchedule that the Pod does not bear. */
import type { Score } from "../contracts/Extensions.ts"
import { tolerates } from "../contracts/Tolerations.ts"

export const taintToleration: Score = {
  name: "TaintToleration",
  weight: 3,
  scale: "least",
  prepare: ({ pod: { spec } }) => {
    const tolerations = spec.tolerations ?? []
    return ({ node }) =>
      (node.spec.taints ?? []).filter(
        (taint) => taint.effect === "PreferNoSchedule" && !tolerations.some((toleration) => tolerates(toleration, taint))
      ).length
  }
}
