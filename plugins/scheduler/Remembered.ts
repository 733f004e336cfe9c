/**
 * What plugins said of nodes for Pods like this one, as long as the nodes have not changed: Pods of one workload are decided on by what
 * changed since the last of them, and not by all nodes.
 */
import type { NodeInfo, PodInfo } from "./contracts/Nodes.ts"
import type { Refused } from "./Trials.ts"

/** Of a node as it was then. */
export interface Known {
  readonly generation: number
}

export interface Memory extends Known {
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

/** The volume of a Pod's token, whose name is drawn anew for each. */
const token = /"kube-api-access-[a-z0-9]{5}"/g

/** Equal for Pods of which plugins say the same. */
const write = ({ pod: { metadata, spec, status } }: PodInfo) => {
  const said = [metadata.namespace, metadata.labels, { ...spec, nodeName: "", hostname: "" }, status.containerStatuses]
  return JSON.stringify(said).replaceAll(token, '"kube-api-access"')
}
const texts = new WeakMap<PodInfo, string>()
const textOf = (pod: PodInfo) => {
  const text = texts.get(pod) ?? write(pod)
  texts.set(pod, text)
  return text
}

export class Remembered<A extends Known = Memory> {
  private readonly all = new Map<string, Array<A | undefined>>()

  clear() {
    this.all.clear()
  }

  /** Of Pods like this one, by the index of the node. */
  of(pod: PodInfo): Array<A | undefined> {
    const text = textOf(pod)
    const known = this.all.get(text) ?? []
    this.all.delete(text)
    this.all.set(text, known)
    if (this.all.size > kinds) for (const oldest of this.all.keys().take(1)) this.all.delete(oldest)
    return known
  }
}

/** What is known of a node as it is. */
export const recall = <A extends Known>(
  memories: ReadonlyArray<A | undefined>,
  { generation, index }: NodeInfo
): A | undefined => {
  const memory = memories[index]
  return memory?.generation === generation ? memory : undefined
}
