/** Asks the filters about nodes, as they are and as they would be with other Pods on them. */
import type { Asked } from "./Cycle.ts"
import type { Refusal, Trial } from "./contracts/Framework.ts"
import type { NodeInfo, PodInfo } from "./contracts/Nodes.ts"
import { copyOf } from "./Entry.ts"
import type { Nominated } from "./Nominated.ts"
import { type Memories, recall } from "./Remembered.ts"

export interface Refused {
  readonly plugin: string
  readonly refusal: Refusal
}

/** The first of them that refuses the node. */
export const ask = (asked: ReadonlyArray<Asked>, node: NodeInfo): Refused | undefined => {
  for (const { filtering, plugin } of asked) {
    const refusal = filtering.filter?.(node)
    if (refusal !== undefined) return { plugin: plugin.name, refusal }
  }
  return undefined
}

const nobody: ReadonlyArray<PodInfo> = []

export class Trials {
  private readonly pod: PodInfo
  private readonly asked: ReadonlyArray<Asked>
  /** Those of them that look at more than the node. */
  private others: ReadonlyArray<Asked> | undefined
  private readonly nominated: Nominated
  private readonly memories: Memories

  constructor(pod: PodInfo, asked: ReadonlyArray<Asked>, nominated: Nominated, memories: Memories) {
    this.pod = pod
    this.asked = asked
    this.nominated = nominated
    this.memories = memories
  }

  /** Of a node as it is. */
  check(node: NodeInfo): Refused | undefined {
    // First what is remembered: it has to do without those that are nominated, too.
    return this.local(node) ?? this.rest(node) ?? this.withNominated(node)
  }

  /** What the plugins say that look at nothing but the node. */
  private local(node: NodeInfo): Refused | undefined {
    const known = recall(this.memories, node)
    if (known !== undefined) return known.refused
    const refused = ask(
      this.asked.filter(({ plugin }) => plugin.isLocal === true),
      node
    )
    const { generation, index } = node
    this.memories[index] = { generation, refused, scores: [], sum: undefined, summed: 0 }
    return refused
  }

  /** What the others say. */
  private rest(node: NodeInfo): Refused | undefined {
    this.others ??= this.asked.filter(({ filtering, plugin }) => plugin.isLocal !== true && filtering.filter !== undefined)
    return this.others.length === 0 ? undefined : ask(this.others, node)
  }

  on(node: NodeInfo): Trial {
    const { info, put, take } = this.changing(node)
    return { node: info, add: put, remove: take, fits: () => this.tried(info)?.refusal }
  }

  /** Of a node as it would be: nothing is remembered of it. */
  private tried(node: NodeInfo): Refused | undefined {
    return this.withNominated(node) ?? ask(this.asked, node)
  }

  /** Pods that are nominated to the node and come before this one count as if they were there; it has to do without them too. */
  private withNominated(node: NodeInfo): Refused | undefined {
    const first = this.comeFirst(node)
    if (first.length === 0) return undefined
    const { info, put, take } = this.changing(node)
    first.forEach(put)
    const refused = ask(this.asked, info)
    first.forEach(take)
    return refused
  }

  private comeFirst({ name }: NodeInfo): ReadonlyArray<PodInfo> {
    if (this.nominated.size === 0) return nobody
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
}
