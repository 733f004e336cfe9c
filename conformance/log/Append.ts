/** Checks: what becomes of an append, also of one whose answer is lost, and what a barrier covers. */
import { Effect, Fiber, Stream } from "effect"
import assert from "node:assert/strict"
import { limit } from "../../kernel/store/Log.ts"
import * as Suite from "../Suite.ts"
import { anew, check, overwrite, retold, seqsOf, tamper } from "./Use.ts"

export const checks = {
  "append/order": check(
    function* ({ key, put }) {
      const first = yield* put(0)
      const other = yield* put(0, { key: `${key}/other` })
      assert.ok(0 < first && first < other && other < (yield* put(first)))
    },
    tamper((change, append) => Effect.as(append(change), 1))
  ),
  "append/one-winner": check(function* ({ put }) {
    const [winners, losers] = yield* Effect.partition(Array(16).keys(), () => put(0), { concurrency: "unbounded" })
    assert.equal(winners.length, 1)
    assert.ok(losers.every((loser) => loser._tag === "Conflict" && loser.last === winners[0]))
  }, tamper(overwrite)),
  "append/again": check(function* ({ kept, key, put }) {
    const first = yield* put(0, { writeId: key })
    assert.equal(yield* put(0, { writeId: key }), first)
    const next = yield* put(first)
    assert.deepEqual(seqsOf(yield* kept({ log: "objects", after: 0 })), [first, next])
  }, tamper(anew)),
  "append/again-later": check(function* ({ key, put }) {
    const [first, again] = yield* Effect.all([put(0, { writeId: key }), put(0, { writeId: key })], {
      concurrency: "unbounded"
    })
    assert.equal(first, again)
    yield* put(yield* put(first))
    assert.equal(yield* put(0, { writeId: key }), first)
  }, tamper(anew)),
  "append/lost": check(function* ({ entries, key, put }) {
    const ids = Array.from({ length: 24 }, (_, index) => `${key}/${index}`)
    // Whoever wrote it goes at a moment of its own: before it was sent, while it is under way, or when it is done.
    yield* Effect.forEach(
      ids,
      Effect.fnUntraced(function* (id, index) {
        const writer = yield* Effect.forkChild(Effect.exit(put(0, { key: id, writeId: id })), { startImmediately: true })
        for (let turn = 0; turn < index % 8; turn++) yield* Effect.yieldNow
        yield* Fiber.interrupt(writer)
      }),
      { concurrency: "unbounded", discard: true }
    )
    const seqs = yield* Effect.forEach(ids, (id) => put(0, { key: id, writeId: id }), { concurrency: "unbounded" })
    const end = `${key}/end`
    yield* put(0, { key: end })
    const seen = (yield* entries(Number.POSITIVE_INFINITY, undefined, end)).filter((entry) => entry.key !== end)
    assert.deepEqual(
      seqsOf(seen),
      seqs.toSorted((a, b) => a - b)
    )
  }, tamper(anew)),
  "append/refused": check(
    function* ({ entries, kept, key, put }) {
      const first = yield* put(0)
      const conflict = yield* Effect.flip(put(0, { writeId: `${key} refused` }))
      const tooLarge = yield* Effect.flip(put(first, { writeId: `${key} refused`, bytes: new Uint8Array(limit + 1) }))
      assert.deepEqual([conflict._tag, tooLarge._tag], ["Conflict", "TooLarge"])
      const end = `${key}/end`
      const last = yield* put(0, { key: end })
      assert.deepEqual(seqsOf(yield* entries(Number.POSITIVE_INFINITY, undefined, end)), [first, last])
      assert.deepEqual(seqsOf(yield* kept({ log: "objects", after: 0 })), [first, last])
    },
    tamper((change, append) =>
      Effect.tapError(append(change), (error) =>
        error._tag === "Conflict" ? append({ ...change, prev: error.last }) : Effect.void
      )
    )
  ),
  "append/after-delete": check(
    function* ({ put }) {
      const gone = yield* put(yield* put(0), { op: "delete" })
      const refused = yield* Effect.flip(put(0))
      assert.ok(refused._tag === "Conflict" && refused.last === gone)
      assert.ok(gone < (yield* put(gone)))
    },
    tamper((change, append) => (change.prev === 0 ? overwrite(change, append) : append(change)))
  ),
  "append/size": check(
    function* ({ key, put, entries }) {
      const refused = yield* Effect.flip(put(0, { bytes: new Uint8Array(limit + 1) }))
      assert.ok(refused._tag === "TooLarge" && refused.limit === limit && refused.key === key)
      yield* put(0, { bytes: new Uint8Array(limit).fill(7) })
      const [entry] = yield* entries(1)
      assert.ok(entry?.bytes.length === limit && entry.bytes.every((byte) => byte === 7))
    },
    tamper((change, append) => append({ ...change, bytes: change.bytes.subarray(0, limit) }))
  ),
  "append/apart": check(
    function* ({ put }) {
      yield* put(0)
      yield* put(0, { log: "events" })
    },
    tamper((change, append) => append({ ...change, log: "objects" }))
  ),
  "barrier/covers": check(
    function* ({ log, put }) {
      assert.ok((yield* put(0)) <= (yield* log.barrier({ log: "objects" })))
    },
    ({ barrier }) => ({ barrier: (of) => Effect.map(barrier(of), (seq) => seq - 1) })
  ),
  "barrier/order": check(
    function* ({ key, log, put }) {
      /** What nobody who asks from now on may be told less than. */
      let floor = 0
      const reach = (seq: number) => void (floor = Math.max(floor, seq))
      const write = Effect.fnUntraced(function* (writer: number) {
        for (let count = 0, prev = 0; count < 20; count++) reach((prev = yield* put(prev, { key: `${key}/${writer}` })))
      })
      const ask = Effect.fnUntraced(function* () {
        for (let count = 0; count < 20; count++) {
          const least = floor
          const seq = yield* log.barrier({ log: "objects" })
          assert.ok(seq >= least, `${seq} after ${least}`)
          reach(seq)
          yield* Effect.yieldNow
        }
      })
      yield* Effect.all([Effect.forEach([0, 1, 2, 3], write, { concurrency: 4 }), ask(), ask()], {
        concurrency: "unbounded"
      })
      assert.ok((yield* log.barrier({ log: "objects" })) >= floor)
      // However they took turns: what is written last is not covered by a barrier that was told before.
      const last = yield* put(0, { key: `${key}/last` })
      assert.ok((yield* log.barrier({ log: "objects" })) >= last)
    },
    ({ barrier }) => {
      let before = 0
      return {
        barrier: (of) =>
          Effect.map(barrier(of), (seq) => {
            const told = before
            before = seq
            return told
          })
      }
    }
  ),
  "barrier/reached": check(
    function* ({ log, put }) {
      yield* put(0)
      const seq = yield* log.barrier({ log: "objects" })
      yield* log.follow({ log: "objects" }).pipe(
        Stream.takeUntil((event) => event._tag === "Entries" && event.upTo >= seq),
        Stream.runDrain,
        Suite.inTime
      )
    },
    retold((event) => ({ ...event, upTo: event.upTo - 1 }))
  )
} satisfies { readonly [law: string]: ReturnType<typeof check> }
