/** Prefers nodes whose cpu and memory would be used to the same part, so that neither is left over. */
import type { Score } from "../contracts/Extensions.ts"

const part = (total: number, used: number) => (total === 0 ? 1 : Math.min(1, used / total))

export const balancedAllocation: Score = {
  name: "NodeResourcesBalancedAllocation",
  weight: 1,
  prepare: ({ requests }) => {
    if (requests.cpu + requests.memory === 0) return undefined
    return ({ allocatable, requested }) => {
      const cpu = part(allocatable.cpu, requested.cpu + requests.cpu)
      const memory = part(allocatable.memory, requested.memory + requests.memory)
      // The standard deviation of two values is half of what they differ by.
      return (1 - Math.abs(cpu - memory) / 2) * 100
    }
  }
}
