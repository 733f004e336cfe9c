/** Terms of Pod affinity: which Pods they mean. Source: "Inter-pod affinity and anti-affinity" of the Kubernetes documentation. */
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Node, Pod, PodAffinityTerm } from "../../resources/contracts/core/v1.ts"
import type { View } from "./Nodes.ts"

export interface Term {
  readonly topologyKey: string
  readonly means: (pod: Pod) => boolean
}

type Labels = { readonly [key: string]: string }

/** `matchLabelKeys`: the values that the Pod itself has there; `mismatchLabelKeys`: any others. */
const withKeys = (
  selector: PodAffinityTerm["labelSelector"],
  labels: Labels,
  same: ReadonlyArray<string> = [],
  other: ReadonlyArray<string> = []
) => {
  const expression = (operator: string) => (key: string) => {
    const value = labels[key]
    return value === undefined ? [] : [{ key, operator, values: [value] }]
  }
  const more = [...same.flatMap(expression("In")), ...other.flatMap(expression("NotIn"))]
  return selector && { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...more] }
}

/** `owner` is the Pod that has the term. */
export const compile = (term: PodAffinityTerm, owner: Pod, view: View): Term => {
  const { labels = {}, namespace = "" } = owner.metadata
  const { labelSelector, matchLabelKeys, mismatchLabelKeys, namespaceSelector, namespaces = [], topologyKey } = term
  const selects = Selector.matcher(withKeys(labelSelector, labels, matchLabelKeys, mismatchLabelKeys))
  const listed = new Set(namespaces.length === 0 && namespaceSelector === undefined ? [namespace] : namespaces)
  const inSpace = Selector.matcher(namespaceSelector)
  const means = ({ metadata }: Pod) => {
    const space = metadata.namespace ?? ""
    return (
      selects(metadata.labels) &&
      (listed.has(space) || (namespaceSelector !== undefined && inSpace(view.namespaceLabels(space))))
    )
  }
  return { topologyKey, means }
}

/** The value of a topology that a node is in, such as its zone. */
export const domainOf = ({ metadata }: Node, topologyKey: string) => metadata.labels?.[topologyKey]
