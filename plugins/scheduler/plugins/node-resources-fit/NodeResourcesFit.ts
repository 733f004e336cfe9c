/** The node has room for what the Pod asks for, and for one Pod more. Which of those with room, the strategy says. */
import { onNode, onPod } from "../../contracts/Changes.ts"
import type { Plugin, Refusal } from "../../contracts/Framework.ts"
import type { Amounts, NodeInfo, PodInfo } from "../../contracts/Nodes.ts"
import { allocatable, infoOf } from "../../Resources.ts"
import { leastAllocated, type Strategy, scoring } from "./Strategy.ts"

export interface Options {
  readonly ignoredResources?: ReadonlyArray<string>
  readonly ignoredResourceGroups?: ReadonlyArray<string>
  readonly scoringStrategy?: Strategy
}

type Fits = (node: Pick<NodeInfo, "allocatable" | "pods" | "requested">) => Refusal | undefined

const fitting = ({ cpu, memory, others, storage }: Amounts, isIgnored: (name: string) => boolean): Fits => {
  const named = Object.entries(others).filter(([name, amount]) => amount > 0 && !isIgnored(name))
  /** Why not, once it is known that it does not. */
  const reasons: Fits = ({ allocatable, pods, requested }) => {
    const found: Array<string> = pods.size + 1 > allocatable.pods ? ["Too many pods"] : []
    let isUnresolvable = false
    const check = (name: string, wanted: number, all: number, used: number) => {
      if (wanted <= 0 || wanted <= all - used) return
      found.push(`Insufficient ${name}`)
      isUnresolvable ||= wanted > all
    }
    check("cpu", cpu, allocatable.cpu, requested.cpu)
    check("memory", memory, allocatable.memory, requested.memory)
    check("ephemeral-storage", storage, allocatable.storage, requested.storage)
    for (const [name, wanted] of named) check(name, wanted, allocatable.others[name] ?? 0, requested.others[name] ?? 0)
    return { reasons: found, isUnresolvable }
  }
  return (node) => {
    const { allocatable, pods, requested } = node
    const fits =
      pods.size + 1 <= allocatable.pods &&
      (cpu === 0 || cpu <= allocatable.cpu - requested.cpu) &&
      (memory === 0 || memory <= allocatable.memory - requested.memory) &&
      (storage === 0 || storage <= allocatable.storage - requested.storage)
    if (!fits) return reasons(node)
    for (const [name, wanted] of named)
      if (wanted > (allocatable.others[name] ?? 0) - (requested.others[name] ?? 0)) return reasons(node)
    return undefined
  }
}

const nobody: ReadonlyMap<string, PodInfo> = new Map()
const untouched = { cpu: 0, memory: 0, storage: 0, others: {} }

/** Whether there is more of anything that is asked for. */
const isMore = (wanted: Amounts, before: Amounts, after: Amounts) =>
  (wanted.cpu > 0 && after.cpu > before.cpu) ||
  (wanted.memory > 0 && after.memory > before.memory) ||
  (wanted.storage > 0 && after.storage > before.storage) ||
  Object.entries(wanted.others).some(
    ([name, amount]) => amount > 0 && (after.others[name] ?? 0) > (before.others[name] ?? 0)
  )

export const make = ({
  ignoredResourceGroups = [],
  ignoredResources = [],
  scoringStrategy = leastAllocated
}: Options = {}): Plugin => {
  const isIgnored = (name: string) =>
    ignoredResources.includes(name) || ignoredResourceGroups.includes(name.split("/")[0] ?? "")
  const strategy = scoring(scoringStrategy)
  return {
    name: "NodeResourcesFit",
    isLocal: true,
    hints: [
      onPod(["Delete"]),
      onPod(["ScaleDown"], (pod, { after, before }) =>
        before === undefined || after === undefined
          ? true
          : isMore(infoOf(pod).requests, infoOf(after).requests, infoOf(before).requests)
      ),
      onNode(["Add", "UpdateAllocatable"], (pod, { after, before }) => {
        if (after === undefined) return true
        const { requests } = infoOf(pod)
        const now = allocatable(after)
        const fits = fitting(requests, isIgnored)({ allocatable: now, pods: nobody, requested: untouched })
        if (fits !== undefined) return false
        if (before === undefined) return true
        const then = allocatable(before)
        return now.pods > then.pods || isMore(requests, then, now)
      })
    ],
    preFilter: ({ requests }) => ({ filter: fitting(requests, isIgnored) }),
    preScore: (pod) => ({ score: strategy(pod) })
  }
}
