/** Packages that are there before any object is: the store, what encrypts it, and where its snapshots are kept, each in a thread, named by settings. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Stream, SubscriptionRef } from "effect"
import { join, resolve } from "node:path"
import * as Destination from "../../bin/Destination.ts"
import * as Encryption from "../../bin/Encryption.ts"
import * as Paths from "../../bin/Paths.ts"
import * as Settings from "../../bin/Settings.ts"
import * as Store from "../../bin/Store.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as Early from "../../plugins/packages/Early.ts"
import * as Package from "../../plugins/packages/Package.ts"
import * as Remembered from "../../plugins/packages/Remembered.ts"
import { SnapshotStorage } from "../../plugins/snapshots/contracts/SnapshotStorage.ts"
import * as Snapshots from "../../plugins/snapshots/Snapshots.ts"

const example = (name: string) => `plugin://${resolve(import.meta.dirname, "..", "..", "examples", name)}`

const site = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const home = yield* files.makeTempDirectoryScoped({ prefix: "keelson-early-" })
  const passphrases = join(home, "passphrases")
  yield* files.writeFileString(passphrases, "a passphrase\n")
  const config = join(home, "encryption.yaml")
  const endpoint = `${example("keys-passphrases")}?file=${passphrases}`
  const providers = [{ kms: { apiVersion: "v2", name: "passphrases", endpoint } }]
  yield* files.writeFileString(
    config,
    JSON.stringify({
      kind: "EncryptionConfiguration",
      apiVersion: "apiserver.config.k8s.io/v1",
      resources: [{ resources: ["secrets"], providers }]
    })
  )
  const settings: Settings.Settings = {
    ...Settings.defaults(),
    dataDir: join(home, "data"),
    nodeName: "n1",
    store: example("store-journal"),
    encryptionProviderConfig: config
  }
  const paths = Paths.make(settings.dataDir, settings.nodeName)
  yield* files.makeDirectory(paths.pki, { recursive: true })
  const read = (path: string) => Effect.map(files.readFile(path), (bytes) => Buffer.from(bytes).toString("latin1"))
  return { home, settings, paths, state: (name: string) => join(settings.dataDir, "plugins", name, "state"), read }
})

const secret = "correct horse"
const write = (writeId: string, key: string, prev = 0) =>
  Effect.flatMap(Log, (log) =>
    log.append({ log: "objects", key, op: "put", bytes: new TextEncoder().encode(secret), prev, writeId })
  )
const living = Effect.flatMap(Log, (log) =>
  log.history({ log: "objects", after: 0 }).pipe(
    Stream.runCollect,
    Effect.map((all) => all.flat().map(({ bytes, key }) => [key, Buffer.from(bytes).toString()]))
  )
)

it.live("a store, its keys and its snapshots are those of packages, also after the next start", () =>
  Effect.gen(function* () {
    const { home, paths, read, settings, state } = yield* site
    const started = () =>
      Layer.provideMerge(
        Encryption.around(settings, paths, true, Store.owner(settings, paths, undefined)),
        Plugin.Host.layer
      )
    const names = yield* Effect.gen(function* () {
      yield* write("one", "secrets/default/a")
      assert.deepStrictEqual(yield* living, [["secrets/default/a", secret]])
      const { states } = yield* Plugin.Host
      return SubscriptionRef.getUnsafe(states).map(({ isolation, name }) => `${name} ${isolation}`)
    }).pipe(Effect.provide(Layer.fresh(started())))
    assert.deepStrictEqual(names.toSorted(), ["keys-passphrases worker", "store-journal worker"])
    assert.match(yield* read(join(state("store-journal"), "journal")), /^objects \d+ put secrets\/default\/a \d+$/m)
    assert.notInclude(yield* read(join(state("store-journal"), "store.db")), secret)
    yield* Effect.gen(function* () {
      assert.deepStrictEqual(yield* living, [["secrets/default/a", secret]])
    }).pipe(Effect.provide(Layer.fresh(started())))

    const [one, other] = [join(home, "one"), join(home, "other")]
    const place = `${example("snapshots-mirrored")}/first.snapshot?one=${one}&other=${other}`
    const destination = yield* Destination.parse(place, settings)
    assert.strictEqual(destination.name, "first.snapshot")
    yield* Effect.gen(function* () {
      yield* Snapshots.write("first.snapshot", Stream.succeed(new TextEncoder().encode("bytes")))
      assert.deepStrictEqual(
        (yield* (yield* SnapshotStorage).list()).map(({ name }) => name),
        ["first.snapshot"]
      )
    }).pipe(Effect.provide(destination.storage))
    for (const folder of [one, other]) assert.strictEqual(yield* read(join(folder, "first.snapshot")), "bytes")
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
)

it.live("what cannot be one is refused with the reason", () =>
  Effect.gen(function* () {
    const { settings } = yield* site
    const directory = join(settings.dataDir, "plugins")
    const refused = (address: string) =>
      Effect.map(Effect.flip(Layer.build(Early.layer(Log, { address, directory }))), ({ message }) => message)
    assert.include(yield* refused("plugin:///nowhere"), "there is no /nowhere/keelson.json")
    assert.strictEqual(yield* refused(example("keys-passphrases")), "keys-passphrases does not offer kernel/Log")
    assert.include(yield* refused(`${example("store-journal")}?size=1`), "store-journal takes no configuration")
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
)

it.live(
  "a version that took the place of the one that a setting names is there at the next start, also if only its copy is left",
  () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const { home, settings, state } = yield* site
      const name = "snapshots-mirrored"
      const store = join(settings.dataDir, "plugins")
      const named = resolve(import.meta.dirname, "..", "..", "examples", name)
      const next = join(home, "next")
      yield* files.copy(named, next)
      const code = yield* files.readFileString(join(next, "plugin.ts"))
      yield* files.writeFileString(
        join(next, "plugin.ts"),
        code.replace('join(directory, "one")', 'join(directory, "next")')
      )
      const { digest } = yield* Package.keep(store, name, { path: next })
      yield* files.remove(next, { recursive: true })
      const folders = Effect.gen(function* () {
        yield* Snapshots.write("a.snapshot", Stream.succeed(new TextEncoder().encode("bytes")))
        return (yield* files.readDirectory(state(name))).toSorted()
      }).pipe(Effect.provide(Layer.fresh(Early.layer(SnapshotStorage, { address: example(name), directory: store }))))
      yield* Remembered.write(store, name, { named: "/another", path: next, digest })
      assert.deepStrictEqual(yield* folders, ["one", "other"])
      yield* Remembered.write(store, name, { named, path: next, digest })
      assert.deepStrictEqual(yield* folders, ["next", "one", "other"])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
)
