/** Snapshots: what is saved is what is restored, into every driver; and what was changed on its way is refused. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { Log, type LogName, names } from "../../kernel/store/Log.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import { verify } from "../../kernel/store/snapshot/Read.ts"
import { restore } from "../../kernel/store/snapshot/Restore.ts"
import * as Restoring from "../../kernel/store/snapshot/Restoring.ts"
import { save } from "../../kernel/store/snapshot/Save.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"

type Service = Log["Service"]
const about = { cluster: "sha256:0", version: "0.0.0", store: "memory" }
const text = (word: string) => new TextEncoder().encode(word)

const sqlite = Layer.unwrap(
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    return SqliteLog.layer({ file: `${yield* files.makeTempDirectoryScoped()}/keelson.db` })
  }).pipe(Effect.provide(NodeServices.layer))
)
const logOf = <E>(layer: Layer.Layer<Log, E>) => Effect.flatMap(Layer.build(layer), (built) => Effect.provide(Log, built))

const put = (log: Service, name: LogName, key: string, prev: number, bytes: Uint8Array) =>
  log.append({ log: name, key, op: "put", bytes, prev, writeId: `${key} ${prev}` })

/** Objects that came, changed and went, in every log. */
const fill = (log: Service, count = 300) => {
  const one = (name: LogName) =>
    Effect.fnUntraced(function* (at: number) {
      const key = `pods/default/${at}`
      const prev = yield* put(log, name, key, 0, text(`first of ${at}`))
      if (at % 3 === 0) yield* put(log, name, key, prev, new Uint8Array(randomBytes(at * 10)))
      if (at % 3 === 1) yield* log.append({ log: name, key, op: "delete", bytes: text(""), prev, writeId: `gone ${key}` })
    })
  return Effect.forEach(names, (name) => Effect.forEach(Array(count).keys(), one(name), { concurrency: 100 }), {
    discard: true
  })
}

const living = Effect.fnUntraced(function* (log: Service, name: LogName, upTo?: number) {
  const found = new Map<string, string>()
  for (const entry of (yield* Stream.runCollect(log.history({ log: name, after: 0, ...(upTo && { upTo }) }))).flat()) {
    if (entry.op === "put") found.set(entry.key, Buffer.from(entry.bytes).toString("hex"))
    else found.delete(entry.key)
  }
  return found
})
const collect = <E>(stream: Stream.Stream<Uint8Array, E>) =>
  Effect.map(Stream.runCollect(stream), (pieces) => new Uint8Array(Buffer.concat(pieces)))
/** In pieces that no frame ends with. */
const streamed = (bytes: Uint8Array, size = 1000) =>
  Stream.fromIterable(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size))
  )

describe.each([
  ["memory", "sqlite"],
  ["sqlite", "memory"]
] as const)("from %s into %s", (from, to) => {
  const layers = { memory: MemoryLog.layer, sqlite }
  for (const key of [undefined, new Uint8Array(randomBytes(32))]) {
    it.live(`everything that lived is there again${key ? ", encrypted on its way" : ""}`, () =>
      Effect.gen(function* () {
        const old = yield* logOf(layers[from])
        yield* fill(old)
        const bytes = yield* collect(save(old, about, key))
        const summary = yield* verify(streamed(bytes), { key, isDeep: true })
        assert.strictEqual(summary.manifest?.logs.objects.entries, 200)
        const fresh = yield* logOf(layers[to])
        const { revisions } = yield* restore(fresh, streamed(bytes), { key, name: "one" })
        for (const name of names) {
          assert.deepStrictEqual(yield* living(fresh, name), yield* living(old, name))
          assert.isAbove(revisions[name], (yield* old.barrier({ log: name })) + 1_000_000)
        }
        yield* Restoring.assertWhole(fresh)
      }).pipe(Effect.scoped)
    )
  }
})

it.live("what is written meanwhile is in it or not, but never half of it", () =>
  Effect.gen(function* () {
    const log = yield* logOf(sqlite)
    yield* fill(log, 1000)
    const write = Effect.gen(function* () {
      for (let prev = 0, at = 0; ; at++) prev = yield* put(log, "objects", "pods/default/moving", prev, text(`${at}`))
    })
    yield* Effect.forkScoped(write)
    const bytes = yield* collect(save(log, about))
    const { manifest } = yield* verify(streamed(bytes), { isDeep: true })
    const fresh = yield* logOf(MemoryLog.layer)
    yield* restore(fresh, streamed(bytes), { name: "one" })
    assert.deepStrictEqual(yield* living(fresh, "objects"), yield* living(log, "objects", manifest?.logs.objects.seq))
  }).pipe(Effect.scoped)
)

it.live("a bit that was changed anywhere is seen, and so is every end that is missing", () =>
  Effect.gen(function* () {
    const log = yield* logOf(MemoryLog.layer)
    yield* fill(log, 20)
    for (const key of [undefined, new Uint8Array(randomBytes(32))]) {
      const bytes = yield* collect(save(log, about, key))
      for (let at = 0; at < bytes.length; at += 7) {
        const changed = Uint8Array.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
        const seen = yield* Effect.flip(verify(streamed(changed), { key, isDeep: true }))
        assert.strictEqual(seen._tag, "SnapshotDamaged")
        assert.strictEqual((yield* Effect.flip(verify(streamed(bytes.slice(0, at)), { key })))._tag, "SnapshotDamaged")
      }
      const more = Uint8Array.from([...bytes, 0])
      assert.strictEqual((yield* Effect.flip(verify(streamed(more), { key })))._tag, "SnapshotDamaged")
    }
  }).pipe(Effect.scoped)
)

it.live("only who has the key can read it, and everybody can see whether it is whole", () =>
  Effect.gen(function* () {
    const log = yield* logOf(MemoryLog.layer)
    yield* fill(log, 20)
    const key = new Uint8Array(randomBytes(32))
    const bytes = yield* collect(save(log, about, key))
    assert.isFalse(Buffer.from(bytes).includes("default"))
    const { keyId, manifest } = yield* verify(streamed(bytes))
    assert.isUndefined(manifest)
    assert.match(keyId ?? "", /^[0-9a-f]{16}$/)
    const other = new Uint8Array(randomBytes(32))
    assert.strictEqual((yield* Effect.flip(verify(streamed(bytes), { key: other })))._tag, "BadKey")
  }).pipe(Effect.scoped)
)

it.live("a store with objects is not overwritten, but what an unfinished restore has left is", () =>
  Effect.gen(function* () {
    const log = yield* logOf(MemoryLog.layer)
    yield* fill(log, 20)
    const bytes = yield* collect(save(log, about))
    const before = yield* living(log, "objects")
    assert.strictEqual((yield* Effect.flip(restore(log, streamed(bytes), { name: "one" })))._tag, "StoreNotEmpty")
    assert.deepStrictEqual(yield* living(log, "objects"), before)
    const { revisions } = yield* restore(log, streamed(bytes), { name: "one", force: true })
    assert.deepStrictEqual(yield* living(log, "objects"), before)
    // Cut off in the middle of the second reading, as by kill -9: then there is a mark, and nobody serves it.
    let pulls = 0
    const dying = Stream.suspend(() =>
      ++pulls === 1 ? streamed(bytes) : Stream.concat(streamed(bytes.slice(0, bytes.length / 2)), Stream.die("killed"))
    )
    yield* Effect.exit(restore(log, dying, { name: "one", force: true }))
    assert.include(
      (yield* Effect.flip(Restoring.assertWhole(log))).message,
      "the restore of the snapshot one was not finished"
    )
    const again = yield* restore(log, streamed(bytes), { name: "one" })
    yield* Restoring.assertWhole(log)
    assert.deepStrictEqual(yield* living(log, "objects"), before)
    assert.isAbove(again.revisions.objects, revisions.objects)
  }).pipe(Effect.scoped)
)

it.live("a snapshot that compaction has passed is not finished", () =>
  Effect.gen(function* () {
    const log = yield* logOf(MemoryLog.layer)
    yield* fill(log, 20)
    let reads = 0
    const overtaken: Service = {
      ...log,
      history: (range) =>
        Stream.unwrap(
          Effect.gen(function* () {
            if (range.log === "objects" && ++reads === 2) {
              const kept = yield* Stream.runCollect(log.history({ ...range, key: "pods/default/0" }))
              const prev = kept.flat().at(-1)?.seq ?? 0
              const seq = yield* Effect.orDie(put(log, "objects", "pods/default/0", prev, text("")))
              yield* log.compact({ log: "objects", seq })
            }
            return log.history(range)
          })
        )
    }
    assert.strictEqual((yield* Effect.flip(collect(save(overtaken, about))))._tag, "SnapshotOvertaken")
  }).pipe(Effect.scoped)
)
