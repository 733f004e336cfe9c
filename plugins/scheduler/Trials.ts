/** Asks the filters about nodes, as they are and as they would be with other Pods on them. */
import type { Asked } from "./Cycle.ts"
import type { Refusal, Trial } from "./contracts/Framework.ts"
import type { NodeInfo, PodInfo } from "./contracts/Nodes.ts"
import { copyOf } from "./Entry.ts"
import type { Nominated } from "./Nominated.ts"

export interface Refused {
  readonly plugin: string
  readonly refusal: Refusal
}

export class Trials {
  private readonly pod: PodInfo
  private readonly asked: ReadonlyArray<Asked>
  private readonly nominated: Nominated

  constructor(pod: PodInfo, asked: ReadonlyArray<Asked>, nominated: Nominated) {
    this.pod = pod
    this.asked = asked
    this.nominated = nominated
  }

  /** Pods that are nominated to the node and come before this one count as if they were there, and it has to do without them too. */
  check(node: NodeInfo): Refused | undefined {
    const first = this.comeFirst(node)
    if (first.length > 0) {
      const { info, put, take } = this.changing(node)
      first.forEach(put)
      const refused = this.ask(info)
      first.forEach(take)
      if (refused !== undefined) return refused
    }
    return this.ask(node)
  }

  on(node: NodeInfo): Trial {
    const { info, put, take } = this.changing(node)
    return { node: info, add: put, remove: take, fits: () => this.check(info)?.refusal }
  }

  private comeFirst({ name }: NodeInfo): ReadonlyArray<PodInfo> {
    if (this.nominated.size === 0) return []
    const { pod, priority } = this.pod
    return this.nominated
      .on(name)
      .filter((other) => other.priority >= priority && other.pod.metadata.uid !== pod.metadata.uid)
  }

  private changing(node: NodeInfo) {
    const { entry, info } = copyOf(node)
    const put = (pod: PodInfo) => {
      entry.put(pod)
      for (const { filtering } of this.asked) filtering.add?.(pod, info)
    }
    const take = (pod: PodInfo) => {
      entry.take(pod)
      for (const { filtering } of this.asked) filtering.remove?.(pod, info)
    }
    return { info, put, take }
  }

  private ask(node: NodeInfo): Refused | undefined {
    for (const { filtering, plugin } of this.asked) {
      const refusal = filtering.filter?.(node)
      if (refusal !== undefined) return { plugin: plugin.name, refusal }
    }
    return undefined
  }
}
