/**
 * `npm run bench`, scheduling with a plugin from outside: what it costs on many nodes that a filter plugin runs in a thread, a process or a sandbox,
 * beside the same one in the scheduler's own thread, and beside none. One control plane in this process, hollow nodes; Pods come in through the
 * pipeline, and count until they have their node. `--nodes 5000 --pods 600 --rounds 3 --levels in-process,worker`; with `--forgetful` a plugin
 * that does not say that it looks at nothing but the node (`isLocal`), and so has to be asked for each Pod.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem, Layer, Logger, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { loadavg } from "node:os"
import { join } from "node:path"
import * as ControlPlane from "../bin/ControlPlane.ts"
import * as Keys from "../bin/Keys.ts"
import * as Paths from "../bin/Paths.ts"
import * as Server from "../bin/Server.ts"
import * as Settings from "../bin/Settings.ts"
import { Client } from "../kernel/client/Client.ts"
import * as PipelineClient from "../kernel/client/PipelineClient.ts"
import { freePort } from "../kernel/FreePort.ts"
import { masters } from "../kernel/pipeline/Attributes.ts"
import * as MemoryLog from "../kernel/store/memory/MemoryLog.ts"
import { Plugin } from "../plugins/packages/contracts/v1alpha1.ts"
import { Node, Pod } from "../plugins/resources/contracts/core/v1.ts"
import * as Workloads from "./scheduler/Workloads.ts"

const manifest = {
  name: "filter",
  version: "1.0.0",
  module: "plugin.ts",
  offers: [{ contract: "scheduler/SchedulerPoints", version: "^1.0.0" }],
  needs: [{ contract: "kernel/Api", version: "^1.0.0" }],
  permissions: {
    rules: [{ apiGroups: [""], resources: ["nodes", "pods", "namespaces"], verbs: ["get", "list", "watch"] }]
  }
}
/** One zone of ten will not do. */
const codeOf = (isLocal: boolean) => `
import { unresolvable } from "keelson/scheduler/Framework"
import * as SchedulerPlugin from "keelson/scheduler/SchedulerPlugin"
const filter = ({ node }) =>
  node.metadata.labels?.["topology.kubernetes.io/zone"] === "zone-3" ? unresolvable("node(s) were in the wrong zone") : undefined
export const plugin = SchedulerPlugin.make({ name: "Filter", isLocal: ${isLocal}, preFilter: () => ({ filter }) })
`

const started = Effect.fnUntraced(function* (isLocal: boolean) {
  const files = yield* FileSystem.FileSystem
  const home = yield* files.makeTempDirectoryScoped({ prefix: "keelson-bench-" })
  const settings: Settings.Settings = {
    ...Settings.defaults(),
    dataDir: join(home, "data"),
    nodeName: "server",
    nodeIp: "127.0.0.1",
    apiPort: yield* freePort,
    store: "memory",
    controllers: ["serviceaccount"]
  }
  const paths = Paths.make(settings.dataDir, settings.nodeName)
  yield* Keys.openServer(settings, paths)
  const options = yield* Server.optionsOf(settings, paths)
  const plane = yield* Layer.build(ControlPlane.controlPlane({ ...options, log: MemoryLog.layer }))
  const admin = PipelineClient.layer({ name: "kubernetes-admin", groups: [masters, "system:authenticated"] })
  const client = yield* Effect.provide(Client, yield* Effect.provideContext(Layer.build(admin), plane))
  const directory = join(home, "filter")
  yield* files.makeDirectory(directory)
  yield* files.writeFileString(join(directory, "keelson.json"), JSON.stringify(manifest))
  yield* files.writeFileString(join(directory, "plugin.ts"), codeOf(isLocal))
  return { client, directory }
})
type Started = Effect.Success<ReturnType<typeof started>>

const atOnce = { concurrency: 16, discard: true } as const

const fill = Effect.fnUntraced(function* ({ client }: Started, nodes: number) {
  const one = Effect.fnUntraced(function* (index: number) {
    const { metadata, status } = Workloads.node(index)
    const key = { namespace: "", name: metadata.name }
    yield* client.create(Node, { metadata })
    yield* client.patch(Node, key, "merge", { status }, { subresource: "status" })
    yield* client.patch(Node, key, "merge", { spec: { taints: null } })
  })
  yield* Effect.forEach([...Array(nodes).keys()], one, atOnce)
})

/** As soon as so many Pods have a node, of so many that there are. By what changes: to look at all of them again would be measured, too. */
const untilPlaced = Effect.fnUntraced(function* ({ client }: Started, count: number) {
  const cache = yield* client.cache(Pod, { indexes: {} })
  const here = new Map<string, boolean>()
  let placed = 0
  const set = (name: string, isPlaced: boolean | undefined) => {
    placed += Number(isPlaced === true) - Number(here.get(name) === true)
    if (isPlaced === undefined) here.delete(name)
    else here.set(name, isPlaced)
  }
  const see = ({ metadata, spec }: Pod) => set(metadata.name, Boolean(spec.nodeName))
  const isDone = Stream.map(cache.changes, ({ events }) => {
    for (const event of events) {
      if (event._tag === "Deleted") set(event.object.metadata.name, undefined)
      else if (event._tag === "Applied") see(event.object)
      else {
        here.clear()
        placed = 0
        event.objects.forEach(see)
      }
    }
    return here.size === count && placed === count
  })
  yield* Stream.runHead(Stream.filter(isDone, Boolean))
}, Effect.scoped)

const loaded = Effect.fnUntraced(function* (cluster: Started, level: string) {
  const { client, directory } = cluster
  if (level === "none") return
  yield* client.create(Plugin, { metadata: { name: "filter" }, spec: { source: { path: directory }, isolation: level } })
  const plugins = yield* client.cache(Plugin, { indexes: {} })
  const state = () => plugins.get({ namespace: "", name: "filter" })?.status
  yield* Stream.runHead(Stream.filter(plugins.changes, () => ["Running", "Failed"].includes(state()?.state ?? "")))
  if (state()?.state === "Failed") return yield* Effect.fail(new Error(`${level}: ${state()?.reason}`))
})
const unloaded = Effect.fnUntraced(function* ({ client }: Started, level: string) {
  if (level === "none") return
  yield* client.delete(Plugin, { namespace: "", name: "filter" })
  // The scheduler asks nobody any more as soon as the package has ended.
  yield* Effect.sleep("1 second")
})

/** Microseconds for each Pod: of time, and of the processors by all threads of this process, and by this one. */
interface Cost {
  readonly time: number
  readonly processor: number
  readonly here: number
}

let round = 0
const measured = Effect.fnUntraced(function* (cluster: Started, count: number) {
  const { client } = cluster
  const pods = yield* client.cache(Pod, { indexes: {} })
  const prefix = `pod-${round++}`
  const create = (index: number) =>
    client.create(Pod, {
      metadata: { namespace: "default", name: `${prefix}-${index}` },
      spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu: "100m" } } }] }
    })
  const used = process.cpuUsage()
  const usedHere = process.threadCpuUsage()
  const began = performance.now()
  yield* Effect.forEach([...Array(count).keys()], create, atOnce)
  yield* untilPlaced(cluster, count)
  const time = ((performance.now() - began) * 1000) / count
  const { system, user } = process.cpuUsage(used)
  const here = process.threadCpuUsage(usedHere)
  const wrong = pods.all().filter(({ spec }) => Number(spec.nodeName?.replace("node-", "")) % 10 === 3)
  for (const { metadata } of pods.all())
    yield* client.delete(Pod, { namespace: "default", name: metadata.name }, { gracePeriodSeconds: 0 })
  yield* untilPlaced(cluster, 0)
  const all = { processor: (system + user) / count, here: (here.system + here.user) / count }
  return { time, ...all, wrong: wrong.length }
}, Effect.scoped)

const best = (costs: ReadonlyArray<Cost>): Cost => ({
  time: Math.min(...costs.map(({ time }) => time)),
  processor: Math.min(...costs.map(({ processor }) => processor)),
  here: Math.min(...costs.map(({ here }) => here))
})

const median = (numbers: ReadonlyArray<number>) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN

const run = Effect.fnUntraced(function* (given: {
  readonly nodes: number
  readonly pods: number
  readonly rounds: number
  readonly levels: string
  readonly forgetful: boolean
}) {
  const cluster = yield* started(!given.forgetful)
  yield* fill(cluster, given.nodes)
  yield* Console.log(`${given.nodes} nodes, ${given.pods} Pods, best of ${given.rounds}; load ${loadavg()[0]?.toFixed(1)}`)
  const levels = given.levels.split(",")
  const costs = new Map<string, Array<Cost>>(levels.map((level) => [level, []]))
  yield* measured(cluster, given.pods)
  for (let turn = 0; turn < given.rounds; turn++)
    for (const level of levels) {
      yield* loaded(cluster, level)
      // What it has to know of the cluster first is not what a Pod costs, nor that a new thread has to compile what it runs.
      yield* measured(cluster, given.pods)
      const cost = yield* measured(cluster, given.pods)
      if (level !== "none" && cost.wrong > 0) return yield* Effect.fail(new Error(`${level} was not asked`))
      costs.get(level)?.push(cost)
      yield* unloaded(cluster, level)
    }
  const others = costs.get("in-process") ?? []
  const beside = best(others)
  for (const [level, all] of costs) {
    const { here, processor, time } = best(all)
    const ratio = `${(time / beside.time).toFixed(2)}× the time, ${(processor / beside.processor).toFixed(2)}× the processors in-process`
    const rounds = all.map(({ time }, round) => time / (others[round]?.time ?? Number.NaN))
    yield* Console.log(
      `${level.padEnd(12)} ${Math.round(time)} µs a Pod, ${Math.round(processor)} µs of processors (the scheduler's thread ${Math.round(here)}): ${ratio}; median of the rounds ${median(rounds).toFixed(2)}×`
    )
  }
})

const whole = Flag.Int
const command = Command.make(
  "filtering",
  {
    nodes: whole("nodes").pipe(Flag.withDefault(5000)),
    pods: whole("pods").pipe(Flag.withDefault(600)),
    rounds: whole("rounds").pipe(Flag.withDefault(3)),
    levels: Flag.String("levels").pipe(Flag.withDefault("none,in-process,worker,process")),
    forgetful: Flag.Boolean("forgetful").pipe(Flag.withDefault(false))
  },
  (given) => Effect.scoped(run(given))
)
NodeRuntime.runMain(
  Command.run(command, { version: "1.0.0" }).pipe(Effect.provide(NodeServices.layer), Effect.provide(Logger.layer([])))
)
