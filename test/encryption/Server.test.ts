/**
 * A server as `keelson server` composes it, on either store: a Secret's bytes are in no file of it, administrators see and rotate keys
 * and look into the store, others do not; and an object that cannot be decrypted is named to whoever reads it.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer, References, Schema, Stream } from "effect"
import { globSync, readFileSync, statSync } from "node:fs"
import { freePort } from "../../kernel/FreePort.ts"
import * as Administer from "../../bin/Administer.ts"
import * as ControlPlane from "../../bin/ControlPlane.ts"
import * as Encryption from "../../bin/Encryption.ts"
import * as EncryptionRoute from "../../bin/EncryptionRoute.ts"
import * as Keys from "../../bin/Keys.ts"
import * as Paths from "../../bin/Paths.ts"
import * as Ready from "../../bin/Ready.ts"
import * as Server from "../../bin/Server.ts"
import * as Settings from "../../bin/Settings.ts"
import * as Store from "../../bin/Store.ts"
import * as StoreRoute from "../../bin/StoreRoute.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Log } from "../../kernel/store/Log.ts"
import { Secret, ServiceAccount } from "../../plugins/resources/contracts/core/v1.ts"
import { ClusterRole, ClusterRoleBinding } from "../../plugins/resources/contracts/rbac/v1.ts"
import { secret } from "./Keys.ts"
import { left } from "../Left.ts"
import * as RawNats from "../store/RawNats.ts"

/** Until the scope closes. `raw`: the log beneath the encryption. */
const start = Effect.fnUntraced(function* (store: "sqlite" | "jetstream", dataDir: string) {
  const settings = { ...Settings.defaults(), dataDir, nodeName: "n1", nodeIp: "127.0.0.1", apiPort: yield* freePort, store }
  const paths = Paths.make(dataDir, settings.nodeName)
  const keys = yield* Keys.openServer(settings, paths)
  const options = yield* Server.optionsOf(settings, paths)
  const stored: Layer.Layer<Log, unknown> = Store.owner(settings, paths, undefined)
  const raw = yield* Layer.build(stored)
  const log = Encryption.around(settings, paths, true, Layer.succeed(Log, Context.get(raw, Log)))
  yield* Layer.build(ControlPlane.controlPlane({ ...options, log }))
  const client = Context.get(yield* Layer.build(Ready.client(settings, keys)), Client)
  return { client, paths, raw: Context.get(raw, Log) }
})

const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-encrypted-" }))
const quiet = Effect.provideService(References.MinimumLogLevel, "Warn")
const filesIn = (directory: string) => globSync(`${directory}/**`).filter((file) => statSync(file).isFile())

const draft = (name: string, text: string) => ({
  metadata: { name, namespace: "default" },
  data: { password: Buffer.from(text).toString("base64") },
  type: "Opaque"
})
/** Beginnings of what it might be found by: plainly, or in base64. */
const assertHidden = (directory: string, text: string) => {
  const files = filesIn(directory)
  assert.isNotEmpty(files)
  for (const file of files) {
    const bytes = readFileSync(file)
    assert.isFalse(bytes.includes(text), file)
    assert.isFalse(bytes.includes(Buffer.from(text).toString("base64").slice(0, 24)), file)
  }
}

describe.each(["sqlite", "jetstream"] as const)("on %s", (store) => {
  const lacks = store === "jetstream" ? RawNats.lacks : []
  it.live.skipIf(lacks.length > 0)(`a Secret is in no file of the store, and read by the next start${left(lacks)}`, () =>
    Effect.gen(function* () {
      const [dataDir, text] = [yield* temporary, secret()]
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { client, paths } = yield* start(store, dataDir)
          yield* client.create(Secret, draft("a", text))
          yield* client.delete(Secret, { namespace: "default", name: "a" })
          yield* client.create(Secret, draft("a", text))
          assertHidden(paths.store, text)
        })
      )
      const { client, paths } = yield* start(store, dataDir)
      assertHidden(paths.store, text)
      const found = yield* client.get(Secret, { namespace: "default", name: "a" })
      assert.strictEqual(Buffer.from(found.data?.["password"] ?? "", "base64").toString(), text)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), quiet)
  )
})

it.live("administrators see keys, rotate them, and look into the store", () =>
  Effect.gen(function* () {
    const { client, paths } = yield* start("sqlite", yield* temporary)
    yield* client.create(Secret, draft("a", "one"))
    const ask = <A>(schema: Schema.Decoder<A>, asked: Administer.Asked) =>
      Effect.flatMap(Administer.ask(paths.kubeconfig, asked), (text) =>
        Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text)
      )
    const rotated = yield* ask(EncryptionRoute.Rotated, { method: "POST", path: `${EncryptionRoute.path}/rotate` })
    assert.deepStrictEqual([rotated.objects > 0, rotated.left], [true, []])
    const { keys } = yield* ask(EncryptionRoute.EncryptionStatus, { path: EncryptionRoute.path })
    assert.strictEqual(keys[0]?.keyId, rotated.keyId)
    const kept = yield* ask(StoreRoute.Kept, { path: `${StoreRoute.path.objects}/secret/default/a` })
    assert.deepStrictEqual(
      kept.entries.map(({ encrypted, op }) => [op, encrypted]),
      [
        ["put", `keyring ${keys[1]?.keyId}`],
        ["put", `keyring ${keys[0]?.keyId}`]
      ]
    )
    assert.containSubset(kept.entries[1]?.object, { kind: "Secret", metadata: { name: "a" } })
    // Who watches over clusters may get every path; that is not meant to be every Secret.
    const account = { namespace: "default", name: "watcher" }
    yield* client.create(ServiceAccount, { metadata: account })
    yield* client.create(ClusterRole, {
      metadata: { name: "watcher" },
      rules: [{ nonResourceURLs: ["*"], verbs: ["get"] }]
    })
    yield* client.create(ClusterRoleBinding, {
      metadata: { name: "watcher" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "watcher" },
      subjects: [{ kind: "ServiceAccount", ...account }]
    })
    const as = { "impersonate-user": "system:serviceaccount:default:watcher" }
    assert.include(yield* Administer.ask(paths.kubeconfig, { path: "/keelson/status", headers: as }), "store")
    for (const path of [`${StoreRoute.path.objects}/secret/default/a`, StoreRoute.path.feed, EncryptionRoute.path]) {
      const refused = yield* Effect.flip(Administer.ask(paths.kubeconfig, { path, headers: as }))
      assert.deepStrictEqual(refused._tag === "Refused" && refused.code, 403)
    }
    const refusals: ReadonlyArray<readonly [string, string]> = [
      ["unknown/default/a", "there is no resource"],
      ["secrets/a", "expected /secrets/<namespace>/<name>"],
      ["secrets/default/b", "not found"]
    ]
    for (const [path, words] of refusals) {
      const refused = yield* Effect.flip(Administer.ask(paths.kubeconfig, { path: `${StoreRoute.path.objects}/${path}` }))
      assert.include(refused.message, words)
    }
    const feed = { path: `${StoreRoute.path.feed}?resource=secrets&namespace=default` }
    const change = Effect.andThen(
      client.delete(Secret, { namespace: "default", name: "a" }),
      client.create(Secret, draft("a", "two"))
    )
    const line = yield* Administer.lines(paths.kubeconfig, feed).pipe(
      Stream.take(1),
      Stream.runCollect,
      // The feed tells what happens once it is there.
      Effect.raceFirst(Effect.forever(Effect.delay(change, "200 millis"))),
      Effect.timeout("30 seconds")
    )
    assert.include(line[0], `"key":"secrets/default/a"`)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), quiet)
)

it.live("an object that cannot be decrypted is named to whoever reads it, and the rest is served", () =>
  Effect.gen(function* () {
    const { client, paths, raw } = yield* start("sqlite", yield* temporary)
    yield* client.create(Secret, draft("a", "of a"))
    const b = yield* client.create(Secret, draft("b", "of b"))
    const entries = yield* Stream.runCollect(raw.history({ log: "objects", after: 0, key: "secrets/default/a" }))
    const bytes = entries.flat()[0]?.bytes ?? new Uint8Array()
    const prev = Number(b.metadata.resourceVersion)
    const moved = { log: "objects", key: "secrets/default/b", op: "put", bytes, prev, writeId: "moved" } as const
    const revision = yield* raw.append(moved)
    const ask = (path: string) => Administer.ask(paths.kubeconfig, { path })
    const words = `the object secrets/default/b (revision ${revision}) cannot be read from the store`
    assert.include((yield* Effect.flip(ask("/api/v1/namespaces/default/secrets/b"))).message, words)
    assert.include((yield* Effect.flip(ask("/api/v1/secrets"))).message, words)
    assert.include(yield* ask("/api/v1/namespaces/default/secrets/a"), Buffer.from("of a").toString("base64"))
    assert.include(yield* ask("/api/v1/namespaces/kube-system/secrets"), "SecretList")
    assert.include(yield* ask("/readyz"), "ok")
    const inStore = `${StoreRoute.path.objects}/secrets/default`
    assert.include(yield* ask(`${inStore}/b`), "belongs to another object")
    // What nobody can read any more can be removed; what can be read is deleted as ever.
    const remove = (name: string) => Administer.ask(paths.kubeconfig, { method: "DELETE", path: `${inStore}/${name}` })
    assert.include((yield* Effect.flip(remove("a"))).message, "can be read")
    yield* remove("b")
    assert.include((yield* Effect.flip(ask("/api/v1/namespaces/default/secrets/b"))).message, "not found")
    assert.include(yield* ask("/api/v1/secrets"), "SecretList")
    yield* client.create(Secret, draft("b", "again"))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), quiet)
)
