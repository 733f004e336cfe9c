/** Prefers nodes whose resources are used more evenly with the Pod than without it, so that of none something is left over. */
import type { Plugin } from "../../contracts/Framework.ts"
import type { NodeInfo, PodInfo } from "../../contracts/Nodes.ts"
import { cpuAndMemory, type Resource, use } from "../node-resources-fit/Strategy.ts"

export interface Options {
  readonly resources?: ReadonlyArray<Resource>
}

/** 100 where all are used to the same part; by the standard deviation of the parts. */
const evenness = (parts: ReadonlyArray<number>) => {
  if (parts.length < 2) return 100
  const mean = parts.reduce((sum, part) => sum + part, 0) / parts.length
  const variance = parts.reduce((sum, part) => sum + (part - mean) ** 2, 0) / parts.length
  return Math.trunc((1 - Math.sqrt(variance)) * 100)
}
const evennessOfTwo = (a: number, b: number) => Math.trunc((1 - Math.abs((a - b) / 2)) * 100)

const part = (used: number, all: number) => Math.min(1, used / all)
const even = (parts: ReadonlyArray<number>) => {
  const [a, b] = parts
  return parts.length === 2 && a !== undefined && b !== undefined ? evennessOfTwo(a, b) : evenness(parts)
}

export const make = ({ resources = cpuAndMemory }: Options = {}): Plugin => {
  const asks = ({ requests }: PodInfo) =>
    resources.some(({ name }) => {
      if (name === "cpu" || name === "memory") return requests[name] > 0
      return name === "ephemeral-storage" ? requests.storage > 0 : (requests.others[name] ?? 0) > 0
    })
  return {
    name: "NodeResourcesBalancedAllocation",
    preScore: (pod) => {
      if (!asks(pod)) return undefined
      const score = (node: NodeInfo) => {
        const uses = resources.flatMap(({ name }) => use(node, pod, name, true) ?? [])
        const after = even(uses.map(({ all, used, wanted }) => part(used + wanted, all)))
        const before = even(uses.map(({ all, used }) => part(used, all)))
        return 50 + Math.trunc((50 + after - before) / 2)
      }
      return { score }
    }
  }
}
