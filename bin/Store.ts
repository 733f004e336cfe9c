/** Which driver keeps the log, by the setting `store`. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Exit, Layer, Option, Schedule, Scope } from "effect"
import { join } from "node:path"
import * as Socket from "../kernel/plugin/Socket.ts"
import * as JetStreamLog from "../kernel/store/jetstream/JetStreamLog.ts"
import * as NatsRebuild from "../kernel/store/jetstream/NatsRebuild.ts"
import * as NatsServer from "../kernel/store/jetstream/NatsServer.ts"
import { Log } from "../kernel/store/Log.ts"
import * as MemoryLog from "../kernel/store/memory/MemoryLog.ts"
import * as Restoring from "../kernel/store/snapshot/Restoring.ts"
import * as SqliteLog from "../kernel/store/sqlite/SqliteLog.ts"
import * as Switch from "../kernel/store/Switch.ts"
import * as Early from "../plugins/packages/Early.ts"
import { isShared } from "./hosted/Place.ts"
import { most } from "./hosted/Store.ts"
import * as Keys from "./Keys.ts"
import * as NatsContext from "./NatsContext.ts"
import * as Places from "./Paths.ts"
import type { Paths } from "./Paths.ts"
import { arrange, pathsOf, type Place, type Server, storeHosts, fileOf, read } from "./Servers.ts"
import type { Settings } from "./Settings.ts"
import * as StoreRecord from "./StoreRecord.ts"

/** Where the owner of an embedded store serves the other API processes of this machine. */
const socketOf = ({ run }: Paths) => join(run, "log.sock")

export const external = (store: string) => /^(nats|tls):\/\//.test(store)

/** A cluster of three or more keeps three replicas. */
const replicasOf = (servers: string) => (servers.split(",").length < 3 ? 1 : 3)
const elsewhere = (settings: Settings) => {
  const { store: servers } = settings
  const layer = Effect.map(NatsContext.optionsOf(settings), (options) =>
    JetStreamLog.layer({
      ...options,
      servers,
      cluster: settings.name === "" ? "keelson" : settings.name,
      replicas: replicasOf(servers),
      ...(isShared(settings) && { most })
    })
  )
  return Layer.provide(Layer.unwrap(layer), NodeServices.layer)
}

const patience = { schedule: Schedule.spaced("500 millis"), times: 60 }

/** Servers that begin together elect a leader and make the same streams: what does not serve now may in a moment. */
const patiently = <E>(log: Layer.Layer<Log, E>) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const scope = yield* Scope.Scope
      const attempt = Effect.gen(function* () {
        const own = yield* Scope.fork(scope)
        return yield* Effect.onError(Layer.buildWithScope(Layer.fresh(log), own), (cause) =>
          Scope.close(own, Exit.failCause(cause))
        )
      })
      const told = Effect.tapError(attempt, (error) => Effect.logInfo("the store does not serve yet", String(error)))
      return yield* Effect.retry(told, patience)
    })
  )

/** The nats-server of one replica of a store that every server of the control plane has one of. */
export const replicaServer = Effect.fnUntraced(function* (settings: Settings, paths: Paths, { all, isLocal, self }: Place) {
  return yield* NatsServer.start({
    directory: join(paths.store, "replica"),
    name: self.name,
    listen: self.store,
    tls: yield* Keys.openStore(paths, hostsOf(self)),
    cluster: { name: "keelson", listen: self.route, routes: all.map(({ route }) => route) },
    others: all.flatMap(({ store }) => (store === "" || store === self.store ? [] : [store])),
    sharers: isLocal ? all.length : 1,
    ...(settings.natsServer === "" ? {} : { binary: settings.natsServer })
  })
})

/** It goes with its server, and the others' ones go on. */
export const member = (settings: Settings, paths: Paths, place: Place) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { all, self } = place
      const addresses = all.flatMap(({ store }) => (store === "" ? [] : [store]))
      const running = place.running ?? (yield* replicaServer(settings, paths, place))
      const others = addresses.length - 1
      yield* Effect.logInfo(`the store's replica ${self.name} waits for ${others} others, or for one of them`)
      yield* running.ready
      yield* Effect.forkScoped(NatsRebuild.keepWhole({ server: running }))
      // Its own server first: one that was started again is asked by its own API, so that load is where it was.
      const servers = [self.store, ...addresses.filter((address) => address !== self.store)]
      return patiently(JetStreamLog.layer({ ...running.log, servers: servers.map((address) => `tls://${address}`) }))
    })
  ).pipe(Layer.provide(NodeServices.layer))
const hostsOf = ({ store }: Server) => [...storeHosts, store.slice(0, store.lastIndexOf(":"))]

/** One server's store, or an external one's. */
const alone = (settings: Settings, paths: Paths): Layer.Layer<Log, unknown> => {
  if (external(settings.store)) return elsewhere(settings)
  if (Early.isAddress(settings.store))
    return Early.layer(Log, { address: settings.store, directory: Places.packages(paths) })
  if (settings.store === "memory") return MemoryLog.layer
  if (settings.store === "sqlite") return SqliteLog.layer({ file: join(paths.store, "keelson.db") })
  const options = {
    directory: join(paths.store, "jetstream"),
    ...(settings.natsServer === "" ? {} : { binary: settings.natsServer })
  }
  return NatsServer.layer(options)
}

const driver = (settings: Settings, paths: Paths, place: Place | undefined): Layer.Layer<Log, unknown> => {
  if (place === undefined) return alone(settings, paths)
  return settings.store === "jetstream" ? member(settings, paths, place) : patiently(elsewhere(settings))
}

/** Nothing is served of what was not restored, or moved, to its end. */
const whole = (paths: Paths, log: Layer.Layer<Log | Switch.Switch, unknown>) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const record = yield* StoreRecord.read(StoreRecord.fileOf(paths))
      const known = Option.getOrUndefined(yield* Effect.provide(read(fileOf(paths)), NodeServices.layer))
      yield* Restoring.assertWhole(yield* Log, known?.move ?? record?.id)
    })
  ).pipe(Layer.provideMerge(log))

/** In the process that owns the store, or a replica of it. */
export const owner = (settings: Settings, paths: Paths, place: Place | undefined) => {
  const log = whole(paths, Switch.layer(driver(settings, paths, place)))
  return place !== undefined || external(settings.store) ? log : shared(settings, paths, log)
}

/** Serves the log to the other processes, if there are any. */
const shared = (
  { processes }: Settings,
  paths: Paths,
  log: Layer.Layer<Log | Switch.Switch, unknown>
): Layer.Layer<Log | Switch.Switch, unknown> =>
  processes === 1 ? log : Layer.provideMerge(Socket.serve(Log, socketOf(paths)), log)

/** In a process beside the owner's. */
export const replica = (settings: Settings, paths: Paths): Layer.Layer<Log, unknown> =>
  external(settings.store) ? Switch.fixed(elsewhere(settings)) : Switch.fixed(Socket.connect(Log, socketOf(paths)))

/** The replicas of all servers of this machine, in one process. */
const together = (settings: Settings, paths: Paths): Layer.Layer<Log, unknown> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const all = yield* arrange(settings, paths)
      // Made once, before three at a time look for them.
      yield* Keys.openStore(paths, storeHosts)
      const logs = all.map((self, at) => member(settings, pathsOf(paths, at + 1), { self, all, isLocal: true }))
      // Each is a replica's server with a client of it, of which one is enough.
      const built = yield* Effect.forEach(logs, (log) => Layer.build(log), { concurrency: "unbounded" })
      return Layer.succeedContext(built[0] ?? (yield* Effect.die("there are no servers")))
    })
  ).pipe(Layer.provide(NodeServices.layer))

/** While no server runs: what they keep. */
export const stopped = (settings: Settings, paths: Paths): Layer.Layer<Log, unknown> =>
  settings.controlPlanes > 1 && settings.store === "jetstream" ? together(settings, paths) : alone(settings, paths)

/** The other store of this machine, to move to. */
export const other = (settings: Settings, paths: Paths, to: StoreRecord.Target) =>
  Layer.fresh(stopped({ ...settings, ...to }, paths))

/** Where a store of this machine lies, if it has one. */
export const placeOf = (settings: Settings, paths: Paths) => {
  if (external(settings.store) || Early.isAddress(settings.store) || settings.store === "memory") return undefined
  if (settings.store === "sqlite") return join(paths.store, "keelson.db")
  return settings.controlPlanes > 1 ? join(pathsOf(paths, 1).store, "replica") : join(paths.store, "jetstream")
}

/** Where a server's store is by now, which may have moved since it was started. */
export interface At {
  store: string
  /** How many servers of this machine have a replica of it, at its next start. */
  controlPlanes?: 1 | 3
  place?: Place
}

/** For people. */
export const describe = ({ store }: Settings, paths: Paths, place?: Place) => {
  if (external(store)) return `JetStream at ${store.replace(/\/\/[^@/,]*@/g, "//")}`
  if (Early.isAddress(store)) return `the package ${store.slice("plugin://".length).split("?")[0]}`
  if (store === "jetstream" && place !== undefined)
    return `JetStream, three replicas, one in ${join(paths.store, "replica")}`
  if (store === "jetstream") return `JetStream in ${join(paths.store, "jetstream")}`
  return store === "memory" ? "memory" : `SQLite in ${join(paths.store, "keelson.db")}`
}
