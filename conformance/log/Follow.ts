/** Checks: what followers get, from wherever they begin, and what compaction may take away under them. */
import { Effect, Fiber, Latch, Stream } from "effect"
import assert from "node:assert/strict"
import type { Entry, Followed } from "../../kernel/store/Log.ts"
import * as Suite from "../Suite.ts"
import { check, living, retold, seqsOf } from "./Use.ts"

/** What names and keys have held in the wild, and what a driver's own separators, wildcards and escapes may be. */
const awkward = [
  "",
  "*",
  ">",
  "a.b",
  "a..b",
  ".",
  "..",
  "=",
  "=2E",
  "a b",
  "system:node:a",
  "é✓😀",
  "$",
  "%",
  "'",
  '"',
  "\\",
  "x".repeat(253)
]

const without = (op: Entry["op"]) =>
  retold((event) => ({ ...event, entries: event.entries.filter((entry) => entry.op !== op) }))

export const checks = {
  "follow/faithful": check(
    function* ({ entries, epoch, key, put }) {
      const since = { epoch: yield* epoch, seq: yield* put(0) }
      const keys = awkward.map((part) => `${key}/${part}/${part}`)
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
      const written: Entry[] = []
      for (const key of keys) {
        const seq = yield* put(0, { key, bytes, writeId: key })
        written.push({ seq, key, op: "put", bytes, prev: 0, writeId: key })
      }
      for (const [index, { key, seq: prev }] of written.slice(0, 2).entries()) {
        const gone = { key, op: "delete", prev, writeId: `${key} gone`, bytes: bytes.subarray(0, index) } as const
        written.push({ ...gone, seq: yield* put(prev, gone) })
      }
      const plain = (entry: Entry) => ({ ...entry, bytes: [...entry.bytes] })
      assert.deepEqual((yield* entries(written.length, since)).map(plain), written.map(plain))
    },
    retold((event) => ({
      ...event,
      entries: event.entries.map((entry) => ({ ...entry, key: entry.key.trim().replaceAll(" ", "") }))
    }))
  ),
  "follow/complete": check(
    function* ({ epoch, put, read }) {
      const written = [yield* put(0)]
      const reader = yield* Effect.forkChild(read(20, { epoch: yield* epoch, seq: written[0]! }))
      while (written.length < 21) written.push(yield* put(written.at(-1)!))
      assert.deepEqual(yield* Fiber.join(reader), written.slice(1))
    },
    retold((event) => ({ ...event, entries: event.entries.flatMap((entry) => [entry, entry]) }))
  ),
  "follow/anywhere": check(
    function* ({ epoch, log, key, put, read }) {
      const written = [yield* put(0)]
      yield* log.compact({ log: "objects", seq: written[0]! })
      const positions: Array<readonly [seq: number, known: number]> = [[written[0]!, 1]]
      for (let count = 1; count < 8; count++) {
        // In between stands what is not of these keys, or nothing at all.
        yield* put(0, { key: `other/${key}/${count}` })
        positions.push([yield* log.barrier({ log: "objects" }), written.length])
        written.push(yield* put(written.at(-1)!, { op: count % 3 === 2 ? "delete" : "put" }))
        positions.push([written.at(-1)!, written.length])
      }
      const next = yield* Effect.forkChild(read(1, { epoch: yield* epoch, seq: written.at(-1)! }))
      written.push(yield* put(written.at(-1)!))
      assert.deepEqual(yield* Fiber.join(next), written.slice(-1))
      for (const [seq, known] of positions) {
        const expected = written.slice(known)
        assert.deepEqual(yield* read(expected.length, { epoch: yield* epoch, seq }), expected)
      }
    },
    ({ follow }) => ({
      follow: ({ log, since }) => follow({ log, ...(since !== undefined && { since: { ...since, seq: since.seq + 1 } }) })
    })
  ),
  "follow/order": check(
    function* ({ entries, epoch, key, put }) {
      const since = { epoch: yield* epoch, seq: yield* put(0) }
      const writers = Array.from({ length: 16 }, (_, index) => `${key}/${index}`)
      const most = writers.length * 8
      const readers = yield* Effect.forEach([0, 1, 2], () => Effect.forkChild(entries(most, since)))
      const seqs = yield* Effect.forEach(
        writers,
        Effect.fnUntraced(function* (writer) {
          const own: Array<number> = []
          for (let count = 0; count < 8; count++) own.push(yield* put(own.at(-1) ?? 0, { key: writer }))
          return own
        }),
        { concurrency: "unbounded" }
      )
      const expected = seqs.flat().toSorted((a, b) => a - b)
      for (const reader of readers) assert.deepEqual(seqsOf(yield* Fiber.join(reader)), expected)
      assert.deepEqual(seqsOf(yield* entries(most, since)), expected)
    },
    retold((event) => ({ ...event, entries: event.entries.toReversed() }))
  ),
  "follow/begins": check(
    function* ({ epoch, log, put, read }) {
      const first = yield* put(0)
      const last = yield* put(first)
      yield* log.compact({ log: "objects", seq: last })
      for (const since of [undefined, { epoch: yield* epoch, seq: first }, { epoch: "another", seq: last }]) {
        assert.deepEqual(yield* read(1, since), ["Began", last])
      }
    },
    ({ follow }) => ({ follow: (from) => Stream.filter(follow(from), ({ _tag }) => _tag !== "Began") })
  ),
  "follow/short": check(
    function* ({ entries, key, put }) {
      const [stays, goes] = [{ key: `${key}/stays` }, { key: `${key}/goes` }]
      let [last, gone] = [0, 0]
      for (let count = 0; count < 20; count++) {
        last = yield* put(last, stays)
        gone = yield* put(gone, { ...goes, op: count % 2 === 0 ? "put" : "delete" })
      }
      const end = `${key}/end`
      const final = yield* put(0, { key: end })
      const found = yield* entries(Number.POSITIVE_INFINITY, undefined, end)
      assert.deepEqual(
        [...living(found)],
        [
          [stays.key, last],
          [end, final]
        ]
      )
      // One for each key: of a key that went it may be the deletion.
      assert.ok(found.length <= 3, `${found.length} entries of 3 keys`)
    },
    ({ follow, history }) => ({
      follow: ({ log, since }) =>
        since === undefined
          ? follow({ log }).pipe(
              Stream.take(1),
              Stream.concat(
                Stream.map(
                  history({ log, after: 0 }),
                  (entries): Followed => ({
                    _tag: "Entries",
                    entries,
                    upTo: entries.at(-1)?.seq ?? 0
                  })
                )
              )
            )
          : follow({ log, since })
    })
  ),
  "compact/state": check(
    function* ({ entries, kept, key, log, put }) {
      const gone = { key: `${key}/gone` }
      const last = yield* put(yield* put(0))
      const seq = yield* put(yield* put(0, gone), { ...gone, op: "delete" })
      const newer = yield* put(last)
      yield* log.compact({ log: "objects", seq })
      const anew = yield* put(0, gone)
      assert.deepEqual(seqsOf(yield* kept({ log: "objects", after: 0 })), [last, newer, anew])
      const found = yield* entries(Number.POSITIVE_INFINITY, undefined, gone.key)
      assert.deepEqual([...living(found).values()], [newer, anew])
    },
    () => ({ compact: () => Effect.void })
  ),
  "compact/bounds": check(
    function* ({ epoch, kept, log, put, read }) {
      const first = yield* put(0)
      const second = yield* put(first)
      yield* log.compact({ log: "objects", seq: second + 1_000_000 })
      yield* log.compact({ log: "objects", seq: 1 })
      const { compacted, last } = yield* log.status({ log: "objects" })
      assert.ok(compacted >= second && compacted <= last)
      const since = { epoch: yield* epoch, seq: last }
      const third = yield* put(second)
      assert.deepEqual(yield* read(1, since), [third])
      assert.deepEqual(seqsOf(yield* kept({ log: "objects", after: 0 })), [second, third])
    },
    ({ compact, status }) => ({
      compact: ({ log, seq }) =>
        Effect.flatMap(status({ log }), ({ last }) => (seq > last ? Effect.void : compact({ log, seq })))
    })
  ),
  "compact/under-way": check(
    function* ({ key, log, put }) {
      const gone = { key: `${key}/gone` }
      const first = yield* put(0, gone)
      const paused = yield* Latch.make()
      const living = new Set<string>()
      const onEntry = (entry: Entry) => (entry.op === "put" ? living.add(entry.key) : living.delete(entry.key))
      const reader = yield* log.follow({ log: "objects" }).pipe(
        Stream.takeUntil((event) => event._tag === "Entries" && event.entries.some((entry) => entry.key === `${key}/end`)),
        Stream.runForEach((event) => {
          if (event._tag === "Began") living.clear()
          else event.entries.forEach(onEntry)
          return living.has(gone.key) ? paused.await : Effect.void
        }),
        Suite.inTime,
        Effect.forkChild
      )
      while (!living.has(gone.key)) yield* Effect.sleep("1 millis")
      yield* log.compact({ log: "objects", seq: yield* put(first, { ...gone, op: "delete" }) })
      yield* put(0, { key: `${key}/end` })
      yield* paused.open
      yield* Fiber.join(reader)
      assert.ok(living.has(`${key}/end`) && !living.has(gone.key))
    },
    (honest) => ({
      follow: (from) =>
        Stream.filter(
          without("delete")(honest).follow(from),
          (() => {
            let begun = false
            return ({ _tag }: Followed) => _tag !== "Began" || (!begun && (begun = true))
          })()
        )
    })
  )
} satisfies { readonly [law: string]: ReturnType<typeof check> }
