/** Runs workloads on a cluster of hollow nodes: how many Pods a second get their nodes, and what the servers spend on it. */
import { setTimeout } from "node:timers/promises"
import * as Processor from "../store/Processor.ts"
import type { Cluster, Write } from "./Cluster.ts"
import * as Quantile from "./Quantile.ts"
import * as Workloads from "./Workloads.ts"

export interface Figures {
  /** Pods that got a node, each second. */
  readonly rate: number
  /** Microseconds of processor time of all servers for each Pod, until they have no more to do. */
  readonly cpu: number
  /** Of one decision, in milliseconds. */
  readonly p99: number
}

export interface Scene {
  readonly nodes: number
  /** How many Pods are measured at most. */
  readonly pods: number
  readonly pids: ReadonlyArray<number>
  /** The page of the scheduler's metrics. */
  readonly metrics: () => Promise<string>
}

const pods = "/api/v1/namespaces/default/pods"
const classes = "/apis/scheduling.k8s.io/v1/priorityclasses"

/** How long each part of a workload may take, in seconds. */
const patience = 180

export const fill = async (cluster: Cluster, nodes: number) => {
  const indexes = [...Array(nodes).keys()]
  await cluster.all(indexes.map((index) => ({ method: "POST", path: "/api/v1/nodes", body: Workloads.node(index) })))
  // Nobody is here who would take away the taint of a new node.
  const writes = indexes.map(
    (index): Write => ({ method: "PATCH", path: `/api/v1/nodes/node-${index}`, body: { spec: { taints: null } } })
  )
  await cluster.all(writes)
  await cluster.all([
    { method: "POST", path: classes, body: Workloads.priorityClass("less", 10) },
    { method: "POST", path: classes, body: Workloads.priorityClass("more", 1000) }
  ])
}

const create = (workload: Workloads.Name, index: number, asked?: Workloads.Asked): Write => ({
  method: "POST",
  path: pods,
  body: Workloads.pod(workload, index, asked)
})
const remove = (workload: Workloads.Name, index: number): Write => ({
  method: "DELETE",
  path: `${pods}/${Workloads.nameOf(workload, index)}`,
  body: { gracePeriodSeconds: 0 }
})

/** Processor time until there is no more to do for what was asked, such as events about it. */
const settled = async (pids: ReadonlyArray<number>) => {
  const [step, few, tries] = [500, 0.15, 40]
  let before = Processor.spent(pids)
  for (let tried = 0; tried < tries; tried++) {
    await setTimeout(step)
    const now = Processor.spent(pids)
    if (now - before < few * step) return before
    before = now
  }
  return before
}

/** The Pods that are there before it is measured: where others are to go for them, all nodes are full. */
const prepare = async ({ all, seen }: Cluster, workload: Workloads.Name, nodes: number) => {
  const isPreempting = workload === "preemption"
  const before = isPreempting ? nodes : Math.min(500, Math.floor(nodes / 4))
  const asked = (index: number) => (isPreempting ? { cpu: "4", priority: "less", nodeName: `node-${index}` } : undefined)
  await all(Array.from({ length: before }, (_, index) => create(workload, index, asked(index))))
  await seen.until(`${workload}, before`, (bound) => bound.size >= before, patience)
  return before
}

const empty = async ({ all, seen }: Cluster, workload: Workloads.Name) => {
  await all([{ method: "DELETE", path: pods, body: { gracePeriodSeconds: 0 } }])
  await seen.until(`${workload}, after`, (bound) => bound.size === 0, patience)
}

export const run = async (cluster: Cluster, workload: Workloads.Name, scene: Scene): Promise<Figures> => {
  const { metrics, nodes, pids } = scene
  const { all, seen } = cluster
  const before = await prepare(cluster, workload, nodes)
  // One on each node, and no more.
  const count = workload === "anti-affinity" ? Math.min(scene.pods, nodes - before) : scene.pods
  const asked = workload === "preemption" ? { cpu: "3", priority: "more" } : undefined
  const indexes = Array.from({ length: count }, (_, index) => before + index)
  const names = indexes.map((index) => Workloads.nameOf(workload, index))
  const writes = indexes.flatMap((index) => {
    const leaves = workload === "churn" && index < 2 * before
    return leaves ? [create(workload, index, asked), remove(workload, index - before)] : [create(workload, index, asked)]
  })
  await settled(pids)
  const earlier = Quantile.bucketsOf(await metrics(), Quantile.decision)
  const spent = Processor.spent(pids)
  const began = performance.now()
  const bound = seen.until(workload, (all) => names.every((name) => all.has(name)), patience)
  const [, took] = await Promise.all([all(writes), bound.then(() => performance.now() - began)])
  const cpu = (((await settled(pids)) - spent) * 1000) / count
  const later = Quantile.bucketsOf(await metrics(), Quantile.decision)
  await empty(cluster, workload)
  return { rate: (1000 * count) / took, cpu, p99: 1000 * Quantile.between(earlier, later, 0.99) }
}
