/** The Pod is near those that it needs, far from those that it must not be near, and no Pod there refuses it. */
import type { Pod } from "../../resources/contracts/core/v1.ts"
import type { Filter } from "../contracts/Extensions.ts"
import type { View } from "../contracts/Nodes.ts"
import { compile, domainOf, type Term } from "../contracts/PodTerms.ts"

const lonely = ["node(s) didn't match pod affinity rules"]
const crowded = ["node(s) didn't match pod anti-affinity rules"]
const refused = ["node(s) didn't satisfy existing pods anti-affinity rules"]

/** In which domains of the term's topology there is a Pod that it means. */
const domains = ({ means, topologyKey }: Term, { nodes }: View): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const { node, pods } of nodes) {
    const domain = domainOf(node, topologyKey)
    if (domain === undefined || found.has(domain)) continue
    if (pods.values().some(({ pod }) => means(pod))) found.add(domain)
  }
  return found
}

const required = (pod: Pod) => pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
const forbidden = (pod: Pod) => pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []

/** Where Pods that run do not want this one: `key=domain`. */
const against = (pod: Pod, view: View): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const { node, pods } of view.nodes) {
    for (const { pod: other } of pods.values()) {
      for (const term of forbidden(other)) {
        const domain = domainOf(node, term.topologyKey)
        if (domain !== undefined && compile(term, other, view).means(pod)) found.add(`${term.topologyKey}=${domain}`)
      }
    }
  }
  return found
}

export const interPodAffinity: Filter = {
  name: "InterPodAffinity",
  retryOn: ["node", "pod added", "pod removed"],
  prepare: ({ pod }, view) => {
    const place = (term: Term) => ({ topologyKey: term.topologyKey, domains: domains(term, view) })
    const needs = required(pod).map((term) => compile(term, pod, view))
    const near = needs.map(place)
    const far = forbidden(pod).map((term) => place(compile(term, pod, view)))
    const unwelcome = [...against(pod, view)].map((pair) => {
      const at = pair.indexOf("=")
      return { topologyKey: pair.slice(0, at), domain: pair.slice(at + 1) }
    })
    if (near.length + far.length + unwelcome.length === 0) return undefined
    // The first of a group that wants to be together has nobody to be near.
    const isFirst = near.every(({ domains }) => domains.size === 0) && needs.every(({ means }) => means(pod))
    return ({ node }) => {
      const isNear = near.every(({ domains, topologyKey }) => {
        const domain = domainOf(node, topologyKey)
        return domain !== undefined && (isFirst || domains.has(domain))
      })
      if (!isNear) return lonely
      if (far.some(({ domains, topologyKey }) => domains.has(domainOf(node, topologyKey) ?? ""))) return crowded
      return unwelcome.some(({ domain, topologyKey }) => domainOf(node, topologyKey) === domain) ? refused : []
    }
  }
}
