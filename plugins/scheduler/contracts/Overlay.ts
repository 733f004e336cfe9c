/** What would be counted more or less in a domain if other Pods were there: laid over a tally while something is tried. */
import type { NodeInfo, Tally } from "./Nodes.ts"
import { domainOf } from "./PodTerms.ts"

export class Overlay {
  private readonly deltas = new Map<string, number>()

  get isEmpty() {
    return this.deltas.size === 0
  }

  /** Of a node that is in no domain of the topology, nothing is counted. */
  change(topologyKey: string, { node }: NodeInfo, by: number) {
    const domain = domainOf(node, topologyKey)
    if (domain === undefined) return
    const delta = (this.deltas.get(domain) ?? 0) + by
    if (delta === 0) this.deltas.delete(domain)
    else this.deltas.set(domain, delta)
  }

  get(domain: string) {
    return this.deltas.size === 0 ? 0 : (this.deltas.get(domain) ?? 0)
  }

  count({ pods }: Pick<Tally, "pods">, domain: string) {
    return (pods.get(domain) ?? 0) + this.get(domain)
  }

  hasNone(tally: Tally) {
    if (this.isEmpty) return tally.pods.size === 0
    return [...tally.pods.keys(), ...this.deltas.keys()].every((domain) => this.count(tally, domain) <= 0)
  }

  least(tally: Tally) {
    if (this.isEmpty) return tally.least()
    let least = Number.POSITIVE_INFINITY
    for (const domain of tally.nodes.keys()) least = Math.min(least, this.count(tally, domain))
    return least === Number.POSITIVE_INFINITY ? 0 : least
  }
}
