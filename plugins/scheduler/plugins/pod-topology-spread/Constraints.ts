/** The spread constraints that hold for a Pod, its own or the defaults, as questions about Pods and nodes. */
import * as Selector from "../../../../kernel/resource/Selector.ts"
import type { Node, Pod, TopologySpreadConstraint } from "../../../resources/contracts/core/v1.ts"
import * as NodeSelectors from "../../contracts/NodeSelectors.ts"
import type { Question } from "../../contracts/Nodes.ts"
import { anchor, domainOf, withKeys } from "../../contracts/PodTerms.ts"
import { untolerated } from "../../contracts/Tolerations.ts"

export const hostname = "kubernetes.io/hostname"

/** Over nodes and zones, if possible. */
export const systemDefaults: ReadonlyArray<TopologySpreadConstraint> = [
  { topologyKey: hostname, maxSkew: 3, whenUnsatisfiable: "ScheduleAnyway" },
  { topologyKey: "topology.kubernetes.io/zone", maxSkew: 5, whenUnsatisfiable: "ScheduleAnyway" }
]

export interface Constraint {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly minDomains: number
  readonly question: Question
  /** Whether the Pod itself will count. */
  readonly self: boolean
}

/** By the constraint's policies, which nodes count; with a text that is equal for those that mean the same. */
const counting = ({ nodeAffinityPolicy, nodeTaintsPolicy }: TopologySpreadConstraint, pod: Pod) => {
  const { affinity, nodeSelector, tolerations } = pod.spec
  const chooses = nodeAffinityPolicy === "Ignore" ? undefined : NodeSelectors.required(pod)
  const honours = nodeTaintsPolicy === "Honor"
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return {
    text: [chooses && [nodeSelector, required], honours && (tolerations ?? [])],
    counts: (node: Node) =>
      (chooses?.(node) ?? true) &&
      !(honours && untolerated(tolerations, node.spec.taints, "NoSchedule", "NoExecute") !== undefined)
  }
}

/** `keys`: the topologies which a node has to be in to count. */
const compile =
  (pod: Pod, keys: ReadonlyArray<string>) =>
  (constraint: TopologySpreadConstraint): Constraint => {
    const { labelSelector, matchLabelKeys, maxSkew, minDomains = 1, topologyKey } = constraint
    const { labels = {}, namespace = "" } = pod.metadata
    const selector = withKeys(labelSelector, labels, matchLabelKeys)
    const selects = Selector.matcher(selector)
    const { counts, text } = counting(constraint, pod)
    const question: Question = {
      key: JSON.stringify(["spread", namespace, selector, topologyKey, keys, ...text]),
      anchor: anchor(selector, namespace),
      topologyKey,
      means: ({ metadata }) =>
        metadata.namespace === namespace && metadata.deletionTimestamp === undefined && selects(metadata.labels),
      counts: (node) => keys.every((key) => domainOf(node, key) !== undefined) && counts(node)
    }
    return { topologyKey, maxSkew, minDomains, question, self: selects(labels) }
  }

/** `isWhole`: only nodes that are in all topologies count. */
export const compiled = (
  pod: Pod,
  constraints: ReadonlyArray<TopologySpreadConstraint>,
  whenUnsatisfiable: string,
  isWhole: boolean
): ReadonlyArray<Constraint> => {
  const chosen = constraints.filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
  return chosen.map(compile(pod, isWhole ? chosen.map(({ topologyKey }) => topologyKey) : []))
}
