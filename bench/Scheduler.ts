/**
 * `npm run bench`, the scheduler beside kube-scheduler with kube-apiserver and etcd: how many Pods a second get their nodes, from their
 * creation over HTTP/2 until a watcher sees them bound, on 1,000 hollow nodes; what one decision takes at most (99 of 100), and the
 * processor time of all servers. Arguments choose: `… bench/Scheduler.ts 5000 spread affinity alone`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem } from "effect"
import { join } from "node:path"
import { loadavg } from "node:os"
import * as Cluster from "./scheduler/Cluster.ts"
import { type Figures, fill, run } from "./scheduler/Run.ts"
import * as Servers from "./scheduler/Servers.ts"
import * as Workloads from "./scheduler/Workloads.ts"

const asked = process.argv.slice(2)
const number = asked.find((one) => /^\d+$/.test(one))
const nodes = Number(number ?? 1000)
const words: ReadonlyArray<string> = [...Workloads.names, "alone"]
const unknown = asked.filter((one) => one !== number && !words.includes(one))
const some = Workloads.names.filter((name) => asked.includes(name))
const workloads = some.length > 0 ? some : Workloads.names
/** Pods that are measured. */
const count = Math.min(1000, nodes)

/** How often faster it is meant to be than upstream. */
const goals: { readonly [_ in Workloads.Name]?: number } =
  nodes < 5000 ? {} : { spread: 5, affinity: 20, preferred: 10, "anti-affinity": 10 }
const goalOf = (workload: Workloads.Name) => goals[workload] ?? 3

const measure = Effect.fnUntraced(function* ({ address, metrics, name, pids }: Servers.Contestant) {
  yield* Console.log(`${name}: load ${loadavg()[0]?.toFixed(1)}`)
  const cluster = yield* Effect.acquireRelease(
    Effect.promise(() => Cluster.open(address)),
    ({ close }) => Effect.sync(close)
  )
  yield* Effect.promise(() => fill(cluster, nodes))
  const figures: Array<Figures> = []
  const own = () => cluster.read("/metrics")
  for (const workload of workloads) {
    const one = yield* Effect.promise(() => run(cluster, workload, { count, nodes, pids, metrics: metrics ?? own }))
    yield* Console.log(`  ${line(one)}`)
    figures.push(one)
  }
  return figures
})

const line = ({ cpu, p99, rate, workload }: Figures) =>
  [
    workload.padEnd(14),
    `${rate.toFixed(0).padStart(6)} Pods/s`,
    `${p99.toFixed(2).padStart(8)} ms p99 of a decision`,
    `${cpu.toFixed(0).padStart(7)} µs processor`
  ].join("  ")

const program = Effect.gen(function* () {
  if (unknown.length > 0)
    return yield* Effect.fail(new Error(`there is no ${unknown.join(", ")}: expected some of ${words.join(", ")}`))
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-bench-scheduler-" })
  yield* Console.log(`${nodes} nodes, ${count} Pods each`)
  const ours = yield* Effect.scoped(Effect.flatMap(Servers.keelson(join(directory, "keelson")), measure))
  if (asked.includes("alone")) return
  const theirs = yield* Effect.scoped(
    Effect.flatMap(Servers.upstream(join(directory, "upstream")), (one) =>
      typeof one === "string" ? Effect.as(Console.log(`not compared: ${one}`), undefined) : measure(one)
    )
  )
  for (const { rate, workload } of ours) {
    const other = theirs?.find((one) => one.workload === workload)
    if (other === undefined) continue
    const ratio = rate / other.rate
    const verdict = ratio >= goalOf(workload) ? "reached" : "not reached"
    yield* Console.log(`${workload.padEnd(14)} ${ratio.toFixed(1)} × (goal ${goalOf(workload)} ×: ${verdict})`)
  }
})

program.pipe(Effect.scoped, Effect.provide(NodeServices.layer), NodeRuntime.runMain)
