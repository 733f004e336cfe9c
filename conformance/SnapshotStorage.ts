/** The checks of the laws of `SnapshotStorage`. */
import { Effect, Random, Stream } from "effect"
import assert from "node:assert/strict"
import { SnapshotStorage } from "../plugins/snapshots/contracts/SnapshotStorage.ts"
import * as Suite from "./Suite.ts"

type Service = SnapshotStorage["Service"]

const filled = (size: number, seed: number) => {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + seed) & 0xff
  return bytes
}

/** Names of its own, in a storage that others use too. */
const use = Effect.gen(function* () {
  const storage = yield* SnapshotStorage
  const prefix = `laws-${Math.abs(yield* Random.nextInt)}`
  const write = Effect.fnUntraced(function* (name: string, pieces: ReadonlyArray<Uint8Array>) {
    const id = yield* storage.begin({ name })
    for (const bytes of pieces) yield* storage.add({ id, bytes })
    yield* storage.complete({ id })
  })
  const read = (name: string) =>
    Effect.map(Stream.runCollect(storage.read({ name })), (pieces) => Buffer.concat(pieces.map((one) => Buffer.from(one))))
  const listed = Effect.map(storage.list(), (all) => all.filter(({ name }) => name.startsWith(prefix)))
  return { storage, prefix, write, read, listed }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({
  holds: Effect.flatMap(use, (it) =>
    Effect.ensuring(
      Effect.fnUntraced(holds)(it),
      // What a check has written goes with it.
      Effect.ignore(
        Effect.flatMap(it.listed, (all) => Effect.forEach(all, ({ name }) => it.storage.remove({ name }), { discard: true }))
      )
    )
  ),
  saboteur
})

const mebibyte = 1024 * 1024

export const suite = Suite.make(SnapshotStorage, {
  "write/whole": check(
    function* ({ listed, prefix, read, storage }) {
      const name = `${prefix}-one`
      const id = yield* storage.begin({ name })
      yield* storage.add({ id, bytes: filled(1000, 1) })
      assert.deepEqual(yield* listed, [])
      assert.equal((yield* Effect.flip(read(name)))._tag, "NoSuchSnapshot")
      yield* storage.complete({ id })
      assert.deepEqual(
        (yield* listed).map(({ bytes, name }) => ({ bytes, name })),
        [{ bytes: 1000, name }]
      )
      assert.equal((yield* read(name)).length, 1000)
    },
    ({ add, begin, complete }) => ({
      begin: (payload) => Effect.tap(begin(payload), (id) => complete({ id })),
      add: (payload) => Effect.ignore(add(payload)),
      complete: () => Effect.void
    })
  ),
  "write/faithful": check(
    function* ({ prefix, read, write }) {
      const pieces = [9 * mebibyte, 1, 0, 3 * mebibyte, 9 * mebibyte, 77].map((size, at) => filled(size, at))
      yield* write(`${prefix}-large`, pieces)
      assert.ok((yield* read(`${prefix}-large`)).equals(Buffer.concat(pieces)))
      yield* write(`${prefix}-empty`, [])
      assert.equal((yield* read(`${prefix}-empty`)).length, 0)
    },
    ({ add }) => ({ add: (payload) => (payload.bytes.length === 1 ? Effect.void : add(payload)) })
  ),
  "write/abandoned": check(
    function* ({ listed, prefix, storage }) {
      const id = yield* storage.begin({ name: `${prefix}-gone` })
      yield* storage.add({ id, bytes: filled(9 * mebibyte, 1) })
      yield* storage.abandon({ id })
      yield* storage.abandon({ id })
      assert.deepEqual(yield* listed, [])
    },
    ({ complete }) => ({ abandon: complete })
  ),
  "write/again": check(
    function* ({ listed, prefix, read, write }) {
      yield* write(`${prefix}-one`, [filled(5000, 1)])
      yield* write(`${prefix}-one`, [filled(20, 2)])
      assert.ok((yield* read(`${prefix}-one`)).equals(Buffer.from(filled(20, 2))))
      assert.equal((yield* listed).length, 1)
    },
    ({ abandon, begin, complete }) => {
      const begun = new Map<string, number>()
      const names = new Map<string, string>()
      return {
        begin: (payload) =>
          Effect.tap(begin(payload), (id) =>
            Effect.sync(() => {
              names.set(id, payload.name)
              begun.set(payload.name, (begun.get(payload.name) ?? 0) + 1)
            })
          ),
        complete: ({ id }) => ((begun.get(names.get(id) ?? "") ?? 0) > 1 ? abandon({ id }) : complete({ id }))
      }
    }
  ),
  "write/apart": check(
    function* ({ prefix, read, write }) {
      const all = [...Array(4).keys()].map((at) => ({ name: `${prefix}-${at}`, bytes: filled(3 * mebibyte + at, at) }))
      yield* Effect.forEach(all, ({ bytes, name }) => write(name, [bytes.subarray(0, mebibyte), bytes.subarray(mebibyte)]), {
        concurrency: "unbounded"
      })
      for (const { bytes, name } of all) assert.ok((yield* read(name)).equals(Buffer.from(bytes)))
    },
    ({ begin }) => {
      let first: ReturnType<Service["begin"]> | undefined
      return {
        begin: (payload) =>
          Effect.suspend(() => {
            first ??= Effect.runSync(Effect.cached(begin(payload)))
            return first
          })
      }
    }
  ),
  "read/again": check(
    function* ({ prefix, storage, write }) {
      const name = `${prefix}-twice`
      yield* write(name, [filled(1000, 1)])
      const bytes = storage.read({ name })
      const length = Effect.map(Stream.runCollect(bytes), (pieces) => pieces.reduce((sum, one) => sum + one.length, 0))
      assert.deepEqual([yield* length, yield* length], [1000, 1000])
    },
    ({ read }) => {
      let isRead = false
      const once = (payload: Parameters<typeof read>[0]) => {
        const bytes = isRead ? Stream.empty : read(payload)
        isRead = true
        return bytes
      }
      return { read: (payload) => Stream.suspend(() => once(payload)) }
    }
  ),
  "read/missing": check(
    function* ({ prefix, read }) {
      assert.equal((yield* Effect.flip(read(`${prefix}-nowhere`)))._tag, "NoSuchSnapshot")
    },
    () => ({ read: () => Stream.empty })
  ),
  "list/all": check(
    function* ({ listed, prefix, write }) {
      for (const at of [2, 1, 3]) yield* write(`${prefix}-${at}`, [filled(at, at)])
      assert.deepEqual(
        (yield* listed).map(({ bytes, name }) => [name, bytes]),
        [1, 2, 3].map((at) => [`${prefix}-${at}`, at])
      )
    },
    ({ list }) => ({ list: () => Effect.map(list(), (all) => all.slice(1)) })
  ),
  "remove/again": check(
    function* ({ listed, prefix, storage, write }) {
      const name = `${prefix}-one`
      yield* write(name, [filled(10, 1)])
      yield* storage.remove({ name })
      yield* storage.remove({ name })
      assert.deepEqual(yield* listed, [])
    },
    () => ({ remove: () => Effect.void })
  )
})
