/** Prefers nodes whose resources are used more evenly with the Pod than without it, so that of none something is left over. */
import type { Plugin } from "../../contracts/Framework.ts"
import type { NodeInfo } from "../../contracts/Nodes.ts"
import { cpuAndMemory, type Resource, type Use, uses } from "../node-resources-fit/Strategy.ts"

export interface Options {
  readonly resources?: ReadonlyArray<Resource>
}

const part = (used: number, all: number) => Math.min(1, used / all)

/** 100 where all are used to the same part; by the standard deviation of the parts. */
const evenness = (node: NodeInfo, uses: ReadonlyArray<Use>, isWith: boolean) => {
  let count = 0
  let sum = 0
  let squares = 0
  let first = 0
  let last = 0
  for (const { all, used, wanted } of uses) {
    const total = all(node)
    if (total === 0) continue
    last = part(used(node) + (isWith ? wanted : 0), total)
    if (count === 0) first = last
    count++
    sum += last
    squares += last * last
  }
  if (count < 2) return 100
  // Of two, without the rounding of squares.
  const deviation = count === 2 ? Math.abs((first - last) / 2) : Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))
  return Math.trunc((1 - deviation) * 100)
}

export const make = ({ resources = cpuAndMemory }: Options = {}): Plugin => ({
  name: "NodeResourcesBalancedAllocation",
  isLocal: true,
  preScore: (pod) => {
    const of = uses(pod, resources, true)
    if (!of.some(({ wanted }) => wanted > 0)) return undefined
    return { score: (node) => 50 + Math.trunc((50 + evenness(node, of, true) - evenness(node, of, false)) / 2) }
  }
})
