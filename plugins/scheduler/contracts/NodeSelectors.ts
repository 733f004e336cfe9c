/** Which nodes a Pod's node selector and node affinity choose. Compiled once for a Pod. */
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from "../../resources/contracts/core/v1.ts"

export type Chooses = (node: Node) => boolean

const operators = new Map<string, Selector.Operator>([
  ["In", "in"],
  ["NotIn", "notin"],
  ["Exists", "exists"],
  ["DoesNotExist", "!"],
  ["Gt", "gt"],
  ["Lt", "lt"]
])

const compiled = (requirements: ReadonlyArray<NodeSelectorRequirement>) => {
  const known = requirements.flatMap(({ key, operator, values = [] }) => {
    const word = operators.get(operator)
    return word === undefined ? [] : [{ key, operator: word, values }]
  })
  return known.length === requirements.length ? Selector.compile(known) : () => false
}

/** All of a term has to hold; an empty term chooses nothing. */
export const term = ({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): Chooses => {
  if (matchExpressions.length + matchFields.length === 0) return () => false
  const labels = compiled(matchExpressions)
  const fields = compiled(matchFields)
  return ({ metadata }) => labels(metadata.labels) && fields({ "metadata.name": metadata.name })
}

/** What a Pod demands of its node; undefined if it demands nothing. */
export const required = ({ spec: { affinity, nodeSelector } }: Pod): Chooses | undefined => {
  const exact = nodeSelector && Selector.matcher({ matchLabels: nodeSelector })
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms.map(term)
  if (exact === undefined && terms === undefined) return undefined
  return (node) => (exact?.(node.metadata.labels) ?? true) && (terms?.some((chooses) => chooses(node)) ?? true)
}
