/**
 * What plugins said of nodes for Pods like this one, as long as the nodes have not changed: Pods of one workload are decided on by what
 * changed since the last of them, and not by all nodes.
 */
import type { NodeInfo, PodInfo } from "./contracts/Nodes.ts"
import type { Refused } from "./Trials.ts"

export interface Memory {
  readonly generation: number
  /** By the filters. */
  readonly refused: Refused | undefined
  /** By the number of the score. */
  readonly scores: Array<number | undefined>
  /** What the scores that are not compared between nodes add up to, and which these were: a bit for the number of each. */
  sum: number | undefined
  summed: number
}
/** By the index of the node. */
export type Memories = Array<Memory | undefined>

/** So many kinds of Pods are remembered; what was not asked for longest goes first. */
const kinds = 16

/** Equal for Pods of which plugins say the same. */
const textOf = ({ pod: { metadata, spec, status } }: PodInfo) =>
  JSON.stringify([metadata.namespace, metadata.labels, { ...spec, nodeName: "", hostname: "" }, status.containerStatuses])

export class Remembered {
  private readonly all = new Map<string, Memories>()

  /** Of Pods like this one. */
  of(pod: PodInfo): Memories {
    const text = textOf(pod)
    const known = this.all.get(text) ?? []
    this.all.delete(text)
    this.all.set(text, known)
    if (this.all.size > kinds) for (const oldest of this.all.keys().take(1)) this.all.delete(oldest)
    return known
  }
}

/** What is known of a node as it is. */
export const recall = (memories: Memories, { generation, index }: NodeInfo): Memory | undefined => {
  const memory = memories[index]
  return memory?.generation === generation ? memory : undefined
}
