/** How full the domains of soft spread constraints are: the emptiest becomes 100. */
import type { Scoring } from "../../contracts/Framework.ts"
import type { NodeInfo, View } from "../../contracts/Nodes.ts"
import { domainOf } from "../../contracts/PodTerms.ts"
import { type Constraint, hostname } from "./Constraints.ts"

/** How many domains the nodes are in. */
const sizeOf = ({ topologyKey }: Constraint, nodes: ReadonlyArray<NodeInfo>) =>
  topologyKey === hostname ? nodes.length : new Set(nodes.map(({ node }) => domainOf(node, topologyKey) ?? "")).size

/** `isWhole`: nodes that are not in all topologies are the worst. */
export const scoring = (
  constraints: ReadonlyArray<Constraint>,
  view: View,
  nodes: ReadonlyArray<NodeInfo>,
  isWhole: boolean
): Scoring => {
  const isOutside = ({ node }: NodeInfo) =>
    isWhole && constraints.some(({ topologyKey }) => domainOf(node, topologyKey) === undefined)
  const inside = isWhole ? nodes.filter((node) => !isOutside(node)) : nodes
  const counts = constraints.map((constraint) => ({
    topologyKey: constraint.topologyKey,
    handicap: constraint.maxSkew - 1,
    // Of a topology with many domains each step says more.
    weight: Math.log(sizeOf(constraint, inside) + 2),
    pods: view.tally(constraint.question).pods
  }))
  return {
    score: (info) => {
      if (isOutside(info)) return 0
      let sum = 0
      for (const { handicap, pods, topologyKey, weight } of counts) {
        const domain = domainOf(info.node, topologyKey)
        if (domain !== undefined) sum += (pods.get(domain) ?? 0) * weight + handicap
      }
      return Math.round(sum)
    },
    normalize: (scores, of) => {
      let least = Number.POSITIVE_INFINITY
      let most = 0
      for (const [index, node] of of.entries()) {
        if (isOutside(node)) continue
        least = Math.min(least, scores[index] ?? 0)
        most = Math.max(most, scores[index] ?? 0)
      }
      for (const [index, node] of of.entries()) {
        if (isOutside(node)) scores[index] = 0
        else scores[index] = most === 0 ? 100 : Math.trunc((100 * (most + least - (scores[index] ?? 0))) / most)
      }
    }
  }
}
