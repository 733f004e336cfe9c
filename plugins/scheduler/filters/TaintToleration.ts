/** The Pod bears the node's taints. */
import type { Filter } from "../contracts/Extensions.ts"
import { untolerated } from "../contracts/Tolerations.ts"

export const taintToleration: Filter = {
  name: "TaintToleration",
  retryOn: ["node"],
  prepare:
    ({ pod: { spec } }) =>
    ({ node }) => {
      const taint = untolerated(spec.tolerations, node.spec.taints, "NoSchedule", "NoExecute")
      return taint === undefined ? [] : [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`]
    }
}
