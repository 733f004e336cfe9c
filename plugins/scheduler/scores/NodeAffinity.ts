/** Prefers nodes that the Pod's preferred node affinity chooses, by the terms' weights. */
import type { Score } from "../contracts/Extensions.ts"
import { term } from "../contracts/NodeSelectors.ts"

export const nodeAffinity: Score = {
  name: "NodeAffinity",
  weight: 2,
  scale: "most",
  prepare: ({ pod: { spec } }) => {
    const preferred = spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    if (preferred.length === 0) return undefined
    const terms = preferred.map(({ preference, weight }) => ({ chooses: term(preference), weight }))
    return ({ node }) => terms.reduce((sum, { chooses, weight }) => (chooses(node) ? sum + weight : sum), 0)
  }
}
