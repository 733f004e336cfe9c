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

type Read = (node: NodeInfo) => number

/** Of one resource. */
export interface Use {
  readonly weight: number
  /** 0 where the node has none. */
  readonly all: Read
  /** Without the Pod that is to come. */
  readonly used: Read
  readonly wanted: number
}

/** What a Pod asks for of a resource, and where it is read from nodes. What few have and the Pod does not ask for is left out. */
const use = ({ guessed, requests }: PodInfo, { name, weight }: Resource, isExact: boolean): ReadonlyArray<Use> => {
  switch (name) {
    case "cpu":
    case "memory":
      return isExact
        ? [
            {
              weight,
              all: ({ allocatable }) => allocatable[name],
              used: ({ requested }) => requested[name],
              wanted: requests[name]
            }
          ]
        : [
            {
              weight,
              all: ({ allocatable }) => allocatable[name],
              used: (node) => node.guessed[name],
              wanted: guessed[name]
            }
          ]
    case "ephemeral-storage":
      return [
        {
          weight,
          all: ({ allocatable }) => allocatable.storage,
          used: ({ requested }) => requested.storage,
          wanted: requests.storage
        }
      ]
    default: {
      const wanted = requests.others[name] ?? 0
      const all: Read = ({ allocatable }) => allocatable.others[name] ?? 0
      const used: Read = ({ requested }) => requested.others[name] ?? 0
      return wanted === 0 ? [] : [{ weight, all, used, wanted }]
    }
  }
}

export const uses = (pod: PodInfo, resources: ReadonlyArray<Resource>, isExact: boolean): ReadonlyArray<Use> =>
  resources.flatMap((resource) => use(pod, resource, isExact))

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
  return (pod: PodInfo) => {
    const of = uses(pod, resources, false)
    return (node: NodeInfo) => {
      let sum = 0
      let weights = 0
      for (const { all, used, wanted, weight } of of) {
        const total = all(node)
        if (total === 0) continue
        const score = rate(total, used(node) + wanted)
        // On a curve, a score of nothing is none.
        if (isRatio && score <= 0) continue
        sum += weight * score
        weights += weight
      }
      if (weights === 0) return 0
      return isRatio ? Math.round(sum / weights) : whole(sum / weights)
    }
  }
}
