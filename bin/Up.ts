/** `keelson up`: a whole cluster on this machine. It supervises a server and an agent, and shows what they do. */
import { Clock, Console, Effect, Exit, FileSystem, Option, Schema, Scope } from "effect"
import * as Fabric from "./Fabric.ts"
import * as Keys from "./Keys.ts"
import * as Machine from "./Machine.ts"
import * as Members from "./Members.ts"
import * as Paths from "./Paths.ts"
import * as Processes from "./Processes.ts"
import * as Ready from "./Ready.ts"
import * as Servers from "./Servers.ts"
import { defaults, type Settings } from "./Settings.ts"
import * as Status from "./Status.ts"
import * as Stop from "./Stop.ts"
import * as Supervise from "./Supervise.ts"

export class AlreadyRunning extends Schema.TaggedError<AlreadyRunning>()("AlreadyRunning", { message: Schema.String }) {}

/** An agent that was being started again when the cluster was stopped has removed nothing: that is done for it. */
const sweep = (settings: Settings, paths: Paths.Paths) =>
  Effect.flatMap(
    Effect.promise(() => import("./Sweep.ts")),
    ({ run }) => run(settings, paths)
  )

const claim = Effect.fnUntraced(function* (settings: Settings, paths: Paths.Paths) {
  const running = yield* Processes.find(paths.run, "up")
  if (Option.isSome(running)) {
    return yield* new AlreadyRunning({
      message: `a cluster already runs on ${paths.root} (process ${running.value.pid}): stop it with keelson down, or name another --data-dir`
    })
  }
  yield* Processes.record(paths.run, "up", process.pid)
  // Added before the children, so that it runs when they have ended.
  yield* Effect.addFinalizer(() => Effect.ignore(sweep(settings, paths)))
  // A supervisor that was killed leaves children that end by themselves; they are waited for here.
  yield* Stop.leftovers(paths)
})

/** What further nodes run inside of. Those that a run before has left are found again, or taken back. */
const connected = Effect.fnUntraced(function* (settings: Settings) {
  const stale = yield* Fabric.stale(settings)
  if (settings.nodes === 1 && stale.length === 0) return yield* Fabric.open(settings)
  // At the end it is needed again. Loaded already now, it is there then too, whatever lies on the disk by that time.
  const Sweep = yield* Effect.promise(() => import("./Sweep.ts"))
  if (stale.length > 0) yield* Sweep.members(settings, stale)
  return yield* Fabric.open(settings)
})

/** One, or several at once, which also end at once: the last of them has no store any more. Fails if one never starts. */
const servers = Effect.fnUntraced(function* (settings: Settings, paths: Paths.Paths, config: ReadonlyArray<string>) {
  const child = { args: ["server", ...config], patience: "30 seconds" } as const
  const all = yield* Servers.prepare(settings, paths)
  if (all.length === 0) return yield* Supervise.child(paths, { ...child, name: "server" })
  if (settings.store === "jetstream") yield* Keys.openStore(paths, Servers.storeHosts)
  const together = yield* Scope.fork(yield* Scope.Scope, "parallel")
  const hopeless = yield* Effect.forEach(Servers.indexes(settings), (index) =>
    Supervise.child(paths, {
      ...child,
      name: Servers.processOf(index),
      args: [...child.args, "--control-plane", `${index}`]
    }).pipe(Scope.provide(together))
  )
  return Effect.raceAllFirst(hopeless)
})

/** Starts both and returns when the API is ready and the node is. They run until the scope closes. */
export const start = Effect.fn("Up.start")(function* (settings: Settings) {
  const paths = Paths.make(settings.dataDir, settings.nodeName)
  const files = yield* FileSystem.FileSystem
  yield* Machine.directory(paths.root)
  yield* claim(settings, paths)
  yield* Machine.endpoint(settings)
  yield* Machine.runtimes(settings)
  for (const url of Servers.addresses(settings, "127.0.0.1")) {
    yield* Machine.free("--api-port", "127.0.0.1", Number(new URL(url).port))
  }
  if (!Machine.isHollow(settings)) yield* Machine.free("--kubelet-port", "0.0.0.0", settings.kubeletPort)
  yield* Machine.further(settings)
  const inside = yield* connected(settings)
  const keys = yield* Keys.open(settings, paths)
  yield* files.writeFileString(Paths.settingsFile(paths), JSON.stringify(settings), { mode: 0o600 })
  const config = ["--config", Paths.settingsFile(paths)]
  const noServer = yield* servers(settings, paths, config)
  // Started second and so ended first: to take leave they need the server.
  const nodes = yield* Effect.forEach(Members.all(settings), (member) =>
    Effect.map(
      Supervise.child(paths, {
        name: member.agent,
        args: ["agent", "--remove-at-end", ...config, "--member", `${member.index}`],
        inside: inside.get(member.name) ?? [],
        patience: "90 seconds"
      }),
      (noAgent) => ({ member, noAgent })
    )
  )
  yield* Effect.raceFirst(Ready.api(settings, keys, paths), noServer)
  return { paths, keys, nodes }
})

const guide = ({ dataDir }: Settings, hollow: boolean) => {
  const elsewhere = dataDir === defaults().dataDir ? "" : ` --data-dir ${dataDir}`
  return [
    "",
    "The cluster is yours:",
    `  export KUBECONFIG=${Paths.make(dataDir, "").kubeconfig}`,
    `  kubectl get pods --all-namespaces        (or: bin/keelson kubectl${elsewhere} -- get pods -A)`,
    ...(hollow ? [] : ["  kubectl run shell -it --rm --image=keelson.local/hello:1"]),
    `Ctrl-C stops it and removes what it made; the data stays, until bin/keelson down --purge${elsewhere}`,
    ""
  ].join("\n")
}

/** Whoever pressed Ctrl-C is told that it is heard, and when it is done. */
const told = (text: string) => Effect.addFinalizer((exit) => (Exit.hasInterrupts(exit) ? Console.log(text) : Effect.void))

/** `hello`: also deploys the first application, calls it, and says how to go on. */
export const run = Effect.fn("Up.run")(function* (settings: Settings, hello: boolean) {
  const hollow = Machine.isHollow(settings)
  if (hollow)
    yield* Console.log(
      `nodes are hollow, Pods live without containers: ${Machine.missing(settings).join(", ") || "--runtime hollow"}`
    )
  yield* told("stopped")
  const since = yield* Clock.currentTimeMillis
  const { keys, nodes, paths } = yield* start(settings)
  yield* told("\nstopping: Pods end, and what was made on this machine is removed")
  const client = Ready.client(settings, keys)
  yield* Console.log(`API ready: https://127.0.0.1:${settings.apiPort} (kubeconfig ${paths.kubeconfig})`)
  yield* Effect.gen(function* () {
    const ready = ({ member, noAgent }: (typeof nodes)[number]) =>
      Effect.andThen(
        Effect.raceFirst(Ready.node(member, paths, since), noAgent),
        Console.log(`node ${member.name} is ready`)
      )
    yield* Effect.forEach(nodes, ready, { concurrency: "unbounded", discard: true })
    if (!hello) return
    const Hello = yield* Effect.promise(() => import("./Hello.ts"))
    yield* Hello.run(settings, keys, hollow)
  }).pipe(Effect.provide(client))
  if (hello) yield* Console.log(guide(settings, hollow))
  yield* Status.run(paths, true)
}, Effect.scoped)
