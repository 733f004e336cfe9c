/**
 * What a plugin of another isolate has said of nodes, where its word holds until the node changes: of Pods like those before it is
 * asked about what has changed since, and about all of that at once.
 */
import type { NodeInfo, PodInfo, View } from "../contracts/Nodes.ts"
import { type Known, recall, Remembered } from "../Remembered.ts"

interface Said<A> extends Known {
  readonly node: NodeInfo
  readonly answer: A
}

/** So many nodes at most are asked about before their turn. */
const ahead = 500

export class Lasting<A> {
  private readonly remembered = new Remembered<Said<A>>()
  private readonly unseen: A
  private epoch = ""

  /** `unseen`: what is said of nodes that it has not seen yet. */
  constructor(unseen: A) {
    this.unseen = unseen
  }

  /** Another isolate has said nothing yet. */
  private of(info: PodInfo, epoch: string) {
    if (epoch !== this.epoch) this.remembered.clear()
    this.epoch = epoch
    return this.remembered.of(info)
  }

  /** What it said of nodes as they are. */
  about(info: PodInfo, epoch: string) {
    const memories = this.of(info, epoch)
    return (node: NodeInfo): { readonly answer: A } | undefined => recall(memories, node)
  }

  /** With others that it spoke of and that have changed since: one question in place of several. */
  withOthers(info: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>, epoch: string): ReadonlyArray<NodeInfo> {
    const asked = new Set(nodes)
    const most = nodes.length + ahead
    for (const said of this.of(info, epoch)) {
      if (asked.size >= most) break
      if (said !== undefined && said.node.generation !== said.generation && view.find(said.node.name) === said.node)
        asked.add(said.node)
    }
    return [...asked]
  }

  /** To be told what it says of the nodes as they are now: they may be others when it answers. */
  asking(info: PodInfo, nodes: ReadonlyArray<NodeInfo>) {
    const generations = nodes.map(({ generation }) => generation)
    return (epoch: string, answers: ReadonlyArray<A>) => {
      const memories = this.of(info, epoch)
      for (const [at, answer] of answers.entries()) {
        const [node, generation] = [nodes[at], generations[at]]
        if (node === undefined || generation === undefined || answer === this.unseen) continue
        memories[node.index] = { node, generation, answer }
      }
    }
  }
}
