/** `keelson server`: a control plane, and with `--processes` further API processes beside it that share its port. */
import { Cause, Effect, FileSystem, Layer } from "effect"
import * as ControlPlane from "./ControlPlane.ts"
import * as Encryption from "./Encryption.ts"
import * as Grow from "./Grow.ts"
import * as Hosted from "./hosted/Hosted.ts"
import * as Place from "./hosted/Place.ts"
import * as JoinServer from "./JoinServer.ts"
import * as Keys from "./Keys.ts"
import * as Machine from "./Machine.ts"
import * as Paths from "./Paths.ts"
import type { Settings } from "./Settings.ts"
import * as ServerOptions from "./ServerOptions.ts"
import * as Servers from "./Servers.ts"
import * as SnapshotSchedule from "./SnapshotSchedule.ts"
import * as Store from "./Store.ts"
import * as StoreMoveRoute from "./StoreMoveRoute.ts"
import * as Supervise from "./Supervise.ts"

/** With where its store is by now. Also what a test composes a control plane of. */
export const optionsOf = Effect.fnUntraced(function* (
  settings: Settings,
  paths: Paths.Paths,
  place?: Servers.Place,
  at: Store.At = settings
) {
  const options = yield* ServerOptions.make(settings, paths, yield* Keys.openServer(settings, paths), place)
  return { ...options, store: () => Store.describe({ ...settings, store: at.store }, paths, at.place ?? place) }
})

/** Every further API process is started once this one serves, because it may follow this one's log. */
const others = (settings: Settings, paths: Paths.Paths) =>
  Effect.forEach(
    Array.from({ length: settings.processes - 1 }, (_, index) => index + 2),
    (index) =>
      Supervise.child(paths, {
        name: `api-${index}`,
        args: ["server", "--api-only", "--config", Paths.settingsFile(paths)],
        patience: "20 seconds"
      }),
    { discard: true }
  )

const primary = Effect.fnUntraced(function* (settings: Settings, paths: Paths.Paths, place: Servers.Place | undefined) {
  const files = yield* FileSystem.FileSystem
  yield* Machine.directory(paths.run)
  const port = place?.self.port ?? settings.apiPort
  yield* Effect.forEach(ServerOptions.addressesOf(settings), (address) => Machine.free("--api-port", address, port), {
    discard: true
  })
  yield* files.writeFileString(Paths.settingsFile(paths), JSON.stringify(settings), { mode: 0o600 })
  const log = Encryption.around(settings, paths, true, Store.owner(settings, paths, place))
  const at: Store.At = { store: settings.store }
  const about = yield* optionsOf(settings, paths, place, at)
  const snapshots = SnapshotSchedule.layer(settings, about)
  // Several servers have the store each, and none of them could leave it alone.
  const moving = place === undefined ? { moving: StoreMoveRoute.layer({ settings, paths, at }) } : {}
  const built = yield* Layer.build(ControlPlane.controlPlane({ ...about, log, snapshots, ...moving }))
  yield* others(settings, paths)
  // Processes beside this one follow the store where it is, and those below one `keelson up` are as many as there will be.
  if (settings.processes > 1 || place?.isLocal === true || Place.isShared(settings)) return
  yield* Grow.follow(settings, paths, place, at).pipe(Effect.provide(ControlPlane.ownClient), Effect.provide(built))
})

const replica = Effect.fnUntraced(function* (settings: Settings, paths: Paths.Paths) {
  const log = Encryption.around(settings, paths, false, Store.replica(settings, paths))
  const options = { ...(yield* optionsOf(settings, paths)), log }
  yield* Layer.build(ControlPlane.replica(options))
})

export interface What {
  /** A replica here is an API process beside others, and no server of its own. */
  readonly role: "primary" | "replica"
  /** Which of several that `keelson up` has started. */
  readonly index?: number
  readonly join?: JoinServer.Given
}

const opened = Effect.fnUntraced(function* (settings: Settings, paths: Paths.Paths, { index, join, role }: What) {
  if (role === "replica") return { settings, place: undefined }
  if (index === undefined) return yield* JoinServer.open(settings, paths, join)
  return { settings, place: yield* Servers.local(paths, index) }
})

/** Runs until it is interrupted, or its supervisor is gone. */
export const run = Effect.fn("Server.run")(function* (wanted: Settings, what: What) {
  const given = what.role === "primary" ? yield* Hosted.enter(wanted) : wanted
  const all = Paths.make(given.dataDir, given.nodeName)
  const paths = what.index === undefined ? all : Servers.pathsOf(all, what.index)
  yield* Machine.directory(all.root)
  const { place, settings } = yield* opened(given, all, what)
  yield* what.role === "primary" ? primary(settings, paths, place) : replica(settings, paths)
  yield* Effect.logInfo(`the API is served on port ${place?.self.port ?? settings.apiPort}`)
  yield* Effect.raceFirst(Supervise.orphaned, Hosted.ended(settings))
}, Effect.scoped)

/** Several control planes in this process: one that cannot go on leaves the others as they are. */
export const runAll = Effect.fn("Server.runAll")(function* (all: ReadonlyArray<Settings>, what: What) {
  const [only] = all
  if (all.length === 1 && only !== undefined) return yield* run(only, what)
  const told = (settings: Settings) => (cause: Cause.Cause<unknown>) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.failCause(cause)
      : Effect.logError(`the control plane ${settings.name} does not run`, Cause.pretty(cause))
  const each = (settings: Settings) =>
    run(settings, what).pipe(Effect.catchCause(told(settings)), Effect.annotateLogs("server", settings.name))
  yield* Effect.forEach(all, each, { concurrency: "unbounded", discard: true })
})
