/**
 * `npm run bench`, the scheduler beside kube-scheduler with kube-apiserver and etcd: how many Pods a second get their nodes, from their
 * creation over HTTP/2 until a watcher sees them bound, on 1,000 and 5,000 hollow nodes; what one decision takes at most (99 of 100), and
 * the processor time of all servers. Flags choose: `npm run bench -- scheduler --nodes 1000 --workloads spread,affinity --sides keelson`;
 * `--resume` goes on with a run that was broken off. The figures also go to dist/bench-scheduler.json.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem } from "effect"
import { Command, Flag } from "effect/cli"
import { loadavg } from "node:os"
import { join } from "node:path"
import * as Cluster from "./scheduler/Cluster.ts"
import { line, Results, type Scale, type Side, sides, table } from "./scheduler/Results.ts"
import { fill, run } from "./scheduler/Run.ts"
import * as Servers from "./scheduler/Servers.ts"
import * as Workloads from "./scheduler/Workloads.ts"

interface Part extends Scale {
  readonly side: Side
  readonly workloads: ReadonlyArray<Workloads.Name>
  readonly results: Results
  readonly directory: string
}

const chosen = <A extends string>(flag: string, given: string, known: ReadonlyArray<A>) => {
  const words = given.split(",").map((word) => word.trim())
  const found = words.flatMap((word) => known.filter((one) => one === word))
  if (found.length === words.length) return Effect.succeed(found)
  return Effect.fail(new Error(`--${flag} ${given}: expected some of ${known.join(",")}`))
}

const contestant = (side: Side, directory: string) =>
  Effect.gen(function* () {
    return yield* side === "keelson" ? Servers.keelson(directory) : Servers.upstream(directory)
  })

/** A server that does not answer any more does not hold up the rest. */
const within = <A>(run: () => Promise<A>) => Effect.timeout(Effect.tryPromise(run), "8 minutes")

const why = (error: Error) => (error.cause instanceof Error ? error.cause : error).message

/** One workload after another; after one that failed, the rest is left, since its Pods are still there. Gives what is left. */
const measured = Effect.fnUntraced(function* (part: Part, { address, metrics, name, pids }: Servers.Contestant) {
  const { nodes, pods, results, side, workloads } = part
  yield* Console.log(`${name}, ${nodes} nodes, ${pods} Pods each, load ${loadavg()[0]?.toFixed(1)}`)
  const cluster = yield* Effect.acquireRelease(
    Effect.promise(() => Cluster.open(address)),
    ({ close }) => Effect.sync(close)
  )
  const scene = { nodes, pods, pids, metrics: metrics ?? (() => cluster.read("/metrics")) }
  yield* within(() => fill(cluster, nodes))
  // Servers run for months: what is measured is not their first minute.
  yield* within(() => run(cluster, "basic", { ...scene, pods: Math.min(500, pods) }))
  for (const [index, workload] of workloads.entries()) {
    const figures = yield* Effect.result(within(() => run(cluster, workload, scene)))
    if (figures._tag === "Success") {
      yield* Console.log(`  ${line(results.put({ side, nodes, pods, workload }, figures.success))}`)
      continue
    }
    yield* Console.log(`  ${workload.padEnd(14)} FAILED: ${why(figures.failure)}`)
    return workloads.slice(index + 1)
  }
  return []
})

const measure = Effect.fnUntraced(function* (part: Part) {
  const { directory, nodes, pods, results, side } = part
  let left = part.workloads.filter((workload) => results.find({ side, nodes, pods, workload }) === undefined)
  for (let attempt = 0; left.length > 0; attempt++) {
    const once = Effect.flatMap(contestant(side, join(directory, `${side}-${nodes}-${attempt}`)), (server) =>
      typeof server === "string"
        ? Effect.as(Console.log(`left out: ${server}`), [])
        : measured({ ...part, workloads: left }, server)
    )
    const tried = yield* Effect.result(Effect.scoped(once))
    if (tried._tag === "Failure") yield* Console.log(`${side} did not get as far as to be measured: ${why(tried.failure)}`)
    left = tried._tag === "Success" ? [...tried.success] : []
  }
})

const sizes = (given: string) =>
  Effect.gen(function* () {
    const found = given.split(",").map(Number)
    if (found.every((one) => Number.isSafeInteger(one) && one >= 20)) return found
    return yield* Effect.fail(new Error(`--nodes ${given}: expected whole numbers of at least 20, with commas`))
  })

const command = Command.make(
  "scheduler",
  {
    nodes: Flag.String("nodes").pipe(Flag.withDescription("How many there are, with commas"), Flag.withDefault("1000,5000")),
    pods: Flag.Int("pods").pipe(Flag.withDescription("How many are measured for each workload"), Flag.withDefault(1000)),
    workloads: Flag.String("workloads").pipe(
      Flag.withDescription(`Which, with commas (default: all)`),
      Flag.withDefault(Workloads.names.join(","))
    ),
    sides: Flag.String("sides").pipe(Flag.withDescription("Whose, with commas"), Flag.withDefault(sides.join(","))),
    resume: Flag.Boolean("resume").pipe(
      Flag.withDescription("Leave out what dist/bench-scheduler.json has already"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (given) {
    const workloads = yield* chosen("workloads", given.workloads, Workloads.names)
    const some = yield* chosen("sides", given.sides, sides)
    const all = yield* sizes(given.nodes)
    const files = yield* FileSystem.FileSystem
    const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-bench-scheduler-" })
    const results = new Results(join(import.meta.dirname, "..", "dist", "bench-scheduler.json"), given.resume)
    for (const nodes of all)
      for (const side of some) yield* measure({ nodes, pods: given.pods, side, workloads, results, directory })
    for (const nodes of all) yield* Console.log(`\n${table(results, { nodes, pods: given.pods }, workloads)}`)
  }, Effect.scoped)
)

Command.run(command, { version: "1" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
