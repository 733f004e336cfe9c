/**
 * `npm run bench`, what encryption at rest costs: a Secret of 1 KiB encrypted and decrypted, beside the JSON that is made of it and read
 * from it anyway; and appends to SQLite with and without.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { Log } from "../kernel/store/Log.ts"
import * as SqliteLog from "../kernel/store/sqlite/SqliteLog.ts"
import * as Encryption from "../plugins/encryption/Encryption.ts"
import * as Assembled from "../plugins/encryption/Assembled.ts"
import * as Configuration from "../plugins/encryption/Configuration.ts"
import * as KeyringFile from "../plugins/encryption/KeyringFile.ts"
import * as Sealed from "../plugins/encryption/Sealed.ts"

/** Of processor time, and not of the clock's: others may run beside. In microseconds a call, the best of several rounds. */
const cost = (call: () => unknown) => {
  const rounds = Array.from({ length: 7 }, () => {
    const before = process.cpuUsage()
    for (let index = 0; index < 5000; index++) call()
    const { system, user } = process.cpuUsage(before)
    return (system + user) / 5000
  })
  return Math.min(...rounds)
}

const [log, key] = ["objects", "secrets/default/a"] as const
const dataKey = Sealed.dataKeyOf(new Uint8Array(randomBytes(32)))
const header = Sealed.header({
  provider: "keyring",
  keyId: "2026-01-01-00000000",
  ciphertext: new Uint8Array(60),
  annotations: {}
})
const object = { kind: "Secret", metadata: { name: "a" }, data: { password: randomBytes(700).toString("base64") } }
const text = JSON.stringify(object)
const plain = new TextEncoder().encode(text)
const sealed = Sealed.seal(header, dataKey, log, key, plain)

const figures = {
  "encrypt, once a write": cost(() => Sealed.seal(header, dataKey, log, key, plain)),
  "decrypt, once a write and server": cost(() => Sealed.open(dataKey, log, key, sealed)),
  "look whether an entry is encrypted": cost(() => Sealed.isSealed(plain)),
  "JSON.stringify of the same": cost(() => JSON.stringify(object)),
  "JSON.parse of the same": cost(() => JSON.parse(text))
}
for (const [what, micros] of Object.entries(figures)) console.log(`${what.padEnd(36)} ${micros.toFixed(2).padStart(8)} µs`)
console.log(`${"longer by".padEnd(36)} ${`${Sealed.overhead(header)}`.padStart(8)} bytes`)

const writes = 4000
/** Appends a second, of Secrets or of what is not encrypted. */
const rate = (service: Log["Service"], storage: string) =>
  Effect.gen(function* () {
    const began = performance.now()
    yield* Effect.forEach(
      Array.from({ length: writes }, (_, index) => `${storage}/default/${index}-${randomUUID()}`),
      (key) => service.append({ log, key, op: "put", bytes: plain, prev: 0, writeId: randomUUID() }),
      { concurrency: 16, discard: true }
    )
    return (writes / (performance.now() - began)) * 1000
  })

const program = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-bench-" })
  const ring = yield* KeyringFile.open(`${directory}/encryption-keys.json`)
  const assembled = yield* Assembled.make(Configuration.standard, ring, () => Effect.die("there is no plugin"))
  const layer = Encryption.layer({ ...assembled, maintains: false }).pipe(
    Layer.provide(SqliteLog.layer({ file: `${directory}/store.db` }))
  )
  yield* Effect.provide(
    Effect.gen(function* () {
      const service = yield* Log
      yield* rate(service, "configmaps")
      const [without, encrypted] = [yield* rate(service, "configmaps"), yield* rate(service, "secrets")]
      const ratio = (encrypted / without).toFixed(2)
      console.log(
        `SQLite, 16 at once: ${Math.round(without)} ConfigMaps/s, ${Math.round(encrypted)} Secrets/s (${ratio} of that)`
      )
    }),
    layer
  )
})
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
