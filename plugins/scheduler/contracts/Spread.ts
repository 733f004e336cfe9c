/** How the Pods that a spread constraint means are spread over the domains of its topology. */
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Node, Pod, TopologySpreadConstraint } from "../../resources/contracts/core/v1.ts"
import * as NodeSelectors from "./NodeSelectors.ts"
import type { View } from "./Nodes.ts"
import { domainOf } from "./PodTerms.ts"
import { untolerated } from "./Tolerations.ts"

/** By the constraint's policies, which nodes' domains count. */
const counting = (constraint: TopologySpreadConstraint, pod: Pod): ((node: Node) => boolean) => {
  const chooses = constraint.nodeAffinityPolicy === "Ignore" ? undefined : NodeSelectors.required(pod)
  const honours = constraint.nodeTaintsPolicy === "Honor"
  return (node) =>
    (chooses?.(node) ?? true) &&
    !(honours && untolerated(pod.spec.tolerations, node.spec.taints, "NoSchedule", "NoExecute") !== undefined)
}

const selecting = ({ labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint, { metadata }: Pod) => {
  const more = matchLabelKeys.flatMap((key) => {
    const value = metadata.labels?.[key]
    return value === undefined ? [] : [{ key, operator: "In", values: [value] }]
  })
  return Selector.matcher(
    labelSelector && { ...labelSelector, matchExpressions: [...(labelSelector.matchExpressions ?? []), ...more] }
  )
}

export interface Counts {
  readonly constraint: TopologySpreadConstraint
  /** By domain; those without such a Pod are 0. */
  readonly domains: ReadonlyMap<string, number>
  /** Whether the Pod itself will count. */
  readonly self: boolean
}

export const count = (constraint: TopologySpreadConstraint, pod: Pod, { nodes }: View): Counts => {
  const counts = counting(constraint, pod)
  const selects = selecting(constraint, pod)
  const domains = new Map<string, number>()
  for (const { node, pods } of nodes) {
    const domain = domainOf(node, constraint.topologyKey)
    if (domain === undefined || !counts(node)) continue
    let matching = 0
    for (const { pod: other } of pods.values()) {
      const { deletionTimestamp, labels, namespace } = other.metadata
      if (namespace === pod.metadata.namespace && deletionTimestamp === undefined && selects(labels)) matching++
    }
    domains.set(domain, matching + (domains.get(domain) ?? 0))
  }
  return { constraint, domains, self: selects(pod.metadata.labels) }
}
