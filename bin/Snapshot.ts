/**
 * `keelson snapshot save | status | restore | list`. What is saved comes from a running server, or from the store's own files when none
 * runs; what is restored goes into a store that nobody serves meanwhile.
 */
import { Console, Effect, Layer, Option, Schema, Stream } from "effect"
import { existsSync } from "node:fs"
import { Log, names } from "../kernel/store/Log.ts"
import type { Manifest } from "../kernel/store/snapshot/Format.ts"
import { read, type Summary, verify } from "../kernel/store/snapshot/Read.ts"
import * as Restore from "../kernel/store/snapshot/Restore.ts"
import * as Restoring from "../kernel/store/snapshot/Restoring.ts"
import { encode, save as bytesOf } from "../kernel/store/snapshot/Save.ts"
import { readKey } from "../kernel/store/snapshot/Sealing.ts"
import { SnapshotStorage } from "../plugins/snapshots/contracts/SnapshotStorage.ts"
import * as Snapshots from "../plugins/snapshots/Snapshots.ts"
import * as Administer from "./Administer.ts"
import * as Destination from "./Destination.ts"
import * as Paths from "./Paths.ts"
import type { Settings } from "./Settings.ts"
import { path } from "./SnapshotRoute.ts"
import * as Store from "./Store.ts"
import { version } from "./Version.ts"
import * as Columns from "./Columns.ts"

export class SnapshotFailed extends Schema.TaggedError<SnapshotFailed>()("SnapshotFailed", { message: Schema.String }) {}
const failed = (message: string) => new SnapshotFailed({ message })
/** A sentence, whatever it is. */
const told = (cause: unknown) => failed(cause instanceof Error ? cause.message : String(cause))

const pathsOf = ({ dataDir, nodeName }: Settings) => Paths.make(dataDir, nodeName)
const keyOf = (file: string) => (file === "" ? Effect.undefined : readKey(file))

const sizes = ["bytes", "KiB", "MiB", "GiB", "TiB"]
export const sized = (bytes: number) => {
  const power = Math.min(sizes.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${sizes[power]}`
}

/** What is known of one, a line each. */
export const lines = ({ bytes, isVerified, keyId, manifest }: Summary): ReadonlyArray<string> => {
  const counted = ({ logs }: Manifest) =>
    names.map((name) => `${name.padEnd(12)}${logs[name].entries} entries at revision ${logs[name].seq}`)
  return [
    `${"size".padEnd(12)}${sized(bytes)}`,
    `${"encrypted".padEnd(12)}${keyId === undefined ? "no" : `with the key ${keyId}`}`,
    ...(manifest === undefined
      ? [`${"contents".padEnd(12)}not known without the key (--key-file)`]
      : [
          `${"made".padEnd(12)}${manifest.time} by keelson ${manifest.version}, from ${manifest.store}`,
          `${"cluster".padEnd(12)}${manifest.cluster}`,
          ...counted(manifest)
        ]),
    `${"checksums".padEnd(12)}right${isVerified ? "; every entry was unpacked and counted" : ""}`
  ]
}
const print = (summary: Summary) => Effect.forEach(lines(summary), (line) => Console.log(line), { discard: true })

/** Whether a server answers to whom a kubeconfig names. */
export const isServed = (kubeconfig: string) =>
  Administer.ask(kubeconfig, { path: "/livez" }).pipe(
    Effect.match({
      onSuccess: () => true,
      // One that refuses is one that runs.
      onFailure: (error) => error._tag === "Refused" && error.code !== 0
    })
  )

/** Of a store that nobody serves. */
const offline = Effect.fnUntraced(function* (settings: Settings, key: Uint8Array | undefined) {
  const paths = pathsOf(settings)
  const place = Store.placeOf(settings, paths)
  if (settings.store === "memory" || (place !== undefined && !existsSync(place))) {
    return yield* failed(`no server answers, and there is no store in ${place ?? "memory"}`)
  }
  const log = yield* Effect.flatMap(Layer.build(Store.stopped(settings, paths)), (built) => Effect.provide(Log, built))
  yield* Restoring.assertWhole(log)
  yield* Console.log(`no server answers: reading ${Store.describe(settings, paths)}`)
  return bytesOf(log, { cluster: "", version: version.keelson, store: Store.describe(settings, paths) }, key)
})

export interface Wanted {
  readonly settings: Settings
  readonly kubeconfig: string
  readonly keyFile: string
}

export const save = Effect.fn("Snapshot.save")(
  function* ({ keyFile, kubeconfig, settings }: Wanted, where: string | undefined) {
    const destination = yield* Destination.parse(where ?? Destination.standard(settings), settings)
    const key = yield* keyOf(keyFile)
    const name = destination.name ?? Snapshots.nameOf("snapshot", Date.now())
    // From a server it comes as it is, and is encrypted here: the server does not need to know the key.
    const served = encode(read(Administer.bytes(kubeconfig, { method: "POST", path })), key)
    const isOnline = yield* isServed(kubeconfig)
    yield* Effect.gen(function* () {
      const storage = yield* SnapshotStorage
      yield* isOnline ? Snapshots.write(name, served) : Snapshots.write(name, yield* offline(settings, key))
      yield* Console.log(
        `${name} is in ${destination.text.endsWith(name) ? destination.text.slice(0, -name.length) : destination.text}`
      )
      yield* print(yield* verify(storage.read({ name }), { key, isDeep: true }))
    }).pipe(Effect.provide(destination.storage))
  },
  Effect.mapError(told),
  Effect.scoped
)

const one = Effect.fnUntraced(function* (where: string) {
  const destination = yield* Destination.parse(where)
  const { name } = destination
  if (name === undefined) return yield* failed(`${where}: expected one snapshot, a name that ends with ${Snapshots.ending}`)
  return { ...destination, name }
})

export const status = Effect.fn("Snapshot.status")(function* (where: string, keyFile: string, isDeep: boolean) {
  const { name, storage } = yield* one(where)
  const key = yield* keyOf(keyFile)
  const bytes = Stream.unwrap(Effect.map(SnapshotStorage, (kept) => kept.read({ name })))
  yield* print(yield* Effect.provide(verify(bytes, { key, isDeep }), storage))
}, Effect.mapError(told))

export const list = Effect.fn("Snapshot.list")(function* (where: string) {
  const { storage } = yield* Destination.parse(where)
  const all = yield* Effect.provide(
    Effect.flatMap(SnapshotStorage, (kept) => kept.list()),
    storage
  )
  const rows = all
    .filter(({ name }) => name.endsWith(Snapshots.ending))
    .map(({ bytes, name, time }) => [name, sized(bytes), new Date(time).toISOString()])
  yield* Console.log(Columns.table([["NAME", "SIZE", "MADE"], ...rows]))
}, Effect.mapError(told))

export const restore = Effect.fn("Snapshot.restore")(
  function* ({ keyFile, kubeconfig, settings }: Wanted, where: string, force: boolean) {
    const { name, storage } = yield* one(where)
    const key = yield* keyOf(keyFile)
    const paths = pathsOf(settings)
    if (settings.store === "memory") return yield* failed("--store memory keeps nothing: name the store to restore into")
    if (yield* isServed(kubeconfig)) {
      return yield* failed("a server of this cluster runs: stop it first (keelson down), or name another --data-dir")
    }
    const log = yield* Effect.flatMap(Layer.build(Store.stopped(settings, paths)), (built) => Effect.provide(Log, built))
    const kept = yield* Effect.provide(SnapshotStorage, yield* Layer.build(storage))
    const { manifest, revisions } = yield* Restore.restore(log, kept.read({ name }), { key, force, name })
    const count = names.reduce((sum, of) => sum + manifest.logs[of].entries, 0)
    yield* Console.log(
      `${count} entries of ${manifest.time} are in ${Store.describe(settings, paths)}, at revision ${revisions.objects}`
    )
  },
  Effect.mapError(told),
  Effect.scoped
)

export const kubeconfigOf = (given: Option.Option<string>, settings: Settings) =>
  Option.getOrElse(given, () => pathsOf(settings).kubeconfig)
