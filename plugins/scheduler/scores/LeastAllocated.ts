/** Prefers nodes with more room left: spreads load. */
import type { Score } from "../contracts/Extensions.ts"

const left = (total: number, used: number) => (total === 0 || used > total ? 0 : ((total - used) * 100) / total)

export const leastAllocated: Score = {
  name: "NodeResourcesFit",
  weight: 1,
  prepare:
    ({ guessed: pod }) =>
    ({ allocatable, guessed }) =>
      (left(allocatable.cpu, guessed.cpu + pod.cpu) + left(allocatable.memory, guessed.memory + pod.memory)) / 2
}
