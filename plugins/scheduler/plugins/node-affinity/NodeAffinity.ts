/**
 * The node has the labels that the Pod's node selector and required node affinity ask for; those that its preferred node affinity
 * chooses are preferred, by the terms' weights. A profile may ask for more (`addedAffinity`).
 */
import type { NodeAffinity, NodeSelectorTerm, Pod } from "../../../resources/contracts/core/v1.ts"
import { onNode } from "../../contracts/Changes.ts"
import { type Plugin, unresolvable } from "../../contracts/Framework.ts"
import { type Chooses, required, term } from "../../contracts/NodeSelectors.ts"
import { most } from "../../contracts/Normalize.ts"

export interface Options {
  readonly addedAffinity?: NodeAffinity
}

const other = unresolvable("node(s) didn't match Pod's node affinity/selector")
const enforced = unresolvable("node(s) didn't match scheduler-enforced node affinity")
const conflict = unresolvable("pod affinity terms conflict")

/** The only nodes that a term can mean, by their names. */
const namedBy = ({ matchFields = [] }: NodeSelectorTerm): ReadonlySet<string> | undefined =>
  matchFields
    .filter(({ key, operator }) => key === "metadata.name" && operator === "In")
    .map(({ values = [] }): ReadonlySet<string> => new Set(values))
    .reduce<ReadonlySet<string> | undefined>((all, some) => all?.intersection(some) ?? some, undefined)

const named = ({ spec: { affinity } }: Pod): ReadonlySet<string> | undefined => {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const sets = terms.map(namedBy)
  if (sets.length === 0 || sets.includes(undefined)) return undefined
  return new Set(sets.flatMap((names) => [...(names ?? [])]))
}

const preferences = (affinity: NodeAffinity | undefined) =>
  (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ preference, weight }) => ({
    chooses: term(preference),
    weight
  }))

export const make = ({ addedAffinity }: Options = {}): Plugin => {
  const added = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms.map(term)
  const isAllowed: Chooses | undefined = added && ((node) => added.some((chooses) => chooses(node)))
  const liked = preferences(addedAffinity)
  return {
    name: "NodeAffinity",
    isLocal: true,
    hints: [
      onNode(
        ["Add", "UpdateLabels"],
        (pod, { after }) => after !== undefined && (required(pod)?.(after) ?? true) && (isAllowed?.(after) ?? true)
      )
    ],
    preFilter: ({ pod }) => {
      const chooses = required(pod)
      if (chooses === undefined && isAllowed === undefined) return undefined
      const nodes = named(pod)
      if (nodes?.size === 0) return conflict
      return {
        ...(nodes && { nodes }),
        filter: ({ node }) => {
          if (isAllowed?.(node) === false) return enforced
          return chooses === undefined || chooses(node) ? undefined : other
        }
      }
    },
    preScore: ({ pod: { spec } }) => {
      const terms = [...liked, ...preferences(spec.affinity?.nodeAffinity)]
      if (terms.length === 0) return undefined
      return {
        score: ({ node }) => terms.reduce((sum, { chooses, weight }) => (chooses(node) ? sum + weight : sum), 0),
        normalize: most
      }
    }
  }
}
