/**
 * Counts of Pods by domain of a topology, for as long as somebody asks for them: counted once over all nodes, and from then on
 * by what changes. This is why affinity and spread cost nothing for the nodes and Pods that are there.
 */
import type { Node, Pod } from "../resources/contracts/core/v1.ts"
import type { PodInfo, Question, Tally } from "./contracts/Nodes.ts"
import { anchorsOf, domainOf } from "./contracts/PodTerms.ts"

/** So many are kept; what was not asked for longest goes first. */
const kept = 1000

type Pods = ReadonlyMap<string, PodInfo>
export interface Place {
  readonly node: Node
  readonly pods: Pods
}

const bump = (map: Map<string, number>, key: string, by: number) => {
  const value = (map.get(key) ?? 0) + by
  if (value === 0) map.delete(key)
  else map.set(key, value)
  return value
}

class Count implements Tally {
  readonly pods = new Map<string, number>()
  readonly nodes = new Map<string, number>()
  readonly question: Question
  private fewest: number | undefined

  constructor(question: Question) {
    this.question = question
  }

  readonly least = () => {
    if (this.fewest !== undefined) return this.fewest
    let fewest = this.nodes.size === 0 ? 0 : Number.POSITIVE_INFINITY
    for (const domain of this.nodes.keys()) {
      const count = this.pods.get(domain) ?? 0
      if (count < fewest) fewest = count
      if (fewest === 0) break
    }
    return (this.fewest = fewest)
  }

  pod(pod: Pod, node: Node, by: number) {
    const { counts, means, topologyKey } = this.question
    const domain = domainOf(node, topologyKey)
    if (domain !== undefined && means(pod) && counts(node)) this.count(domain, by)
  }

  place({ node, pods }: Place, sign: 1 | -1) {
    const { counts, means, topologyKey } = this.question
    const domain = domainOf(node, topologyKey)
    if (domain === undefined || !counts(node)) return
    bump(this.nodes, domain, sign)
    this.fewest = undefined
    let found = 0
    for (const { pod } of pods.values()) if (means(pod)) found++
    if (found > 0) bump(this.pods, domain, sign * found)
  }

  private count(domain: string, by: number) {
    const now = bump(this.pods, domain, by)
    if (this.fewest === undefined) return
    if (by > 0 && now - by === this.fewest) this.fewest = undefined
    else if (now < this.fewest) this.fewest = now
  }
}

export class Tallies {
  private readonly all = new Map<string, Count>()
  private readonly anchored = new Map<string, Set<Count>>()
  private readonly open = new Set<Count>()

  /** `places` are counted if nobody has asked before. */
  get(question: Question, places: Iterable<Place>): Tally {
    const known = this.all.get(question.key)
    if (known !== undefined) {
      this.all.delete(question.key)
      this.all.set(question.key, known)
      return known
    }
    const count = new Count(question)
    for (const place of places) count.place(place, 1)
    this.keep(count)
    return count
  }

  pod(pod: Pod, node: Node, by: 1 | -1) {
    if (this.all.size === 0) return
    for (const count of this.open) count.pod(pod, node, by)
    for (const anchor of anchorsOf(pod)) for (const count of this.anchored.get(anchor) ?? []) count.pod(pod, node, by)
  }

  place(place: Place, sign: 1 | -1) {
    for (const count of this.all.values()) count.place(place, sign)
  }

  /** What is meant has changed in another way. */
  clear() {
    this.all.clear()
    this.anchored.clear()
    this.open.clear()
  }

  private keep(count: Count) {
    const { anchor, key } = count.question
    this.all.set(key, count)
    if (anchor === undefined) this.open.add(count)
    else this.anchored.set(anchor, (this.anchored.get(anchor) ?? new Set()).add(count))
    if (this.all.size > kept) for (const oldest of this.all.values().take(1)) this.drop(oldest)
  }

  private drop(count: Count) {
    const { anchor, key } = count.question
    this.all.delete(key)
    this.open.delete(count)
    const others = anchor === undefined ? undefined : this.anchored.get(anchor)
    others?.delete(count)
    if (anchor !== undefined && others?.size === 0) this.anchored.delete(anchor)
  }
}
