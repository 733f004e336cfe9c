/**
 * The servers of a control plane of which there are several: who they are, and where each is reached. Below `keelson up` all three are on
 * this machine and share its port, too; elsewhere each has a machine of its own.
 */
import { Effect, FileSystem, Option, Schema } from "effect"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import * as NatsServer from "../kernel/store/jetstream/NatsServer.ts"
import * as Members from "./Members.ts"
import type { Paths } from "./Paths.ts"
import type { Settings } from "./Settings.ts"

export const Server = Schema.Struct({
  /** Kept for ever: the replicated store knows its replicas by it. */
  name: Schema.String,
  /** Its API. */
  address: Schema.String,
  port: Schema.Int,
  /** Its nats-server, `host:port`: for clients, and for the other servers of the store. Empty where the store is elsewhere. */
  store: Schema.String,
  route: Schema.String
})
export type Server = typeof Server.Type

/** One of them, and who else there is. */
export interface Place {
  readonly self: Server
  readonly all: ReadonlyArray<Server>
  /** Whether they are on one machine, which has a port for all of them beside those of their own. */
  readonly isLocal: boolean
  /** Its nats-server, if that was started before. */
  readonly running?: NatsServer.Running
}

export class CannotServe extends Schema.TaggedError<CannotServe>()("CannotServe", { message: Schema.String }) {}

/** The NATS client looks for `localhost` in the certificate of whoever it reaches by an address. */
export const storeHosts = ["127.0.0.1", "localhost"]

/** `store`: the setting, which is the same for all of them and goes before that of each. */
const Known = Schema.Struct({
  store: Schema.String,
  servers: Schema.Array(Server),
  /** By which the store came to them, if it did from here: what that left unfinished in the new store is known by it. */
  move: Schema.optionalKey(Schema.String)
})
export type Known = typeof Known.Type
const File = Schema.fromJsonString(Known)
const encode = Schema.encodeSync(File)
const decode = Schema.decodeUnknownOption(File)

export const read = Effect.fnUntraced(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  return Option.flatMap(yield* Effect.option(files.readFileString(file)), decode)
})

/** Whole or not at all, and on the disk when it is done: which store counts may depend on it. */
export const write = Effect.fnUntraced(function* (file: string, known: Known) {
  const files = yield* FileSystem.FileSystem
  const handle = yield* files.open(`${file}.new`, { flag: "w", mode: 0o600 })
  yield* handle.writeAll(new TextEncoder().encode(encode(known)))
  yield* handle.sync
  yield* files.rename(`${file}.new`, file)
  yield* (yield* files.open(dirname(file), { flag: "r" })).sync
}, Effect.scoped)

/** Of those below `keelson up`, for this run. */
const localFile = ({ run }: Paths) => join(run, "servers.json")

/** Of those on machines of their own: what each knows of the others when it starts. */
export const fileOf = ({ root }: Paths) => join(root, "servers.json")

/** How the process of one of several is called: its pid file and its log. */
export const processOf = (index: number) => `server-${index}`

/** What each of several on one machine has of its own; keys and logs lie where they lie for one. */
export const pathsOf = (paths: Paths, index: number): Paths => {
  const own = join(paths.root, "servers", `${index}`)
  return { ...paths, store: join(own, "store"), run: join(own, "run") }
}

export const indexes = ({ controlPlanes }: Settings) => Array.from({ length: controlPlanes }, (_, at) => at + 1)

/** The port of one of several: the first after that of all. */
export const portOf = ({ apiPort, controlPlanes }: Settings, index: number) =>
  controlPlanes === 1 ? apiPort : apiPort + index

/** Where this machine's API is served: first where any of its servers answers. */
export const addresses = (settings: Settings, host: string): ReadonlyArray<string> => {
  const own = settings.controlPlanes === 1 ? [] : indexes(settings).map((index) => portOf(settings, index))
  return [settings.apiPort, ...own].map((port) => `https://${host}:${port}`)
}

/** What the data of one server cannot become by itself. */
const refusal = ({ controlPlanes, processes, store }: Settings, paths: Paths) => {
  if (store === "sqlite" || store === "memory") {
    return `--control-planes ${controlPlanes}: the servers need a store that all of them reach: --store jetstream, or nats://…`
  }
  if (processes > 1) return `--control-planes ${controlPlanes}: each is a process of its own: leave out --processes`
  const old = ["keelson.db", "jetstream"].map((name) => join(paths.store, name)).find((file) => existsSync(file))
  if (store !== "jetstream" || old === undefined || existsSync(pathsOf(paths, 1).store)) return undefined
  return `--control-planes ${controlPlanes}: this cluster's data is in ${old}, kept by one server: move it with keelson store migrate first, or name another --data-dir`
}

/** Decides where the servers of this run are, and tells them. None if there is one server only. */
export const prepare = Effect.fn("Servers.prepare")(function* (settings: Settings, paths: Paths) {
  const why = settings.controlPlanes === 1 ? undefined : refusal(settings, paths)
  if (why !== undefined) return yield* new CannotServe({ message: why })
  return settings.controlPlanes === 1 ? [] : yield* arrange(settings, paths)
})

/** That, whatever lies there. */
export const arrange = Effect.fnUntraced(function* (settings: Settings, paths: Paths) {
  const place = settings.store === "jetstream" ? Effect.orDie(NatsServer.loopback) : Effect.succeed("")
  const servers = yield* Effect.forEach(indexes(settings), (index) =>
    Effect.map(Effect.all([place, place]), ([store, route]) => ({
      name: `${settings.nodeName}-${index}`,
      address: Members.apiAddress(settings),
      port: portOf(settings, index),
      store,
      route
    }))
  )
  yield* write(localFile(paths), { store: settings.store, servers })
  return servers
})

const nobody: Known = { store: "", servers: [] }

/** One of those below `keelson up`. */
export const local = Effect.fnUntraced(function* (paths: Paths, index: number) {
  const { servers: all } = Option.getOrElse(yield* read(localFile(paths)), () => nobody)
  const self = all[index - 1]
  if (self === undefined) {
    return yield* new CannotServe({ message: `--control-plane ${index}: keelson up has started ${all.length} of them` })
  }
  return { self, all, isLocal: true } satisfies Place
})
