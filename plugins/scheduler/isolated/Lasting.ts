/**
 * What a plugin of another isolate has said of nodes, where its word holds until the node changes: of Pods like those before it is
 * asked about what has changed since, and about all of that at once.
 */
import type { Refusal } from "../contracts/Framework.ts"
import type { NodeInfo, PodInfo, View } from "../contracts/Nodes.ts"
import { type Known, recall, Remembered } from "../Remembered.ts"

export const unseen: Refusal = { reasons: ["node(s) that a plugin has not seen yet"], isUnresolvable: false }

interface Said extends Known {
  readonly node: NodeInfo
  readonly refusal: Refusal | undefined
}

export class Lasting {
  private readonly remembered = new Remembered<Said>()
  private epoch = ""

  /** Another isolate has said nothing yet. */
  private of(info: PodInfo, epoch: string) {
    if (epoch !== this.epoch) this.remembered.clear()
    this.epoch = epoch
    return this.remembered.of(info)
  }

  /** What it said of these nodes, as they are, goes to `refusals`. Answers with those to ask about. */
  recall(
    info: PodInfo,
    view: View,
    nodes: ReadonlyArray<NodeInfo>,
    epoch: string,
    refusals: Map<string, Refusal>
  ): ReadonlyArray<NodeInfo> {
    const memories = this.of(info, epoch)
    const open: Array<NodeInfo> = []
    for (const node of nodes) {
      const said = recall(memories, node)
      if (said === undefined) open.push(node)
      else if (said.refusal !== undefined) refusals.set(node.name, said.refusal)
    }
    if (open.length === 0) return open
    // Others that it spoke of are asked about before their turn comes: fewer questions, and no larger ones than without a memory.
    const asked = new Set(open)
    for (const said of memories) {
      if (asked.size >= nodes.length) break
      if (said !== undefined && said.node.generation !== said.generation && view.find(said.node.name) === said.node)
        asked.add(said.node)
    }
    return [...asked]
  }

  /** As the nodes are now: they may be others when it answers. */
  asking(info: PodInfo, nodes: ReadonlyArray<NodeInfo>) {
    const generations = nodes.map(({ generation }) => generation)
    return (epoch: string, refusals: ReadonlyMap<string, Refusal>) => {
      const memories = this.of(info, epoch)
      for (const [at, node] of nodes.entries()) {
        const refusal = refusals.get(node.name)
        if (refusal !== unseen) memories[node.index] = { node, generation: generations[at] ?? 0, refusal }
      }
    }
  }
}
