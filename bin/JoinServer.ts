/**
 * How a machine becomes a server of a cluster that is there: it gets to know it like a node does, fetches the keys that all servers share,
 * and enters itself among them. Where the store has a replica on every server, it begins when there are enough of them.
 */
import { Context, Effect, FileSystem, Option, Schedule, Schema } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Client } from "../kernel/client/Client.ts"
import type { ConfigMap } from "../plugins/resources/contracts/core/v1.ts"
import * as Join from "./Join.ts"
import * as Keys from "./Keys.ts"
import * as Machine from "./Machine.ts"
import * as Membership from "./Membership.ts"
import type { Paths } from "./Paths.ts"
import * as Servers from "./Servers.ts"
import type { Settings } from "./Settings.ts"
import * as SharedKeys from "./SharedKeys.ts"
import * as Store from "./Store.ts"

export interface Given extends Join.Given {
  readonly certificateKey: string
}

/** What it has learned of the cluster lies apart from what a node in the same directory has. */
const apart = (settings: Settings): Settings => ({ ...settings, dataDir: join(settings.dataDir, "control-plane") })

/** Where a server's nats-server is found, if it has one. */
export const selfOf = ({ apiPort, nodeIp, nodeName, storePort }: Settings, hasReplica: boolean): Servers.Server => ({
  name: nodeName,
  address: nodeIp,
  port: apiPort,
  store: hasReplica ? `${nodeIp}:${storePort}` : "",
  route: hasReplica ? `${nodeIp}:${storePort + 2000}` : ""
})

/** What all servers have the same settings for. */
const adopted = (settings: Settings, { config }: Join.Joined, store: string): Settings => ({
  ...settings,
  ...config,
  store
})

const Fetched = Schema.fromJsonString(Schema.Struct({ store: Schema.String }))

/** The keys, once; after that only where the store is. */
const fetched = Effect.fnUntraced(function* (
  settings: Settings,
  paths: Paths,
  joined: Join.Joined,
  given: Given | undefined
) {
  const files = yield* FileSystem.FileSystem
  const file = join(apart(settings).dataDir, "fetched.json")
  const before = yield* Effect.option(files.readFileString(file))
  if (Option.isSome(before)) return (yield* Schema.decodeEffect(Fetched)(before.value)).store
  if (given === undefined || given.certificateKey === "") {
    return yield* new Servers.CannotServe({ message: "--join: the first time it takes --token and --certificate-key too" })
  }
  if (existsSync(paths.store)) {
    const message = `--join: ${paths.store} has the data of another cluster: name another --data-dir`
    return yield* new Servers.CannotServe({ message })
  }
  const { client } = yield* Join.clientOf({ server: joined.server, ca: joined.ca, token: given.token })
  const bundle = yield* Effect.provideService(SharedKeys.download(given.token, given.certificateKey), Client, client)
  yield* SharedKeys.keep(paths, bundle)
  yield* files.writeFileString(file, JSON.stringify({ store: bundle.store }), { mode: 0o600 })
  return bundle.store
}, Effect.scoped)

/** As the administrator, whose certificate it can issue by now. */
const administrator = Effect.fnUntraced(function* (settings: Settings, paths: Paths, { ca, server }: Join.Joined) {
  const { admin } = yield* Keys.openServer(settings, paths)
  const about = { server, ca, clientCertificate: admin.cert, clientKey: admin.key, userAgent: "keelson" }
  return (yield* Join.clientOf(about)).client
})

const often = Schedule.spaced("1 second")

/** The servers, as soon as it holds. A cluster that does not answer for a while is asked again. */
const awaited = (holds: (map: ConfigMap) => boolean) =>
  Membership.find.pipe(
    Effect.tapError((error) => Effect.logWarning("the cluster does not answer", String(error))),
    Effect.flatMap((found) => Effect.fromOption(Option.filter(found, holds))),
    Effect.retry(often)
  )

/** Enters this server, and waits until there is a store for it. */
const entered = Effect.fnUntraced(function* (settings: Settings, paths: Paths) {
  const self = selfOf(settings, !Store.external(settings.store))
  yield* Membership.enter(self)
  const placeOf = (map: ConfigMap): Servers.Place => ({ self, all: Membership.serversOf(map), isLocal: false })
  if (Store.external(settings.store)) return placeOf(yield* awaited(() => true))
  const first = Option.getOrUndefined(yield* Membership.find)
  if (first !== undefined && Membership.isReplicated(first)) return placeOf(first)
  yield* Effect.logInfo(
    `${self.name} is entered. The store is replicated when there are ${Membership.enough} servers: until then this one waits`
  )
  const place = placeOf(yield* awaited((map) => Membership.serversOf(map).length >= Membership.enough))
  // The one that has the data brings it, which takes a majority of replicas that run.
  const running = yield* Store.replicaServer(settings, paths, place)
  yield* Effect.logInfo("there are enough servers: the store moves to their replicas")
  yield* awaited(Membership.isReplicated)
  return { ...place, running }
})

const begin = Effect.fnUntraced(function* (settings: Settings, paths: Paths, given: Given | undefined) {
  yield* Machine.directory(apart(settings).dataDir)
  const joined = yield* Join.open(apart(settings), given)
  const store = yield* fetched(settings, paths, joined, given)
  const own = adopted(settings, joined, store)
  const client = yield* administrator(own, paths, joined)
  const place = yield* Effect.provide(entered(own, paths), Context.make(Client, client))
  yield* Servers.write(Servers.fileOf(paths), { store, servers: place.all })
  return { settings: own, place }
})

/** What a server is: one of several by what was learned before, or by joining now; or the only one. */
export const open = Effect.fn("JoinServer.open")(function* (settings: Settings, paths: Paths, given: Given | undefined) {
  const joined = yield* Join.known(apart(settings))
  const known = Option.getOrUndefined(yield* Servers.read(Servers.fileOf(paths)))
  if (known === undefined) {
    if (given !== undefined || Option.isSome(joined)) return yield* begin(settings, paths, given)
    return { settings, place: undefined }
  }
  const self = known.servers.find(({ name }) => name === settings.nodeName)
  if (self === undefined) {
    const message = `${Servers.fileOf(paths)} names no server ${settings.nodeName}: start it with the --node-name that it had, or remove it and join anew`
    return yield* new Servers.CannotServe({ message })
  }
  const config = Option.getOrUndefined(joined)?.config
  const place: Servers.Place = { self, all: known.servers, isLocal: false }
  return { settings: { ...settings, ...config, store: known.store }, place }
})
