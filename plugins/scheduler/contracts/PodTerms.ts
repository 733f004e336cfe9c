/** Terms of Pod affinity: which Pods they mean. Source: "Inter-pod affinity and anti-affinity" of the Kubernetes documentation. */
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Node, Pod, PodAffinityTerm } from "../../resources/contracts/core/v1.ts"
import type { PodTerms } from "./Nodes.ts"

export interface Term {
  /** Terms with the same key mean the same Pods in the same topology. */
  readonly key: string
  readonly anchor: string | undefined
  readonly topologyKey: string
  readonly means: (pod: Pod) => boolean
}
export interface WeightedTerm extends Term {
  readonly weight: number
}

type Labels = { readonly [key: string]: string }
/** The labels of a namespace. */
export type Spaces = (namespace: string) => Labels

/** `matchLabelKeys`: the values that the Pod itself has there; `mismatchLabelKeys`: any others. */
export const withKeys = (
  selector: Selector.LabelSelector | undefined,
  labels: Labels,
  same: ReadonlyArray<string> = [],
  other: ReadonlyArray<string> = []
): Selector.LabelSelector | undefined => {
  if (same.length + other.length === 0) return selector
  const expression = (operator: string) => (key: string) => {
    const value = labels[key]
    return value === undefined ? [] : [{ key, operator, values: [value] }]
  }
  const more = [...same.flatMap(expression("In")), ...other.flatMap(expression("NotIn"))]
  return selector && { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...more] }
}

export const anchorOf = (namespace: string, key: string, value: string) => `${namespace}\0${key}\0${value}`

/** By which the Pods that a selector can mean are found without asking all; nothing, if it names no label outright. */
export const anchor = (selector: Selector.LabelSelector | undefined, namespace: string): string | undefined => {
  for (const key in selector?.matchLabels) return anchorOf(namespace, key, selector.matchLabels[key] ?? "")
  const exact = selector?.matchExpressions?.find(({ operator, values }) => operator === "In" && values?.length === 1)
  return exact && anchorOf(namespace, exact.key, exact.values?.[0] ?? "")
}

const anchors = new WeakMap<Pod, ReadonlyArray<string>>()
/** All anchors at which a Pod is found. */
export const anchorsOf = (pod: Pod): ReadonlyArray<string> => {
  const known = anchors.get(pod)
  if (known !== undefined) return known
  const { labels = {}, namespace = "" } = pod.metadata
  const found = Object.entries(labels).map(([key, value]) => anchorOf(namespace, key, value))
  anchors.set(pod, found)
  return found
}

/** `owner` is the Pod that has the term. */
export const compile = (term: PodAffinityTerm, owner: Pod, spaces: Spaces): Term => {
  const { labels = {}, namespace = "" } = owner.metadata
  const { labelSelector, matchLabelKeys, mismatchLabelKeys, namespaceSelector, namespaces = [], topologyKey } = term
  const selector = withKeys(labelSelector, labels, matchLabelKeys, mismatchLabelKeys)
  const selects = Selector.matcher(selector)
  const listed = namespaces.length === 0 && namespaceSelector === undefined ? [namespace] : namespaces
  const key = JSON.stringify([topologyKey, selector, listed, namespaceSelector])
  const [only] = listed
  if (namespaceSelector === undefined && listed.length === 1 && only !== undefined) {
    const means = ({ metadata }: Pod) => metadata.namespace === only && selects(metadata.labels)
    return { key, anchor: anchor(selector, only), topologyKey, means }
  }
  const inSpace = Selector.matcher(namespaceSelector)
  const means = ({ metadata }: Pod) => {
    const space = metadata.namespace ?? ""
    return (
      selects(metadata.labels) && (listed.includes(space) || (namespaceSelector !== undefined && inSpace(spaces(space))))
    )
  }
  return { key, anchor: undefined, topologyKey, means }
}

/** Nothing for the many Pods without such terms. */
export const termsOf = (pod: Pod, spaces: Spaces): PodTerms | undefined => {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
  if (podAffinity === undefined && podAntiAffinity === undefined) return undefined
  const compiled = (terms: ReadonlyArray<PodAffinityTerm> = []) => terms.map((term) => compile(term, pod, spaces))
  const weighted = (
    sign: number,
    terms: NonNullable<typeof podAffinity>["preferredDuringSchedulingIgnoredDuringExecution"]
  ) =>
    (terms ?? []).map(({ podAffinityTerm, weight }) => ({ ...compile(podAffinityTerm, pod, spaces), weight: sign * weight }))
  return {
    near: compiled(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    far: compiled(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferred: [
      ...weighted(1, podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
      ...weighted(-1, podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution)
    ]
  }
}

/** The value of a topology that a node is in, such as its zone. */
export const domainOf = ({ metadata }: Node, topologyKey: string) => metadata.labels?.[topologyKey]
