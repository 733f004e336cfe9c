/** A node that is cordoned takes no Pod, unless it tolerates that. */
import { onNode } from "../../contracts/Changes.ts"
import { type Plugin, unresolvable } from "../../contracts/Framework.ts"
import { untolerated } from "../../contracts/Tolerations.ts"

const cordoned = unresolvable("node(s) were unschedulable")
const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }

export const plugin: Plugin = {
  name: "NodeUnschedulable",
  isLocal: true,
  hints: [onNode(["Add", "UpdateTaints"], (_, { after }) => after?.spec.unschedulable !== true)],
  preFilter: ({ pod: { spec } }) => {
    const isBorne = untolerated(spec.tolerations, [taint], "NoSchedule") === undefined
    return isBorne ? undefined : { filter: ({ node }) => (node.spec.unschedulable === true ? cordoned : undefined) }
  }
}
