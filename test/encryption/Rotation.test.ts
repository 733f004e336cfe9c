/** A new key: everything comes under it, other servers come to have it, the old one is retired when nothing needs it. */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, Schedule, Stream } from "effect"
import { copyFileSync } from "node:fs"
import { randomUUID } from "node:crypto"
import { Log } from "../../kernel/store/Log.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import * as KmsV2 from "../../adapters/kms/KmsV2.ts"
import { reasonOf } from "../../kernel/table/Envelope.ts"
import * as Assembled from "../../plugins/encryption/Assembled.ts"
import * as Configuration from "../../plugins/encryption/Configuration.ts"
import * as Encryption from "../../plugins/encryption/Encryption.ts"
import { optionsOf, ringIn, temporary } from "./Keys.ts"
import { serve } from "./KmsServer.ts"

type Service = Log["Service"]

const start = Effect.fnUntraced(function* (inner: Service, options: Encryption.Options) {
  const context = yield* Layer.build(Layer.provide(Encryption.layer(options), Layer.succeed(Log, inner)))
  const encryption = Context.get(context, Encryption.Encryption)
  if (encryption === undefined) return yield* Effect.die("there is no encryption")
  return { log: Context.get(context, Log), encryption }
})

const memory = Effect.map(Layer.build(MemoryLog.layer), (context) => Context.get(context, Log))
const text = { encoder: new TextEncoder(), decoder: new TextDecoder() }
const put = (log: Service, name: string, prev = 0) =>
  log.append({
    log: "objects",
    key: `secrets/default/${name}`,
    op: "put",
    bytes: text.encoder.encode(name),
    prev,
    writeId: randomUUID()
  })

/** What a follower has of the Secrets: their text, or why there is none. */
const secrets = (log: Service) =>
  Effect.map(Stream.runCollect(log.history({ log: "objects", after: 0 })), (all) => {
    const found: { [name: string]: string } = {}
    for (const { bytes, key } of all.flat()) {
      if (key.startsWith("secrets/"))
        found[key.slice("secrets/default/".length)] = reasonOf(bytes) ?? text.decoder.decode(bytes)
    }
    return found
  })

const eventually = <E, R>(holds: Effect.Effect<boolean, E, R>) =>
  holds.pipe(Effect.repeat({ until: (is) => is, schedule: Schedule.spaced("20 millis") }), Effect.timeout("20 seconds"))

it.live("every object comes under a new key, which the other servers get through the log", () =>
  Effect.gen(function* () {
    const inner = yield* memory
    const [here, there] = [yield* temporary, yield* temporary]
    const ring = yield* ringIn(here)
    copyFileSync(`${here}/encryption-keys.json`, `${there}/encryption-keys.json`)
    const first = yield* start(inner, optionsOf(ring))
    const second = yield* start(inner, optionsOf(yield* ringIn(there)))
    // Its tables follow, as in every server.
    yield* Effect.forkScoped(Stream.runDrain(second.log.follow({ log: "objects" })))
    for (let index = 0; index < 20; index++) yield* put(index % 2 === 0 ? first.log : second.log, `s${index}`)
    const before = ring.keys()[0]?.id ?? ""
    const { keyId, left, objects } = yield* first.encryption.rotate
    assert.notStrictEqual(keyId, before)
    assert.deepStrictEqual([objects, left], [20, []])
    const { counts, keys } = yield* first.encryption.status
    assert.deepStrictEqual(
      counts.map(({ history, keyId, objects }) => [keyId, objects, history]),
      [
        [before, 0, 20],
        [keyId, 20, 0]
      ].toSorted()
    )
    assert.deepStrictEqual(
      keys.map(({ state }) => state),
      ["current", "old"]
    )
    yield* put(second.log, "late")
    const read = yield* secrets(second.log)
    assert.lengthOf(Object.keys(read), 21)
    for (const [name, text] of Object.entries(read)) assert.strictEqual(text, name)
    const after = yield* second.encryption.status
    assert.strictEqual(after.counts.find(({ keyId: id }) => id === keyId)?.objects, 21)
  }).pipe(Effect.scoped)
)

it.live("a key is retired when nothing needs it any more, and with it goes how the new one was handed over", () =>
  Effect.gen(function* () {
    const inner = yield* memory
    const directory = yield* temporary
    const ring = yield* ringIn(directory)
    const { encryption, log } = yield* start(inner, optionsOf(ring))
    yield* put(log, "a")
    yield* encryption.rotate
    assert.deepStrictEqual(
      (yield* encryption.status).keys.map(({ state }) => state),
      ["current", "old"]
    )
    yield* inner.compact({ log: "objects", seq: yield* inner.barrier({ log: "objects" }) })
    // The next start looks after the keys.
    const again = yield* start(inner, optionsOf(yield* ringIn(directory), { maintains: true }))
    yield* eventually(Effect.map(again.encryption.status, ({ keys }) => keys[1]?.state === "retired"))
    yield* eventually(
      Effect.map(
        Stream.runCollect(inner.history({ log: "objects", after: 0, key: "keelson/encryption/key" })),
        (entries) => entries.flat().at(-1)?.op === "delete"
      )
    )
    assert.deepStrictEqual(yield* secrets(again.log), { a: "a" })
  }).pipe(Effect.scoped)
)

it.live("who has lost the key is told which, for the objects under it alone", () =>
  Effect.gen(function* () {
    const inner = yield* memory
    const ring = yield* ringIn(yield* temporary)
    const before = yield* start(inner, optionsOf(ring))
    yield* put(before.log, "lost")
    const after = yield* start(inner, optionsOf(yield* ringIn(yield* temporary)))
    yield* put(after.log, "new")
    const read = yield* secrets(after.log)
    assert.strictEqual(read["new"], "new")
    assert.include(read["lost"], ring.keys()[0]?.id)
    assert.include(read["lost"], "it is not in")
  }).pipe(Effect.scoped)
)

it.live("a KMS plugin is asked once for each start, and again when its key has changed", () =>
  Effect.gen(function* () {
    const inner = yield* memory
    const directory = yield* temporary
    const socket = `${directory}/kms.sock`
    const kms = yield* serve(socket)
    const groups = yield* Configuration.read(
      `{kind: EncryptionConfiguration, apiVersion: apiserver.config.k8s.io/v1, resources: [{resources: [secrets],
        providers: [{kms: {apiVersion: v2, name: vault, endpoint: "unix://${socket}"}}, {identity: {}}]}]}`,
      "test"
    )
    const assembled = yield* Assembled.make(groups, yield* ringIn(directory), () =>
      KmsV2.make({ socket, timeoutMillis: 3000 })
    )
    const { encryption, log } = yield* start(inner, { ...assembled, maintains: false })
    for (let index = 0; index < 50; index++) yield* put(log, `s${index}`)
    assert.strictEqual(Object.keys(yield* secrets(log)).length, 50)
    assert.deepStrictEqual({ ...kms.asked, Status: 0 }, { Status: 0, Encrypt: 1, Decrypt: 0 })
    const other = yield* start(inner, { ...assembled, maintains: false })
    assert.strictEqual((yield* secrets(other.log))["s7"], "s7")
    assert.deepStrictEqual({ ...kms.asked, Status: 0 }, { Status: 0, Encrypt: 2, Decrypt: 1 })
    kms.current = "two"
    const rotated = yield* encryption.rotate
    assert.deepStrictEqual([rotated.objects, rotated.left], [50, []])
    const { counts } = yield* encryption.status
    assert.deepStrictEqual(
      counts.map(({ keyId, objects, provider }) => [provider, keyId, objects]),
      [
        ["kms/vault", "one", 0],
        ["kms/vault", "two", 50]
      ]
    )
    // What nobody has the key of any more is lost, and the rest is not.
    kms.ids = ["two"]
    const third = yield* start(inner, { ...assembled, maintains: false })
    assert.strictEqual((yield* secrets(third.log))["s7"], "s7")
  }).pipe(Effect.scoped)
)
