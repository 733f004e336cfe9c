/** Which driver keeps the log, by the setting `store`. */
import { Layer } from "effect"
import { join } from "node:path"
import * as Socket from "../kernel/plugin/Socket.ts"
import * as JetStreamLog from "../kernel/store/jetstream/JetStreamLog.ts"
import * as NatsServer from "../kernel/store/jetstream/NatsServer.ts"
import { Log } from "../kernel/store/Log.ts"
import * as MemoryLog from "../kernel/store/memory/MemoryLog.ts"
import * as SqliteLog from "../kernel/store/sqlite/SqliteLog.ts"
import type { Paths } from "./Paths.ts"
import type { Settings } from "./Settings.ts"

/** Where the owner of an embedded store serves the other API processes of this machine. */
const socketOf = ({ run }: Paths) => join(run, "log.sock")

const external = (store: string) => /^(nats|tls):\/\//.test(store)

/** In the process that owns the store. */
export const owner = (settings: Settings, paths: Paths) => {
  if (external(settings.store)) return JetStreamLog.layer({ servers: settings.store, cluster: "keelson" })
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
  external(settings.store)
    ? JetStreamLog.layer({ servers: settings.store, cluster: "keelson" })
    : Socket.connect(Log, socketOf(paths))

/** For people. */
export const describe = ({ store }: Settings, paths: Paths) => {
  if (external(store)) return `JetStream at ${store.replace(/\/\/[^@/,]*@/g, "//")}`
  if (store === "jetstream") return `JetStream in ${join(paths.store, "jetstream")}`
  return store === "memory" ? "memory" : `SQLite in ${join(paths.store, "keelson.db")}`
}
