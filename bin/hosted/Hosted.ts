/**
 * Several control planes on one machine, each with its own name: one that starts is registered, gets a port, and a user of its own in
 * the server that keeps all their logs; one that is deleted leaves nothing.
 */
import { Effect, FileSystem, Option, Schedule, Schema } from "effect"
import { dirname } from "node:path"
import * as NatsShared from "../../kernel/store/jetstream/NatsShared.ts"
import * as Machine from "../Machine.ts"
import * as Paths from "../Paths.ts"
import * as Processes from "../Processes.ts"
import { defaults, type Settings } from "../Settings.ts"
import * as Place from "./Place.ts"
import * as Registry from "./Registry.ts"
import * as Store from "./Store.ts"

export class NotHosted extends Schema.TaggedError<NotHosted>()("NotHosted", { message: Schema.String }) {}

/** The first from the usual one on that no other has, now or at its next start. */
const freePort = Effect.fnUntraced(function* (settings: Settings, others: ReadonlyArray<Registry.Entry>) {
  const taken = new Set(others.map(({ port }) => port))
  for (let port = defaults().apiPort; port < 65_536; port++) {
    if (taken.has(port)) continue
    const free = yield* Effect.option(Machine.free("--api-port", "127.0.0.1", port))
    if (Option.isSome(free)) return port
  }
  return yield* new NotHosted({ message: `--name ${settings.name}: there is no free port: name one with --api-port` })
})

const keyOf = Effect.fnUntraced(function* (own: string, before: string) {
  const fs = yield* FileSystem.FileSystem
  const { context, seed: file } = Place.files(own)
  if (before !== "" && (yield* fs.exists(file))) return before
  const { key, seed } = NatsShared.newKey()
  yield* Machine.directory(dirname(file))
  yield* fs.writeFileString(file, `${seed}\n`, { mode: 0o600 })
  yield* fs.writeFileString(context, `${JSON.stringify({ nkey: file })}\n`, { mode: 0o600 })
  return key
})

const register = Effect.fnUntraced(function* (settings: Settings, root: string, registry: Registry.Registry) {
  const fs = yield* FileSystem.FileSystem
  const { dataDir, name } = settings
  const others = registry.entries().filter((entry) => entry.name !== name)
  const before = registry.entries().find((entry) => entry.name === name)
  if (before !== undefined && Registry.isRunning(before))
    return yield* new NotHosted({ message: `the control plane ${name} runs already (process ${before.pid})` })
  const isChosen = settings.apiPort !== defaults().apiPort
  const port = isChosen ? settings.apiPort : (before?.port ?? (yield* freePort(settings, others)))
  const clash = others.find((entry) => entry.port === port)
  if (clash !== undefined)
    return yield* new NotHosted({ message: `--api-port ${port} is that of the control plane ${clash.name}` })
  const isShared = settings.store === "jetstream" || Place.isShared(settings)
  const key = isShared ? yield* keyOf(dataDir, before?.key ?? "") : ""
  registry.put({ name, port, key, ...Processes.of(process.pid) })
  const store = isShared
    ? { ...(yield* Store.ensure(root, registry, settings.natsServer)), natsContext: Place.files(dataDir).context }
    : {}
  yield* fs.writeFileString(Place.files(dataDir).record, Place.encode({ apiPort: port, ...store }), { mode: 0o600 })
  return { ...settings, apiPort: port, ...store }
})

/** It does not run any more. */
const leave = (root: string, name: string) =>
  Registry.locked(root, (registry) =>
    Effect.suspend(() => {
      const entry = registry.entries().find((one) => one.name === name)
      if (entry !== undefined && entry.pid === process.pid) registry.put({ ...entry, pid: 0, began: "" })
      return Store.settle(root, registry)
    })
  ).pipe(Effect.catch((error) => Effect.logError(`the control plane ${name} is not signed off`, error.message)))

/** Should the store's server end, whoever sees it first starts it again. */
const keepStore = (root: string, binary: string) =>
  Effect.gen(function* () {
    if (yield* Store.isThere(root)) return
    yield* Effect.logError("the nats-server of the control planes has ended, and is started again")
    yield* Registry.locked(root, (registry) => Store.ensure(root, registry, binary))
  }).pipe(
    Effect.catch((error) => Effect.logError("the nats-server of the control planes cannot be started", error.message)),
    Effect.delay("1 second"),
    Effect.forever
  )

/** The control plane of these settings runs in this process until the scope closes: what it is started with. */
export const enter = Effect.fn("Hosted.enter")(function* (settings: Settings) {
  if (settings.name === "") return settings
  const root = Place.rootOf(Place.allOf(settings))
  yield* Machine.directory(settings.dataDir)
  const entered = yield* Effect.acquireRelease(
    Registry.locked(root, (registry) => register(settings, root, registry)),
    () => leave(root, settings.name)
  )
  const fs = yield* FileSystem.FileSystem
  yield* fs.remove(Place.files(settings.dataDir).stop, { force: true })
  yield* Processes.record(Paths.make(settings.dataDir, "").run, "server", process.pid)
  if (Place.isShared(entered)) yield* Effect.forkScoped(keepStore(root, settings.natsServer))
  return entered
})

/** Done when it is asked to end, while others that this process runs go on. */
export const ended = Effect.fnUntraced(function* ({ dataDir, name }: Settings) {
  if (name === "") return yield* Effect.never
  const fs = yield* FileSystem.FileSystem
  const { stop } = Place.files(dataDir)
  yield* Effect.repeat(fs.exists(stop), { until: (exists) => exists, schedule: Schedule.spaced("500 millis") })
})

/** Those of a data directory. */
export const list = Effect.fn("Hosted.list")(function* (dataDir: string) {
  const fs = yield* FileSystem.FileSystem
  const root = Place.rootOf(dataDir)
  if (!(yield* fs.exists(root))) return []
  return yield* Registry.locked(root, (registry) => Effect.sync(() => registry.entries()))
})

/** Ends it, and nothing else that its process runs. */
const end = Effect.fnUntraced(function* (dataDir: string, { name, pid }: Registry.Entry) {
  const fs = yield* FileSystem.FileSystem
  const running = Effect.map(list(dataDir), (entries) =>
    entries.filter((entry) => entry.pid === pid && Registry.isRunning(entry))
  )
  const together = yield* running
  const self = together.find((entry) => entry.name === name)
  if (self === undefined) return
  if (together.length === 1) return yield* Processes.end(self, "30 seconds")
  yield* fs.writeFileString(Place.files(Place.directoryOf(dataDir, name)).stop, "")
  yield* Effect.repeat(running, {
    until: (entries) => entries.every((entry) => entry.name !== name),
    schedule: Schedule.spaced("100 millis")
  }).pipe(
    Effect.timeoutOrElse({
      duration: "1 minute",
      orElse: () => Effect.fail(new NotHosted({ message: `the control plane ${name} does not end: end process ${pid}` }))
    })
  )
})

/** It is ended, and with `purge` nothing of it stays: its logs, its keys, its user. Whether it ran. */
export const remove = Effect.fn("Hosted.remove")(function* (dataDir: string, name: string, purge: boolean, binary = "") {
  const fs = yield* FileSystem.FileSystem
  const root = Place.rootOf(dataDir)
  const entry = (yield* list(dataDir)).find((one) => one.name === name)
  if (entry === undefined) {
    return yield* new NotHosted({ message: `there is no control plane ${name} in ${root}: keelson server list shows them` })
  }
  const ran = Registry.isRunning(entry)
  if (ran) yield* end(dataDir, entry)
  const left = yield* Registry.locked(
    root,
    Effect.fnUntraced(function* (registry) {
      if (purge && entry.key === "") registry.remove(name)
      else if (purge) yield* Store.remove(root, registry, entry, binary)
      yield* Store.settle(root, registry)
      if (purge) yield* fs.remove(Place.directoryOf(dataDir, name), { recursive: true, force: true })
      return registry.entries().length
    })
  )
  if (left === 0) yield* fs.remove(root, { recursive: true, force: true })
  return ran
})
