/** Runs workloads on a cluster of hollow nodes: how many Pods a second get their nodes, and what the servers spend on it. */
import * as Processor from "../store/Processor.ts"
import type { Cluster, Write } from "./Cluster.ts"
import * as Quantile from "./Quantile.ts"
import * as Workloads from "./Workloads.ts"

export interface Figures {
  readonly workload: Workloads.Name
  /** Pods that got a node, each second. */
  readonly rate: number
  /** Microseconds of processor time of all servers for each Pod. */
  readonly cpu: number
  /** Of one decision, in milliseconds. */
  readonly p99: number
}

const pods = "/api/v1/namespaces/default/pods"
const classes = "/apis/scheduling.k8s.io/v1/priorityclasses"

/** How long one workload may take, in seconds. */
const patience = 120

export const fill = async (cluster: Cluster, nodes: number) => {
  const indexes = [...Array(nodes).keys()]
  await cluster.all(indexes.map((index) => ({ method: "POST", path: "/api/v1/nodes", body: Workloads.node(index) })))
  // Nobody is here who would take away the taint of a new node.
  const writes = indexes.flatMap((index): ReadonlyArray<Write> => {
    const path = `/api/v1/nodes/node-${index}`
    return [
      { method: "PATCH", path: `${path}/status`, body: Workloads.statusOfNode() },
      { method: "PATCH", path, body: { spec: { taints: null } } }
    ]
  })
  await cluster.all(writes)
  await cluster.all([
    { method: "POST", path: classes, body: Workloads.priorityClass("less", 10) },
    { method: "POST", path: classes, body: Workloads.priorityClass("more", 1000) }
  ])
}

const created = (workload: Workloads.Name, from: number, count: number, asked?: Workloads.Asked): ReadonlyArray<Write> =>
  Array.from({ length: count }, (_, index) => ({
    method: "POST",
    path: pods,
    body: Workloads.pod(workload, from + index, asked)
  }))

/** `metrics`: where the scheduler's are. */
export const run = async (
  cluster: Cluster,
  workload: Workloads.Name,
  {
    count: most,
    metrics,
    nodes,
    pids
  }: {
    readonly count: number
    readonly nodes: number
    readonly pids: ReadonlyArray<number>
    readonly metrics: () => Promise<string>
  }
): Promise<Figures> => {
  const { all, seen } = cluster
  const isPreempting = workload === "preemption"
  // Before it is measured some Pods are there; where others are to go for them, all nodes are full.
  const before = isPreempting ? nodes : Math.min(500, Math.floor(nodes / 4))
  // One on each node, and no more.
  const count = workload === "anti-affinity" ? Math.min(most, nodes - before) : most
  const asked = isPreempting ? { cpu: "4", priority: "less" } : undefined
  await all(created(workload, 0, before, asked))
  await seen.until(`${workload}, before`, (bound) => bound.size >= before, patience)
  const earlier = Quantile.bucketsOf(await metrics(), Quantile.decision)
  const spent = Processor.spent(pids)
  const began = performance.now()
  const measured = isPreempting ? { cpu: "3", priority: "more" } : undefined
  const names = Array.from({ length: count }, (_, index) => `bench-${workload}-${before + index}`)
  await all(created(workload, before, count, measured))
  await seen.until(workload, (bound) => bound.size >= count && names.every((name) => bound.has(name)), patience)
  const seconds = (performance.now() - began) / 1000
  const cpu = ((Processor.spent(pids) - spent) * 1000) / count
  const later = Quantile.bucketsOf(await metrics(), Quantile.decision)
  await all([{ method: "DELETE", path: pods, body: { gracePeriodSeconds: 0 } }])
  await seen.until(`${workload}, after`, (bound) => bound.size === 0, patience)
  return { workload, rate: count / seconds, cpu, p99: 1000 * Quantile.between(earlier, later, 0.99) }
}
