/**
 * Prefers emptier domains of the topologies that a Pod's soft spread constraints name. A Pod that names none is spread over
 * nodes and zones among those with its labels that the same controller made.
 */
import { controllerOf } from "../../../kernel/resource/Kind.ts"
import type { Pod, TopologySpreadConstraint } from "../../resources/contracts/core/v1.ts"
import type { Score } from "../contracts/Extensions.ts"
import { domainOf } from "../contracts/PodTerms.ts"
import { count } from "../contracts/Spread.ts"

const soft = (pod: Pod): ReadonlyArray<TopologySpreadConstraint> => {
  const own = pod.spec.topologySpreadConstraints ?? []
  if (own.length > 0) return own.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === "ScheduleAnyway")
  const { labels } = pod.metadata
  if (controllerOf(pod) === undefined || labels === undefined) return []
  const by = (topologyKey: string, maxSkew: number) => ({
    topologyKey,
    maxSkew,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: labels }
  })
  return [by("kubernetes.io/hostname", 3), by("topology.kubernetes.io/zone", 5)]
}

export const podTopologySpread: Score = {
  name: "PodTopologySpread",
  weight: 2,
  scale: "least",
  prepare: ({ pod }, view) => {
    const counts = soft(pod).map((constraint) => count(constraint, pod, view))
    if (counts.length === 0) return undefined
    // Of a topology with many domains each step says less.
    const weights = counts.map(({ domains }) => Math.log(domains.size + 2))
    return ({ node }) =>
      counts.reduce((sum, { constraint: { maxSkew, topologyKey }, domains }, index) => {
        const domain = domainOf(node, topologyKey)
        return domain === undefined ? sum : sum + (domains.get(domain) ?? 0) * (weights[index] ?? 1) + (maxSkew - 1)
      }, 0)
  }
}
