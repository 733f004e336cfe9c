/** A node that is cordoned takes no Pod, unless it tolerates that. */
import type { Filter } from "../contracts/Extensions.ts"
import { untolerated } from "../contracts/Tolerations.ts"

const cordoned = ["node(s) were unschedulable"]
const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }

export const nodeUnschedulable: Filter = {
  name: "NodeUnschedulable",
  retryOn: ["node"],
  prepare: ({ pod: { spec } }) => {
    const isBorne = untolerated(spec.tolerations, [taint], "NoSchedule") === undefined
    return isBorne ? undefined : ({ node }) => (node.spec.unschedulable === true ? cordoned : [])
  }
}
