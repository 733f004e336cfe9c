/** The Pod makes no domain of a topology fuller than its hard spread constraints allow. */
import type { Filter } from "../contracts/Extensions.ts"
import type { NodeInfo } from "../contracts/Nodes.ts"
import { domainOf } from "../contracts/PodTerms.ts"
import { type Counts, count } from "../contracts/Spread.ts"

const skewed = ["node(s) didn't match pod topology spread constraints"]
const outside = ["node(s) didn't match pod topology spread constraints (missing required label)"]

const check = ({ constraint: { maxSkew, minDomains = 1, topologyKey }, domains, self }: Counts) => {
  // With too few domains the emptiest is one that is not there yet.
  const least = domains.size < minDomains ? 0 : Math.min(...domains.values())
  return ({ node }: NodeInfo) => {
    const domain = domainOf(node, topologyKey)
    if (domain === undefined) return outside
    return (domains.get(domain) ?? 0) + (self ? 1 : 0) - least > maxSkew ? skewed : []
  }
}

export const podTopologySpread: Filter = {
  name: "PodTopologySpread",
  retryOn: ["node", "pod added", "pod removed"],
  prepare: ({ pod }, view) => {
    const hard = (pod.spec.topologySpreadConstraints ?? []).filter(
      ({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule"
    )
    if (hard.length === 0) return undefined
    const checks = hard.map((constraint) => check(count(constraint, pod, view)))
    return (node) => checks.map((check) => check(node)).find((reasons) => reasons.length > 0) ?? []
  }
}
