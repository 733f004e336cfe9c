/** Chooses a node for a Pod: filters, then scores. Pure but for the choice among equals, which is given. */
import type { ClusterEvent, Filter, Score } from "./contracts/Extensions.ts"
import type { NodeInfo, PodInfo, View } from "./contracts/Nodes.ts"

export interface Rules {
  readonly filters: ReadonlyArray<Filter>
  readonly scores: ReadonlyArray<Score>
}

export type Decision =
  | { readonly _tag: "Node"; readonly node: string; readonly feasible: number; readonly evaluated: number }
  | {
      readonly _tag: "Unschedulable"
      /** As in the condition PodScheduled. */
      readonly message: string
      readonly retryOn: ReadonlySet<ClusterEvent>
      readonly filters: ReadonlyArray<string>
    }

/** In a large cluster it is enough to find some that will do: a share that falls with size, and never under a hundred. */
export const enough = (nodes: number) => {
  const most = 100
  if (nodes < most) return nodes
  const percent = Math.max(5, 50 - Math.floor(nodes / 125))
  return Math.max(most, Math.floor((nodes * percent) / 100))
}

const always: ReadonlySet<ClusterEvent> = new Set(["node"])

/** `0/3 nodes are available: 1 Insufficient cpu, 2 Too many pods.` */
export const summary = (nodes: number, reasons: ReadonlyMap<string, number>) => {
  if (nodes === 0) return "no nodes available to schedule pods"
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).toSorted()
  return `0/${nodes} nodes are available: ${parts.join(", ")}.`
}

interface Sieve {
  readonly feasible: ReadonlyArray<NodeInfo>
  readonly reasons: ReadonlyMap<string, number>
  readonly refusedBy: ReadonlySet<Filter>
  readonly evaluated: number
}

/** Each node by each filter, until one refuses it; begins at `start` and goes round. */
const sieve = (pod: PodInfo, view: View, filters: ReadonlyArray<Filter>, start: number): Sieve => {
  const checks: Array<{ readonly filter: Filter; readonly check: (node: NodeInfo) => ReadonlyArray<string> }> = []
  for (const filter of filters) {
    const check = filter.prepare(pod, view)
    if (check !== undefined) checks.push({ filter, check })
  }
  const { nodes } = view
  const wanted = enough(nodes.length)
  const feasible: Array<NodeInfo> = []
  const reasons = new Map<string, number>()
  const refusedBy = new Set<Filter>()
  let evaluated = 0
  for (; evaluated < nodes.length && feasible.length < wanted; evaluated++) {
    const node = nodes[(start + evaluated) % nodes.length]
    if (node === undefined) continue
    let refused = false
    for (const { check, filter } of checks) {
      const against = check(node)
      if (against.length === 0) continue
      for (const reason of against) reasons.set(reason, 1 + (reasons.get(reason) ?? 0))
      refusedBy.add(filter)
      refused = true
      break
    }
    if (!refused) feasible.push(node)
  }
  return { feasible, reasons, refusedBy, evaluated }
}

/** What a score gives each node, as 0 to 100. */
const scored = ({ prepare, scale }: Score, pod: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>) => {
  const score = prepare(pod, view)
  if (score === undefined) return undefined
  const raw = nodes.map(score)
  if (scale === undefined) return raw
  const greatest = Math.max(0, ...raw)
  if (greatest === 0) return raw.map(() => (scale === "least" ? 100 : 0))
  return raw.map((value) => {
    const part = (value * 100) / greatest
    return scale === "least" ? 100 - part : part
  })
}

/** `pick` chooses one of so many that are equally good. */
const best = (nodes: ReadonlyArray<NodeInfo>, totals: ReadonlyArray<number>, pick: (count: number) => number) => {
  const highest = Math.max(...totals)
  // Sums of shares may differ by what a computer rounds.
  const equals = nodes.filter((_, index) => (totals[index] ?? 0) > highest - 1e-6)
  return equals[pick(equals.length)] ?? equals[0]
}

export const decide = (
  pod: PodInfo,
  view: View,
  { filters, scores }: Rules,
  pick: (count: number) => number,
  start = 0
): Decision => {
  const { evaluated, feasible, reasons, refusedBy } = sieve(pod, view, filters, start)
  const [only] = feasible
  if (only === undefined) {
    const retryOn = refusedBy.size === 0 ? always : new Set([...refusedBy].flatMap((filter) => filter.retryOn))
    const message = summary(view.nodes.length, reasons)
    return { _tag: "Unschedulable", message, retryOn, filters: [...refusedBy].map(({ name }) => name) }
  }
  const found = { _tag: "Node", feasible: feasible.length, evaluated } as const
  if (feasible.length === 1) return { ...found, node: only.name }
  const totals = feasible.map(() => 0)
  for (const score of scores) {
    scored(score, pod, view, feasible)?.forEach(
      (value, index) => (totals[index] = (totals[index] ?? 0) + value * score.weight)
    )
  }
  return { ...found, node: best(feasible, totals, pick)?.name ?? only.name }
}
