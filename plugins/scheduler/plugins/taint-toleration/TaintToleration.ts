/** The Pod bears the node's taints; and of the nodes, those are preferred that want to be avoided least. */
import { onNode } from "../../contracts/Changes.ts"
import { type Plugin, unresolvable } from "../../contracts/Framework.ts"
import { least } from "../../contracts/Normalize.ts"
import { tolerates, untolerated } from "../../contracts/Tolerations.ts"

const refused = unresolvable("node(s) had untolerated taint(s)")

export const plugin: Plugin = {
  name: "TaintToleration",
  isLocal: true,
  hints: [
    onNode(
      ["Add", "UpdateTaints"],
      ({ spec }, { after }) => untolerated(spec.tolerations, after?.spec.taints, "NoSchedule", "NoExecute") === undefined
    )
  ],
  preFilter: ({ pod: { spec } }) => ({
    filter: ({ node }) =>
      node.spec.taints !== undefined &&
      untolerated(spec.tolerations, node.spec.taints, "NoSchedule", "NoExecute") !== undefined
        ? refused
        : undefined
  }),
  preScore: ({ pod: { spec } }, _, nodes) => {
    const isToAvoid = ({ effect }: { readonly effect: string }) => effect === "PreferNoSchedule"
    if (!nodes.some(({ node }) => node.spec.taints?.some(isToAvoid))) return undefined
    const tolerations = (spec.tolerations ?? []).filter(({ effect = "" }) => effect === "" || effect === "PreferNoSchedule")
    return {
      score: ({ node }) =>
        (node.spec.taints ?? []).filter(
          (taint) => isToAvoid(taint) && !tolerations.some((toleration) => tolerates(toleration, taint))
        ).length,
      normalize: least
    }
  }
}
