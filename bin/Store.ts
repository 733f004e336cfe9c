/** Which driver keeps the log, by the setting `store`. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Exit, Layer, Schedule, Scope } from "effect"
import { join } from "node:path"
import * as Socket from "../kernel/plugin/Socket.ts"
import * as JetStreamLog from "../kernel/store/jetstream/JetStreamLog.ts"
import * as NatsServer from "../kernel/store/jetstream/NatsServer.ts"
import { Log } from "../kernel/store/Log.ts"
import * as MemoryLog from "../kernel/store/memory/MemoryLog.ts"
import * as SqliteLog from "../kernel/store/sqlite/SqliteLog.ts"
import * as Keys from "./Keys.ts"
import type { Paths } from "./Paths.ts"
import { type Place, type Server, storeHosts } from "./Servers.ts"
import type { Settings } from "./Settings.ts"

/** Where the owner of an embedded store serves the other API processes of this machine. */
const socketOf = ({ run }: Paths) => join(run, "log.sock")

const external = (store: string) => /^(nats|tls):\/\//.test(store)

/** A cluster of three or more keeps three replicas. */
const replicasOf = (servers: string) => (servers.split(",").length < 3 ? 1 : 3)
const elsewhere = (servers: string) => JetStreamLog.layer({ servers, cluster: "keelson", replicas: replicasOf(servers) })

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

/** One replica of a store that every server of the control plane has one of. It goes with its server, and the others' ones go on. */
const member = (settings: Settings, paths: Paths, { all, self }: Place) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const addresses = all.flatMap(({ store }) => (store === "" ? [] : [store]))
      const keys = yield* Keys.openStore(paths, hostsOf(self))
      const running = yield* NatsServer.start({
        directory: join(paths.store, "replica"),
        name: self.name,
        listen: self.store,
        tls: keys,
        cluster: { name: "keelson", listen: self.route, routes: all.map(({ route }) => route) },
        ...(settings.natsServer === "" ? {} : { binary: settings.natsServer })
      })
      const others = addresses.length - 1
      yield* Effect.logInfo(`the store's replica ${self.name} waits for ${others} others, or for one of them`)
      yield* running.ready
      // Its own server first: one that was started again is asked by its own API, so that load is where it was.
      const servers = [self.store, ...addresses.filter((address) => address !== self.store)]
      return patiently(JetStreamLog.layer({ ...running.log, servers: servers.map((address) => `tls://${address}`) }))
    })
  ).pipe(Layer.provide(NodeServices.layer))
const hostsOf = ({ store }: Server) => [...storeHosts, store.slice(0, store.lastIndexOf(":"))]

/** In the process that owns the store, or a replica of it. */
export const owner = (settings: Settings, paths: Paths, place: Place | undefined) => {
  if (place !== undefined && settings.store === "jetstream") return member(settings, paths, place)
  if (external(settings.store)) return place === undefined ? elsewhere(settings.store) : patiently(elsewhere(settings.store))
  if (settings.store === "jetstream") {
    const options = {
      directory: join(paths.store, "jetstream"),
      ...(settings.natsServer === "" ? {} : { binary: settings.natsServer })
    }
    return shared(settings, paths, NatsServer.layer(options))
  }
  if (settings.store === "memory") return shared(settings, paths, MemoryLog.layer)
  return shared(settings, paths, SqliteLog.layer({ file: join(paths.store, "keelson.db") }))
}

/** Serves the log to the other processes, if there are any. */
const shared = <E>({ processes }: Settings, paths: Paths, log: Layer.Layer<Log, E>) =>
  processes === 1 ? log : Layer.provideMerge(Socket.serve(Log, socketOf(paths)), log)

/** In a process beside the owner's. */
export const replica = (settings: Settings, paths: Paths) =>
  external(settings.store) ? elsewhere(settings.store) : Socket.connect(Log, socketOf(paths))

/** For people. */
export const describe = ({ store }: Settings, paths: Paths) => {
  if (external(store)) return `JetStream at ${store.replace(/\/\/[^@/,]*@/g, "//")}`
  if (store === "jetstream") return `JetStream in ${join(paths.store, "jetstream")}`
  return store === "memory" ? "memory" : `SQLite in ${join(paths.store, "keelson.db")}`
}
