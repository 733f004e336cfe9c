/** How nodes are liked by what is used of them: rather those with room left, rather those that are full, or by a curve. */
import type { NodeInfo, PodInfo } from "../../contracts/Nodes.ts"

export interface Resource {
  readonly name: string
  readonly weight: number
}
interface Point {
  readonly utilization: number
  readonly score: number
}
export interface Strategy {
  readonly type: "LeastAllocated" | "MostAllocated" | "RequestedToCapacityRatio"
  readonly resources?: ReadonlyArray<Resource>
  readonly requestedToCapacityRatio?: { readonly shape: ReadonlyArray<Point> }
}

export const leastAllocated: Strategy = { type: "LeastAllocated" }
export const cpuAndMemory: ReadonlyArray<Resource> = [
  { name: "cpu", weight: 1 },
  { name: "memory", weight: 1 }
]

interface Use {
  readonly all: number
  /** Without the Pod that is to come. */
  readonly used: number
  readonly wanted: number
}

/** Of a resource on a node; nothing, where it has none, or the Pod does not ask for a resource that few have. */
export const use = (
  { allocatable, guessed, requested }: NodeInfo,
  pod: PodInfo,
  name: string,
  isExact: boolean
): Use | undefined => {
  const of = (all: number, used: number, wanted: number) => (all === 0 ? undefined : { all, used, wanted })
  switch (name) {
    case "cpu":
      return isExact
        ? of(allocatable.cpu, requested.cpu, pod.requests.cpu)
        : of(allocatable.cpu, guessed.cpu, pod.guessed.cpu)
    case "memory":
      return isExact
        ? of(allocatable.memory, requested.memory, pod.requests.memory)
        : of(allocatable.memory, guessed.memory, pod.guessed.memory)
    case "ephemeral-storage":
      return of(allocatable.storage, requested.storage, pod.requests.storage)
    default: {
      const wanted = pod.requests.others[name] ?? 0
      return wanted === 0 ? undefined : of(allocatable.others[name] ?? 0, requested.others[name] ?? 0, wanted)
    }
  }
}

const whole = Math.trunc

/** Straight lines between the points; scores of a curve go to 10. */
const curve = (shape: ReadonlyArray<Point>) => (percent: number) => {
  const after = shape.findIndex(({ utilization }) => percent <= utilization)
  const [left, right] = [shape[after - 1], shape[after]]
  if (right === undefined) return 10 * (shape.at(-1)?.score ?? 0)
  if (left === undefined) return 10 * right.score
  const along = (percent - left.utilization) / (right.utilization - left.utilization)
  return whole(10 * left.score + 10 * (right.score - left.score) * along)
}

const rating = ({ requestedToCapacityRatio, type }: Strategy): ((all: number, used: number) => number) => {
  switch (type) {
    case "LeastAllocated":
      return (all, used) => (used > all ? 0 : whole(((all - used) * 100) / all))
    case "MostAllocated":
      return (all, used) => whole((Math.min(used, all) * 100) / all)
    case "RequestedToCapacityRatio": {
      const at = curve(requestedToCapacityRatio?.shape ?? [])
      return (all, used) => at(used > all ? 100 : whole((used * 100) / all))
    }
  }
}

export const scoring = (strategy: Strategy) => {
  const { resources = cpuAndMemory, type } = strategy
  const rate = rating(strategy)
  const isRatio = type === "RequestedToCapacityRatio"
  return (pod: PodInfo) => (node: NodeInfo) => {
    let sum = 0
    let weights = 0
    for (const { name, weight } of resources) {
      const found = use(node, pod, name, false)
      if (found === undefined) continue
      const score = rate(found.all, found.used + found.wanted)
      // On a curve, a score of nothing is none.
      if (isRatio && score <= 0) continue
      sum += weight * score
      weights += weight
    }
    if (weights === 0) return 0
    return isRatio ? Math.round(sum / weights) : whole(sum / weights)
  }
}
