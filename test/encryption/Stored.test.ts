/** What lies in the store's files, and what becomes of what was written plainly, moved, damaged, or under another key. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Schedule, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { globSync, readFileSync, statSync } from "node:fs"
import type { Log } from "../../kernel/store/Log.ts"
import * as LogContract from "../../kernel/store/Log.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"
import { reasonOf } from "../../kernel/table/Envelope.ts"
import * as Encryption from "../../plugins/encryption/Encryption.ts"
import { optionsOf, ringIn, secret, temporary } from "./Keys.ts"

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const put = (log: Log["Service"], key: string, text: string, prev = 0) =>
  log.append({ log: "objects", key, op: "put", bytes: bytesOf(text), prev, writeId: randomUUID() })

/** The newest entry of each key. */
const state = (log: Log["Service"]) =>
  Effect.map(Stream.runCollect(log.history({ log: "objects", after: 0 })), (all) => {
    const living = new Map<string, LogContract.Entry>()
    for (const entry of all.flat()) living.set(entry.key, entry)
    return living
  })
const textAt = (log: Log["Service"], key: string) =>
  Effect.map(state(log), (all) => textOf(all.get(key)?.bytes ?? new Uint8Array()))

/** A log, and the same with encryption around it. */
const around = (inner: Log["Service"], options: Encryption.Options) =>
  Effect.map(Layer.build(Layer.provide(Encryption.layer(options), Layer.succeed(LogContract.Log, inner))), (context) => ({
    log: Context.get(context, LogContract.Log),
    encryption: Context.get(context, Encryption.Encryption)
  }))

const filesIn = (directory: string) =>
  globSync(`${directory}/**`).filter((file) => statSync(file).isFile() && !file.endsWith("encryption-keys.json"))

describe("what is stored", () => {
  it.live("a Secret's bytes are in no file of SQLite, and are read back by the next start", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const text = secret()
      const once = <A, E>(use: (log: Log["Service"]) => Effect.Effect<A, E>) =>
        Effect.gen(function* () {
          const options = optionsOf(yield* ringIn(directory))
          const sqlite = SqliteLog.layer({ file: `${directory}/store.db` })
          return yield* Effect.flatMap(LogContract.Log, use).pipe(
            Effect.provide(Layer.provide(Encryption.layer(options), sqlite)),
            Effect.scoped
          )
        })
      yield* once((log) =>
        Effect.gen(function* () {
          const seq = yield* put(log, "secrets/default/a", text)
          yield* put(log, "secrets/default/a", `${text}-again`, seq)
          assert.strictEqual(yield* textAt(log, "secrets/default/a"), `${text}-again`)
          const files = filesIn(directory)
          assert.isNotEmpty(files.filter((file) => file.endsWith("-wal")))
          for (const file of files) assert.isFalse(readFileSync(file).includes(text), file)
        })
      )
      for (const file of filesIn(directory)) assert.isFalse(readFileSync(file).includes(text), file)
      assert.strictEqual(statSync(`${directory}/encryption-keys.json`).mode & 0o777, 0o600)
      assert.strictEqual(yield* once((log) => textAt(log, "secrets/default/a")), `${text}-again`)
    }).pipe(Effect.scoped)
  )

  const given = Effect.gen(function* () {
    const inner = Context.get(yield* Layer.build(MemoryLog.layer), LogContract.Log)
    const ring = yield* Effect.flatMap(temporary, ringIn)
    return { inner, ring, options: optionsOf(ring) }
  })

  it.live("bytes that are put in another object's place, or changed, are an error that names the object alone", () =>
    Effect.gen(function* () {
      const { inner, options } = yield* given
      const { log } = yield* around(inner, options)
      const a = yield* put(log, "secrets/default/a", "of a")
      const b = yield* put(log, "secrets/default/b", "of b")
      const c = yield* put(log, "secrets/default/c", "of c")
      yield* put(log, "secrets/default/d", "of d")
      const stored = yield* state(inner)
      const bytes = stored.get("secrets/default/a")?.bytes ?? new Uint8Array()
      yield* inner.append({ log: "objects", key: "secrets/default/b", op: "put", bytes, prev: b, writeId: "moved" })
      const changed = bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)
      yield* inner.append({
        log: "objects",
        key: "secrets/default/a",
        op: "put",
        bytes: changed,
        prev: a,
        writeId: "changed"
      })
      const cut = bytes.slice(0, -4)
      yield* inner.append({ log: "objects", key: "secrets/default/c", op: "put", bytes: cut, prev: c, writeId: "cut" })
      const read = yield* state(log)
      for (const name of ["a", "b", "c"]) {
        const reason = reasonOf(read.get(`secrets/default/${name}`)?.bytes ?? new Uint8Array())
        assert.strictEqual(reason, "what is stored was changed, or belongs to another object")
      }
      assert.strictEqual(textOf(read.get("secrets/default/d")?.bytes ?? new Uint8Array()), "of d")
    }).pipe(Effect.scoped)
  )

  it.live("what lies there plainly is read, and written again encrypted; resources that no rule covers stay plain", () =>
    Effect.gen(function* () {
      const { inner, options, ring } = yield* given
      yield* put(inner, "secrets/default/a", "plain")
      yield* put(inner, "pods/default/p", "a Pod")
      const rules = options.rules.map((rule) => ({ ...rule, covers: (storage: string) => storage === "secrets" }))
      const { log } = yield* around(inner, { ...options, rules, maintains: true })
      assert.strictEqual(yield* textAt(log, "secrets/default/a"), "plain")
      const isEncrypted = Effect.map(textAt(inner, "secrets/default/a"), (text) => text.startsWith("kl:enc:1"))
      yield* isEncrypted.pipe(
        Effect.repeat({ until: (is) => is, schedule: Schedule.spaced("10 millis") }),
        Effect.timeout("20 seconds")
      )
      assert.strictEqual(yield* textAt(log, "secrets/default/a"), "plain")
      assert.strictEqual(yield* textAt(inner, "pods/default/p"), "a Pod")
      assert.lengthOf(ring.keys(), 1)
    }).pipe(Effect.scoped)
  )

  it.live("without identity among its providers what is not encrypted is refused by its name", () =>
    Effect.gen(function* () {
      const { inner, options } = yield* given
      yield* put(inner, "secrets/default/a", "plain")
      const { log } = yield* around(inner, { ...options, rules: options.rules.map((rule) => ({ ...rule, plain: false })) })
      const reason = reasonOf((yield* state(log)).get("secrets/default/a")?.bytes ?? new Uint8Array())
      assert.include(reason, "identity is not among the providers")
    }).pipe(Effect.scoped)
  )
})
