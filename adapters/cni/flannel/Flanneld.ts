/**
 * flanneld itself as what leads to the Pods of other nodes: run in the node's name, started again when it ends, and what it leaves is
 * taken back. It knows no nodes but those of its own backend: the ways to all others are kept beside it.
 */
import { Effect, Latch, Layer, Option, Schedule, Schema, Stream } from "effect"
import { spawn } from "node:child_process"
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import * as Kubeconfig from "../../../plugins/certificates/contracts/Kubeconfig.ts"
import { Node } from "../../../plugins/resources/contracts/core/v1.ts"
import * as Program from "../../Program.ts"
import { type Family, familyOf } from "../Range.ts"
import * as Annotations from "./Annotations.ts"
import * as Kernel from "./Kernel.ts"
import * as Owners from "./Owners.ts"
import * as Paths from "./Paths.ts"
import * as Speaker from "./Speaker.ts"
import * as SubnetFile from "./SubnetFile.ts"

/** The message is what the user reads. */
export class NoFlanneld extends Schema.TaggedError<NoFlanneld>()("NoFlanneld", { message: Schema.String }) {}

export interface Options {
  /** Of the node's network: flanneld has its folder beside it. */
  readonly directory: string
  readonly nodeName: string
  /** By which other nodes reach this one: one a family. */
  readonly addresses: ReadonlyArray<string>
  /** The ranges of all Pods of the cluster. */
  readonly podCidrs: ReadonlyArray<string>
  /** The API in the node's name, as it is now: flanneld reads Nodes, and patches `nodes/status` of its own. PEM texts. */
  readonly api: Effect.Effect<{ readonly server: string; readonly ca: string; readonly cert: string; readonly key: string }>
  /** flanneld's backend. Absent: `vxlan`. */
  readonly type?: "vxlan" | "host-gw"
  readonly vni?: number
  /** Where flanneld lies. Absent: it is looked for. */
  readonly program?: string
  /** What becomes of it all when the scope ends: it goes, or it stays for who starts next. */
  readonly stop?: "keep" | "remove"
  readonly lookEvery?: `${number} seconds`
}

const textOf = (path: string) => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    // It is not there, and so there is nothing in it.
    return ""
  }
}

/** A pid is ours if what runs under it was started with our configuration: pids are given again. */
const running = (directory: string) => {
  const { netConf, pid: file } = SubnetFile.filesIn(directory)
  const pid = Number(textOf(file))
  if (!(pid > 1) || textOf(`/proc/${pid}/stat`).includes(") Z ")) return undefined
  return textOf(`/proc/${pid}/cmdline`).includes(netConf) ? pid : undefined
}

const kill = (pid: number, signal: NodeJS.Signals) => Effect.ignore(Effect.try(() => process.kill(pid, signal)))

/** Ends it, if it runs: it is known by its folder. */
export const end = Effect.fnUntraced(function* (directory: string) {
  const pid = running(directory)
  if (pid === undefined) return
  const gone = Effect.sync(() => running(directory) !== pid).pipe(
    Effect.repeat({ until: (yes) => yes, schedule: Schedule.spaced("50 millis") })
  )
  yield* kill(pid, "SIGTERM")
  yield* Effect.timeoutOrElse(gone, { duration: "5 seconds", orElse: () => Effect.andThen(kill(pid, "SIGKILL"), gone) })
})

/** Among the routes of both families, what comes after flanneld's own. */
const placeOf = (family: Family, vni: number): Paths.Place => ({
  tunnel: Paths.linkOf(family, vni),
  // What the kernel takes for a route without one.
  metric: family === 4 ? 0 : 1024,
  origin: 110
})
const families: ReadonlyArray<Family> = [4, 6]
const tables = [
  ["ip", "flannel-ipv4"],
  ["ip6", "flannel-ipv6"]
]

/** Ends it, also when its agent was killed, and takes back what it leaves behind: links, routes and tables. */
export const sweep = Effect.fn("flanneld.sweep")(function* (
  options: Pick<Options, "directory" | "podCidrs" | "vni">,
  keepsTunnel = false
) {
  const { directory, podCidrs, vni = 1 } = options
  yield* end(directory)
  const kernel = Kernel.make([])
  yield* Effect.forEach(podCidrs, (cidr) => Effect.ignore(kernel.clearGateways(familyOf(cidr), cidr, "boot")))
  for (const family of families) {
    yield* Effect.ignore(kernel.clear(family, placeOf(family, vni)))
    if (!keepsTunnel) yield* kernel.remove(Paths.linkOf(family, vni))
  }
  for (const table of tables) yield* Effect.ignore(kernel.run("nft", ["delete", "table", ...table]))
  yield* Effect.sync(() => rmSync(SubnetFile.folderOf(directory), { recursive: true, force: true }))
})

const flags = ({ addresses, directory }: Options, device: string) => {
  const { kubeconfig, netConf, subnet } = SubnetFile.filesIn(directory)
  const publicFlags = addresses.map((address) => `--public-ip${familyOf(address) === 6 ? "v6" : ""}=${address}`)
  return [
    ...["--kube-subnet-mgr", `--kubeconfig-file=${kubeconfig}`, `--net-config-path=${netConf}`, `--subnet-file=${subnet}`],
    ...["--ip-masq", "--healthz-port=0", `--iface=${device}`, ...publicFlags]
  ]
}

const launch = (program: string, args: ReadonlyArray<string>, { directory, nodeName }: Options) =>
  Effect.try({
    try: () => {
      const { folder, log, pid } = SubnetFile.filesIn(directory)
      const file = openSync(log, "a", 0o600)
      const env = { ...process.env, NODE_NAME: nodeName }
      const child = spawn(program, args, { detached: true, stdio: ["ignore", file, file], cwd: folder, env })
      closeSync(file)
      // Who waits for what it says learns that it did not start.
      child.on("error", () => undefined)
      child.unref()
      writeFileSync(pid, `${child.pid ?? ""}`, { mode: 0o600 })
    },
    catch: (cause) => new NoFlanneld({ message: `${program} could not be started: ${cause}` })
  })

/** flanneld ends where its Node is not there or has no range, and without any annotation on it. */
const expected = Effect.fnUntraced(function* (nodeName: string, type: string) {
  const client = yield* Client
  const key = { namespace: "", name: nodeName }
  const isReady = Effect.gen(function* () {
    const node = Option.getOrUndefined(yield* client.find(Node, key))
    if (node === undefined || Annotations.rangesOf(node).length === 0) return false
    if (Object.keys(node.metadata.annotations ?? {}).length > 0) return true
    const body = { metadata: { annotations: Annotations.announced(type) } }
    yield* client.patch(Node, key, "strategic", body, { subresource: "status" })
    return true
  })
  const once = Effect.orElseSucceed(isReady, () => false)
  return Effect.repeat(once, { until: (yes) => yes, schedule: Schedule.spaced("200 millis") })
})

/** Starts it, and again whenever it is gone, later each time it goes soon. */
const watchOver = (directory: string, log: string, start: Effect.Effect<void, NoFlanneld>) =>
  Effect.gen(function* () {
    let pause = 200
    yield* start
    for (;;) {
      let lived = 0
      for (; running(directory) !== undefined; lived += 500) yield* Effect.sleep("500 millis")
      pause = lived > 10_000 ? 200 : Math.min(pause * 2, 10_000)
      yield* Effect.logWarning(`flanneld ended, and is started again: ${log} says why`)
      yield* Effect.sleep(pause)
      yield* Effect.ignore(start)
    }
  })

/** Whether it wrote anything: what is there may be what is to be. */
const put = (path: string, text: string) =>
  Effect.sync(() => {
    if (textOf(path) === text) return false
    writeFileSync(path, text, { mode: 0o600 })
    return true
  })

/** What has to be there before anything is done. */
const find = Effect.fnUntraced(function* ({ addresses, ...options }: Options) {
  const program = options.program ?? Program.find("flanneld")
  if (program === undefined) {
    const message = "there is no flanneld: put it on the PATH, or let `npm run parts -- flanneld` build it where there is Go"
    return yield* new NoFlanneld({ message })
  }
  const device = yield* Kernel.make([]).deviceOf(addresses[0] ?? "")
  if (device === undefined) return yield* new NoFlanneld({ message: `no link of this node has the address ${addresses[0]}` })
  return { program, device: device.name }
})

/** What it was told last may not be what it shall do now, so one that runs is ended; what it made goes on meanwhile. */
const run = Effect.fnUntraced(function* (options: Options, { device, program }: Effect.Success<ReturnType<typeof find>>) {
  const { addresses, directory, nodeName, podCidrs, type = "vxlan", vni = 1 } = options
  const { folder, kubeconfig, log, netConf, subnet } = SubnetFile.filesIn(directory)
  const introduce = Effect.flatMap(options.api, (api) => put(kubeconfig, Kubeconfig.kubeconfig({ ...api, user: nodeName })))
  yield* end(directory)
  yield* Effect.sync(() => mkdirSync(folder, { recursive: true, mode: 0o700 }))
  const own = podCidrs.filter((cidr) => addresses.some((address) => familyOf(address) === familyOf(cidr)))
  yield* put(netConf, JSON.stringify(SubnetFile.netConf(own, type, vni)))
  yield* introduce
  // What it said before is not what it says.
  yield* Effect.sync(() => rmSync(subnet, { force: true }))
  const ready = yield* expected(nodeName, type)
  const start = Effect.andThen(ready, launch(program, flags(options, device), options))
  yield* Plugin.background(watchOver(directory, log, start))
  // It reads its kubeconfig once.
  const renew = Effect.flatMap(introduce, (isNew) => (isNew ? end(directory) : Effect.void))
  yield* Effect.forkScoped(Effect.repeat(renew, Schedule.spaced("1 minute")))
})

/** The ways to nodes that flanneld knows nothing of; and, for who waits for it, whether all ways are there. */
const beside = Effect.fnUntraced(function* ({ directory, nodeName, type = "vxlan", vni = 1, ...options }: Options) {
  const client = yield* Client
  const nodes = yield* client.cache(Node, { indexes: {} })
  const kernel = Kernel.make([])
  const news = Latch.makeUnsafe(true)
  const used = families.filter((family) => options.addresses.some((address) => familyOf(address) === family))
  const peersOf = (family: Family) => {
    const peers = Annotations.peers(nodes.all(), nodeName).filter((peer) => peer.family === family)
    const served = new Set(peers.filter(({ backend }) => backend === type).map(({ range }) => range))
    return { served, others: peers.filter(({ range }) => !served.has(range)) }
  }
  const connect = Effect.fnUntraced(function* (family: Family) {
    const place = placeOf(family, vni)
    const { others, served } = peersOf(family)
    const { routes } = yield* kernel.paths(family, place, false)
    // Those to nodes that it knows by now it replaces itself.
    const there = { ...Paths.none, routes: routes.filter(({ to }) => !served.has(to)) }
    const details = yield* kernel.change(Paths.difference(Paths.wanted(others, undefined), there), place)
    if (details.length > 0) yield* Effect.logWarning("no way to the Pods of some nodes", details.join("; "))
  })
  const reconcile = Effect.andThen(
    Effect.sync(() => news.closeUnsafe()),
    Effect.forEach(used, connect, { discard: true })
  ).pipe(Effect.catch((error) => Effect.logWarning("the ways to nodes without flanneld are not known", error)))

  const isServed = Effect.fnUntraced(function* (family: Family) {
    const { served } = peersOf(family)
    const cidrs = options.podCidrs.filter((cidr) => familyOf(cidr) === family)
    const there = new Set((yield* Effect.forEach(cidrs, (cidr) => kernel.gateways(family, cidr, "boot"))).flat())
    return [...served].every((range) => there.has(range))
  })
  const ready = Effect.gen(function* () {
    const own = nodes.get({ namespace: "", name: nodeName })
    const ranges = own === undefined ? [] : Annotations.rangesOf(own)
    // A node that is not registered yet has nobody to wait for this.
    if (ranges.length === 0) return
    yield* SubnetFile.wait(directory, ranges)
    const all = Effect.map(Effect.forEach(used, isServed), (served) => served.every((yes) => yes))
    yield* Effect.repeat(all, { until: (yes) => yes, schedule: Schedule.spaced("100 millis") }).pipe(
      Effect.timeout("5 seconds")
    )
  })
  yield* reconcile
  yield* Effect.forkScoped(Stream.runForEach(nodes.changes, () => news.open))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(news.await, reconcile)))
  yield* Effect.forkScoped(Effect.repeat(news.open, Schedule.spaced(options.lookEvery ?? "10 seconds")))
  return ready
})

const start = Effect.fnUntraced(function* (options: Options) {
  const { nodeName, stop = "remove", type = "vxlan" } = options
  const found = yield* find(options)
  const speaker = yield* Speaker.make(nodeName)
  const successor = yield* Owners.claim(nodeName, "flanneld", type === "vxlan")
  const takeBack = Effect.gen(function* () {
    const next = successor()
    if (next?.kind === "flanneld") return
    if (next === undefined) yield* speaker.withdraw
    if (next?.hasTunnel !== true) yield* Effect.sleep("1 second")
    yield* sweep(options, next?.hasTunnel)
  })
  if (stop === "remove") yield* Effect.addFinalizer(() => takeBack)
  yield* run(options, found)
  const ready = yield* beside(options)
  yield* Effect.catch(ready, (error) => Effect.logWarning("flanneld does not lead to all other nodes yet", error))
})

export const layer = (options: Options) => Layer.effectDiscard(start(options))
