/** What plugins that have to be asked elsewhere said of nodes in one attempt, after they were asked about them. */
import type { NodeInfo } from "./contracts/Nodes.ts"
import type { Asked } from "./Cycle.ts"
import { ask, type Refused } from "./Trials.ts"

export class Elsewhere {
  /** The names of the nodes that they were asked about. */
  readonly questioned = new Set<string>()
  private taken = 0
  private readonly all: ReadonlyArray<Asked>

  /** `all`: the plugins here, too. */
  constructor(all: ReadonlyArray<Asked>) {
    this.all = all
  }

  /** The nodes that they take. */
  sieve(nodes: ReadonlyArray<NodeInfo>, refuse: (refused: Refused, node: NodeInfo) => void): ReadonlyArray<NodeInfo> {
    const asked = this.all.filter(({ plugin }) => plugin.prepare !== undefined)
    const left = nodes.filter((node) => {
      this.questioned.add(node.name)
      const refused = ask(asked, node)
      if (refused !== undefined) refuse(refused, node)
      return refused === undefined
    })
    this.taken += left.length
    return left
  }

  /** How many of the nodes they took, if they were asked. */
  get share() {
    return this.questioned.size === 0 ? undefined : this.taken / this.questioned.size
  }
}
