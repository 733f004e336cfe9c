/** What an isolate was told, and what it has told: both hold for as long as it lives. */
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import type { NodeInfo, PodInfo, View } from "../contracts/Nodes.ts"
import type { Question } from "../contracts/SchedulerPoints.ts"
import * as Bits from "./Bits.ts"

/** The caller speaks of a Pod as the API shows it, which is what its type says; hence the cast. */
export const podOf = (wire: WireObject) => wire as unknown as Pod
/** The other way. Who owns which field nobody asks who decides about it. */
export const wirePod = ({ metadata, ...pod }: Pod) => {
  const { managedFields: _, ...rest } = metadata
  return { ...pod, metadata: rest } as unknown as WireObject
}
export const wireOf = ({ pod }: PodInfo) => wirePod(pod)
export const uidOf = ({ pod }: PodInfo) => pod.metadata.uid

interface Assumed {
  readonly info: PodInfo
  readonly node: string
}

/** So many may be untold before those are looked for that need not be told any more. */
const most = 500

export class Told {
  epoch = ""
  private readonly names: Array<string> = []
  private readonly numbers = new Map<string, number>()
  /** The nodes of the snapshot that were looked up, and their numbers, by their places there. */
  private readonly nodes: Array<NodeInfo | undefined> = []
  private readonly places: Array<number> = []
  private readonly assumed = new Map<string, Assumed>()
  private untold = new Map<string, Assumed>()
  private forgotten: Array<WireObject> = []
  private limit = most
  /** The last of the Pods that the API shows where they were assumed, and that it was not told of. */
  private shown = 0

  assume(info: PodInfo, node: string, view: Pick<View, "find">) {
    const one = { info, node }
    this.assumed.set(uidOf(info), one)
    this.untold.set(uidOf(info), one)
    if (this.untold.size > this.limit) this.sweep(view)
  }

  /** One that is seldom asked need not be told what it can see by then: it has only to have seen it. */
  private sweep({ find }: Pick<View, "find">) {
    for (const [uid, { node }] of this.untold) {
      const { metadata, spec } = find(node)?.pods.get(uid)?.pod ?? {}
      if (metadata !== undefined && !spec?.nodeName) continue
      this.untold.delete(uid)
      this.shown = Math.max(this.shown, Number(metadata?.resourceVersion ?? 0))
    }
    this.limit = Math.max(most, 2 * this.untold.size)
  }

  /** It is bound: another isolate than this one, which may be told of it before it sees that, will find it there. */
  settle(info: PodInfo) {
    this.assumed.delete(uidOf(info))
  }

  forget(info: PodInfo) {
    if (!this.assumed.delete(uidOf(info))) return
    if (!this.untold.delete(uidOf(info))) this.forgotten.push(wireOf(info))
  }

  /** Another isolate, which knows nothing. */
  reset(epoch: string) {
    this.epoch = epoch
    this.names.length = 0
    this.numbers.clear()
    this.nodes.length = 0
    this.untold = new Map(this.assumed)
    this.forgotten = []
  }

  /** With what has to be told. */
  question(info: PodInfo, { find, revision }: View, nodes?: ReadonlyArray<NodeInfo>) {
    const { epoch, forgotten, untold } = this
    const assumed: Array<{ readonly pod: WireObject; readonly node: string }> = []
    for (const [uid, { info, node }] of untold) {
      if (find(node)?.pods.has(uid) === true) assumed.push({ pod: wireOf(info), node })
      else untold.delete(uid)
    }
    const generation = { nodes: revision.nodes, pods: Math.max(revision.pods, this.shown) }
    return {
      pod: wireOf(info),
      generation,
      epoch,
      assumed,
      forgotten,
      ...(nodes !== undefined && { nodes: this.bits(nodes) })
    }
  }

  /** That much was heard. */
  heard({ assumed, forgotten }: Pick<Question, "assumed" | "forgotten">, epoch: string) {
    this.epoch = epoch
    for (const { node, pod } of assumed) {
      const { uid } = podOf(pod).metadata
      if (this.untold.get(uid)?.node === node) this.untold.delete(uid)
    }
    if (forgotten.length > 0) this.forgotten = this.forgotten.filter((pod) => !forgotten.includes(pod))
  }

  get known() {
    return this.names.length
  }

  learn(names: ReadonlyArray<string>) {
    for (const name of names) this.numbers.set(name, this.names.push(name) - 1)
    this.nodes.length = 0
  }

  /** Looked up once for each node of the snapshot. */
  number(node: NodeInfo): number | undefined {
    const { index } = node
    if (this.nodes[index] === node) return this.places[index]
    const number = this.numbers.get(node.name)
    if (number === undefined) return undefined
    this.nodes[index] = node
    this.places[index] = number
    return number
  }

  /** Those that it has numbers for. */
  bits(nodes: ReadonlyArray<NodeInfo>) {
    const bits = new Uint8Array(Math.ceil(this.known / 8))
    for (const node of nodes) {
      const number = this.number(node)
      if (number !== undefined) Bits.add(bits, number)
    }
    return bits
  }
}
