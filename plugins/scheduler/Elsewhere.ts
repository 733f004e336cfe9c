/** What plugins that have to be asked elsewhere said of nodes in one attempt, after they were asked about them. */
import type { NodeInfo } from "./contracts/Nodes.ts"
import type { Asked } from "./Cycle.ts"
import { ask, type Refused } from "./Trials.ts"

export class Elsewhere {
  /** The nodes that they were asked about. */
  private readonly blocks: Array<ReadonlyArray<NodeInfo>> = []
  private taken = 0
  private readonly all: ReadonlyArray<Asked>

  /** `all`: the plugins here, too. */
  constructor(all: ReadonlyArray<Asked>) {
    this.all = all
  }

  /** The nodes that they take. */
  sieve(nodes: ReadonlyArray<NodeInfo>, refuse: (refused: Refused, node: NodeInfo) => void): ReadonlyArray<NodeInfo> {
    const asked = this.all.filter(({ plugin }) => plugin.prepare !== undefined)
    this.blocks.push(nodes)
    const left = nodes.filter((node) => {
      const refused = ask(asked, node)
      if (refused !== undefined) refuse(refused, node)
      return refused === undefined
    })
    this.taken += left.length
    return left
  }

  /** How many of the nodes they took, if they were asked. */
  get share() {
    const asked = this.blocks.reduce((sum, { length }) => sum + length, 0)
    return asked === 0 ? undefined : this.taken / asked
  }

  /** Their names. */
  get questioned(): ReadonlySet<string> {
    return new Set(this.blocks.flatMap((nodes) => nodes.map(({ name }) => name)))
  }
}
