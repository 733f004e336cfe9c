/** Prefers to be near those that the Pod's preferred affinity means, and far from those that its anti-affinity means. */
import type { Score } from "../contracts/Extensions.ts"
import { compile, domainOf } from "../contracts/PodTerms.ts"

export const interPodAffinity: Score = {
  name: "InterPodAffinity",
  weight: 2,
  scale: "most",
  prepare: ({ pod }, view) => {
    const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
    const near = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    const far = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    const terms = [
      ...near.map(({ podAffinityTerm, weight }) => ({ weight, term: compile(podAffinityTerm, pod, view) })),
      ...far.map(({ podAffinityTerm, weight }) => ({ weight: -weight, term: compile(podAffinityTerm, pod, view) }))
    ]
    if (terms.length === 0) return undefined
    const points = new Map<string, number>()
    for (const { node, pods } of view.nodes) {
      for (const { term, weight } of terms) {
        const domain = domainOf(node, term.topologyKey)
        if (domain === undefined) continue
        const place = `${term.topologyKey}=${domain}`
        for (const { pod: other } of pods.values())
          if (term.means(other)) points.set(place, weight + (points.get(place) ?? 0))
      }
    }
    // Points may be negative: what is worst counts as nothing.
    const worst = Math.min(0, ...points.values()) * terms.length
    return ({ node }) =>
      terms.reduce((sum, { term }) => {
        const domain = domainOf(node, term.topologyKey)
        return domain === undefined ? sum : sum + (points.get(`${term.topologyKey}=${domain}`) ?? 0)
      }, -worst)
  }
}
