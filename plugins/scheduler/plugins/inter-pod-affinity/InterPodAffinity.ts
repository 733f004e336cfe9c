/**
 * The Pod is near those that it needs, far from those that it must not be near, and no Pod there refuses it. Of the nodes that are
 * left, those are preferred that its preferred terms, and those of the Pods there, speak for.
 */
import type { Pod } from "../../../resources/contracts/core/v1.ts"
import { onNode, onPod } from "../../contracts/Changes.ts"
import { type Filtering, type Plugin, unresolvable, unschedulable } from "../../contracts/Framework.ts"
import type { Group, NodeInfo, PodInfo, Question, View } from "../../contracts/Nodes.ts"
import { Overlay } from "../../contracts/Overlay.ts"
import { domainOf, type Spaces, type Term, termsOf } from "../../contracts/PodTerms.ts"
import { normalize } from "./Normalize.ts"

export interface Options {
  /** What it weighs that a Pod which runs needs to be near this one. */
  readonly hardPodAffinityWeight?: number
  readonly ignorePreferredTermsOfExistingPods?: boolean
}

const lonely = unresolvable("node(s) didn't match pod affinity rules")
const crowded = unschedulable("node(s) didn't match pod anti-affinity rules")
const refused = unschedulable("node(s) didn't satisfy existing pods anti-affinity rules")

const everywhere = () => true
const asks = ({ anchor, key, means, topologyKey }: Term): Question => ({
  key,
  anchor,
  topologyKey,
  means,
  counts: everywhere
})

/** One topology in which Pods are counted, and what is tried on it. */
const counting = (view: View, question: Question) => {
  const { means, topologyKey } = question
  const tally = view.tally(question)
  const overlay = new Overlay()
  return {
    topologyKey,
    means,
    isNone: () => overlay.hasNone(tally),
    domains: () => [...tally.pods.keys()],
    count: (domain: string) => overlay.count(tally, domain),
    change: ({ pod }: PodInfo, node: NodeInfo, by: number) => means(pod) && overlay.change(topologyKey, node, by)
  }
}

/** The Pods there that do not want this one. */
const refusing = (pod: Pod, groups: ReadonlyArray<Group>) => {
  const overlays = new Map<string, Overlay>()
  const isRefused = ({ node }: NodeInfo) => {
    for (const { domains, term } of groups) {
      const domain = domainOf(node, term.topologyKey)
      if (domain === undefined) continue
      if ((overlays.get(term.key)?.get(domain) ?? 0) + (domains.get(domain) ?? 0) > 0) return true
    }
    return false
  }
  const change = ({ terms }: PodInfo, node: NodeInfo, by: number) => {
    for (const term of terms?.far ?? []) {
      if (!term.means(pod)) continue
      const overlay = overlays.get(term.key) ?? new Overlay()
      overlays.set(term.key, overlay)
      overlay.change(term.topologyKey, node, by)
    }
  }
  return { isRefused, change }
}

/** Only where there are such Pods; if there are none, it may be the first of them, anywhere. */
const within = (near: ReadonlyArray<ReturnType<typeof counting>>): Pick<Filtering, "within"> => {
  const some = near
    .filter(({ isNone }) => !isNone())
    .map(({ domains, topologyKey }) => ({ topologyKey, domains: domains() }))
  const [fewest] = some.toSorted((a, b) => a.domains.length - b.domains.length)
  return fewest === undefined ? {} : { within: fewest }
}

const filtering = ({ pod, terms }: PodInfo, view: View): Filtering | undefined => {
  const groups = view.meaning(pod, "far")
  const needs = terms?.near ?? []
  if (needs.length + (terms?.far.length ?? 0) + groups.length === 0) return undefined
  // A Pod is near only if it is meant by all terms at once.
  const all = needs.map(({ key }) => key).join()
  const means = (other: Pod) => needs.every((term) => term.means(other))
  const near = needs.map((term) => counting(view, { ...asks(term), key: `${all}@${term.topologyKey}`, means }))
  const far = (terms?.far ?? []).map((term) => counting(view, asks(term)))
  const { change, isRefused } = refusing(pod, groups)
  const meansItself = means(pod)
  const changed = (by: number) => (other: PodInfo, node: NodeInfo) => {
    for (const counts of near) counts.change(other, node, by)
    for (const counts of far) counts.change(other, node, by)
    change(other, node, by)
  }
  /** The first of a group that wants to be together has nobody to be near. */
  const isNear = ({ node }: NodeInfo) => {
    let isAlone = false
    for (const { count, topologyKey } of near) {
      const domain = domainOf(node, topologyKey)
      if (domain === undefined) return false
      if (count(domain) <= 0) isAlone = true
    }
    return !isAlone || (meansItself && near.every(({ isNone }) => isNone()))
  }
  return {
    ...within(near),
    add: changed(1),
    remove: changed(-1),
    filter: (node) => {
      if (near.length > 0 && !isNear(node)) return lonely
      for (const { count, topologyKey } of far) {
        const domain = domainOf(node.node, topologyKey)
        if (domain !== undefined && count(domain) > 0) return crowded
      }
      return isRefused(node) ? refused : undefined
    }
  }
}

/** Where a Pod would be liked, by domain. */
interface Points {
  readonly topologyKey: string
  readonly weight: number
  readonly domains: ReadonlyMap<string, number>
}

const pointsOf = (term: Term, weight: number, domains: ReadonlyMap<string, number>): ReadonlyArray<Points> =>
  domains.size === 0 || weight === 0 ? [] : [{ topologyKey: term.topologyKey, weight, domains }]

export const make = (
  spaces: Spaces,
  { hardPodAffinityWeight = 1, ignorePreferredTermsOfExistingPods = false }: Options = {}
): Plugin => ({
  name: "InterPodAffinity",
  hints: [
    onPod(["Add", "UpdateLabels", "Delete"], (pod, { after, before }) => {
      const terms = termsOf(pod, spaces)
      const isNear = (other: Pod) =>
        terms !== undefined && terms.near.length > 0 && terms.near.every((term) => term.means(other))
      if (after !== undefined && isNear(after) && (before === undefined || !isNear(before))) return true
      if (before === undefined) return false
      if (terms?.far.some((term) => term.means(before) && (after === undefined || !term.means(after)))) return true
      return after === undefined && termsOf(before, spaces)?.far.some((term) => term.means(pod)) === true
    }),
    onNode(["Add", "UpdateLabels"])
  ],
  preFilter: filtering,
  preScore: ({ pod, terms }, view) => {
    const own = terms?.preferred ?? []
    if (ignorePreferredTermsOfExistingPods && own.length === 0) return undefined
    const points = [
      ...own.flatMap((term) => pointsOf(term, term.weight, view.tally(asks(term)).pods)),
      ...view.meaning(pod, "preferred").flatMap(({ domains, term }) => pointsOf(term, 1, domains)),
      ...view.meaning(pod, "near").flatMap(({ domains, term }) => pointsOf(term, hardPodAffinityWeight, domains))
    ]
    if (points.length === 0) return undefined
    return {
      normalize,
      score: ({ node }) => {
        let sum = 0
        for (const { domains, topologyKey, weight } of points) {
          const domain = domainOf(node, topologyKey)
          if (domain !== undefined) sum += weight * (domains.get(domain) ?? 0)
        }
        return sum
      }
    }
  }
})
