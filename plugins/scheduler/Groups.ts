/**
 * The affinity terms of the Pods that run, each kind of term once with what it weighs in which domain: a new Pod is compared with
 * the terms that may mean it, and not with all Pods.
 */
import type { Node, Pod } from "../resources/contracts/core/v1.ts"
import type { Group, PodInfo, Sort } from "./contracts/Nodes.ts"
import { anchorsOf, domainOf, type Term } from "./contracts/PodTerms.ts"

interface Mutable extends Group {
  readonly domains: Map<string, number>
  /** How many terms of Pods stand behind it. */
  size: number
}

class Terms {
  private readonly all = new Map<string, Mutable>()
  private readonly anchored = new Map<string, Set<Mutable>>()
  private readonly open = new Set<Mutable>()

  change(term: Term, node: Node, by: number, sign: 1 | -1) {
    const domain = domainOf(node, term.topologyKey)
    if (domain === undefined) return
    const group = this.all.get(term.key) ?? this.found(term)
    const weight = (group.domains.get(domain) ?? 0) + by * sign
    if (weight === 0) group.domains.delete(domain)
    else group.domains.set(domain, weight)
    group.size += sign
    if (group.size === 0) this.drop(group)
  }

  meaning(pod: Pod): ReadonlyArray<Group> {
    if (this.all.size === 0) return []
    const found: Array<Group> = []
    for (const group of this.open) if (group.term.means(pod)) found.push(group)
    for (const anchor of anchorsOf(pod))
      for (const group of this.anchored.get(anchor) ?? []) if (group.term.means(pod)) found.push(group)
    return found
  }

  private found(term: Term): Mutable {
    const group = { term, domains: new Map<string, number>(), size: 0 }
    this.all.set(term.key, group)
    if (term.anchor === undefined) this.open.add(group)
    else this.anchored.set(term.anchor, (this.anchored.get(term.anchor) ?? new Set()).add(group))
    return group
  }

  private drop(group: Mutable) {
    const { anchor, key } = group.term
    this.all.delete(key)
    this.open.delete(group)
    const others = anchor === undefined ? undefined : this.anchored.get(anchor)
    others?.delete(group)
    if (anchor !== undefined && others?.size === 0) this.anchored.delete(anchor)
  }
}

export class Groups {
  private readonly sorts = { near: new Terms(), far: new Terms(), preferred: new Terms() }

  change({ terms }: PodInfo, node: Node, sign: 1 | -1) {
    if (terms === undefined) return
    for (const term of terms.near) this.sorts.near.change(term, node, 1, sign)
    for (const term of terms.far) this.sorts.far.change(term, node, 1, sign)
    for (const term of terms.preferred) this.sorts.preferred.change(term, node, term.weight, sign)
  }

  meaning(pod: Pod, sort: Sort) {
    return this.sorts[sort].meaning(pod)
  }
}
