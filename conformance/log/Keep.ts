/** Checks: what a log tells of itself and of its past, how it is closed for good or begun anew, and what a restart leaves. */
import { Effect, Exit, Fiber, Stream } from "effect"
import assert from "node:assert/strict"
import { type Entry, limit } from "../../kernel/store/Log.ts"
import * as Suite from "../Suite.ts"
import { Restart } from "./Restart.ts"
import { check, living, seqsOf } from "./Use.ts"

const leases = { log: "leases" } as const

export const checks = {
  "status/truth": check(
    function* ({ epoch, log, put }) {
      const last = yield* put(yield* put(0))
      yield* log.compact({ log: "objects", seq: last })
      const status = yield* log.status({ log: "objects" })
      assert.equal(status.epoch, yield* epoch)
      assert.ok(status.last >= last && status.compacted >= last && status.compacted <= status.last)
      assert.ok(status.entries > 0 && status.bytes > 0 && !status.sealed)
    },
    ({ status }) => ({ status: (of) => Effect.map(status(of), (said) => ({ ...said, compacted: 0 })) })
  ),
  "history/state": check(
    function* ({ kept, key, log, put }) {
      const gone = { key: `${key}/gone` }
      const first = yield* put(0)
      const created = yield* put(0, gone)
      yield* log.compact({ log: "objects", seq: created })
      const deleted = yield* put(created, { ...gone, op: "delete" })
      const second = yield* put(first)
      assert.deepEqual(seqsOf(yield* kept({ log: "objects", after: 0, upTo: created })), [first, created])
      assert.deepEqual(seqsOf(yield* kept({ log: "objects", after: 0 })), [first, created, deleted, second])
      assert.deepEqual(seqsOf(yield* kept({ log: "objects", after: created, upTo: deleted })), [deleted])
    },
    ({ history }) => ({ history: ({ upTo: _, ...range }) => history(range) })
  ),
  "history/key": check(
    function* ({ kept, key, put }) {
      const other = { key: `${key}/other` }
      const first = yield* put(0, { bytes: Uint8Array.of(1, 2), writeId: key })
      yield* put(0, other)
      const second = yield* put(first, { op: "delete" })
      const found = yield* kept({ log: "objects", after: 0, key })
      assert.deepEqual(
        found.map(({ op, prev, seq }) => ({ op, prev, seq })),
        [
          { op: "put", prev: 0, seq: first },
          { op: "delete", prev: first, seq: second }
        ]
      )
      assert.deepEqual([[...(found[0]?.bytes ?? [])], found[0]?.writeId], [[1, 2], key])
    },
    ({ history }) => ({ history: ({ key: _, ...range }) => history(range) })
  ),
  "history/under-way": check(
    function* ({ key, log, put }) {
      const gone = { key: `${key}/a` }
      const first = yield* put(0, gone)
      // More than is read at once, so that some of it is read only when it has been compacted.
      for (const name of ["b", "c", "d", "e", "f"])
        yield* put(0, { key: `${key}/${name}`, bytes: new Uint8Array(limit - 64 * 1024) })
      const upTo = yield* put(first, { ...gone, op: "delete" })
      const seen: Array<Entry> = []
      let isCompacted = false
      const read = yield* log.history({ log: "objects", after: 0, upTo }).pipe(
        Stream.runForEach(
          Effect.fnUntraced(function* (some) {
            seen.push(...some.filter((entry) => entry.key.startsWith(key)))
            if (isCompacted || seen.length === 0) return
            isCompacted = true
            yield* log.compact({ log: "objects", seq: upTo })
          })
        ),
        Suite.inTime,
        Effect.exit
      )
      // It is whole, or it says that it is not.
      if (read._tag === "Success") assert.ok(!living(seen).has(gone.key), "what was deleted lives")
    },
    ({ history }) => ({
      history: (range) => Stream.map(history(range), (some) => some.filter(({ op }) => op === "put"))
    })
  ),
  "seal/closed": check(
    function* ({ kept, key, log, put }) {
      const first = yield* put(0, { ...leases, writeId: key })
      yield* log.seal(leases)
      yield* log.seal(leases)
      const refused = yield* Effect.flip(put(first, leases))
      const again = yield* Effect.exit(put(0, { ...leases, writeId: key }))
      const said = yield* log.status(leases)
      const entries = yield* kept({ ...leases, after: 0 })
      // Opened again before anything is asserted: the next check needs it.
      yield* log.reset({ ...leases, after: 0 })
      assert.ok(refused._tag === "Unavailable" && refused.applied === "no")
      assert.ok(said.sealed)
      assert.deepEqual(again, Exit.succeed(first))
      assert.deepEqual(seqsOf(entries), [first])
    },
    () => ({ seal: () => Effect.void })
  ),
  "seal/point": check(
    function* ({ kept, key, log, put }) {
      const done: Array<number> = []
      const write = Effect.fnUntraced(function* (writer: number) {
        for (let prev = 0; ; ) {
          const result = yield* Effect.result(put(prev, { ...leases, key: `${key}/${writer}` }))
          if (result._tag === "Failure") return
          done.push((prev = result.success))
          yield* Effect.yieldNow
        }
      })
      const writers = yield* Effect.forEach([0, 1, 2, 3], (writer) => Effect.forkChild(write(writer)))
      while (done.length < 8) yield* Effect.sleep("1 millis")
      yield* log.seal(leases)
      const { last } = yield* log.status(leases)
      const entries = yield* kept({ ...leases, after: 0 })
      // Each writes until it is refused.
      yield* Suite.inTime(Effect.forEach(writers, Fiber.join))
      const after = yield* kept({ ...leases, after: 0 })
      yield* log.reset({ ...leases, after: 0 })
      assert.deepEqual(seqsOf(after), seqsOf(entries))
      assert.ok(done.every((seq) => seq <= last))
      assert.deepEqual(
        done.filter((seq) => !seqsOf(entries).includes(seq)),
        []
      )
    },
    ({ seal }) => ({ seal: (of) => Effect.asVoid(Effect.forkDetach(Effect.delay(seal(of), "200 millis"))) })
  ),
  "reset/empty": check(
    function* ({ kept, log, put }) {
      const before = yield* put(0, leases)
      const epochs = new Set<string>()
      const reader = yield* log.follow(leases).pipe(
        Stream.tap((event) => Effect.sync(() => event._tag === "Began" && epochs.add(event.epoch))),
        Stream.takeUntil(() => epochs.size === 2),
        Stream.runDrain,
        Suite.inTime,
        Effect.forkChild
      )
      while (epochs.size === 0) yield* Effect.sleep("1 millis")
      yield* log.seal(leases)
      yield* log.reset({ ...leases, after: before })
      assert.deepEqual(yield* kept({ ...leases, after: 0 }), [])
      const anew = yield* put(0, leases)
      assert.ok(anew > before)
      yield* Fiber.join(reader)
      assert.ok(epochs.has((yield* log.status(leases)).epoch))
    },
    ({ seal }) => ({ reset: ({ log }) => seal({ log }) })
  ),
  "reset/forward": check(
    function* ({ log, put }) {
      const { last } = yield* log.status(leases)
      yield* log.reset({ ...leases, after: last + 1_000_000 })
      // A driver's own entries, and a barrier that is one, take a few.
      assert.ok((yield* log.barrier(leases)) <= last + 1_000_010)
      const anew = yield* put(0, leases)
      assert.ok(anew > last + 1_000_000)
      yield* log.reset({ ...leases, after: 0 })
      assert.ok((yield* put(0, leases)) > anew)
    },
    ({ reset }) => ({ reset: ({ log }) => reset({ log, after: 0 }) })
  ),
  "reset/apart": check(
    function* ({ epoch, kept, log, put }) {
      const [first, before] = [yield* put(0), yield* epoch]
      yield* log.reset({ ...leases, after: 0 })
      assert.equal(yield* epoch, before)
      const second = yield* put(first)
      assert.deepEqual(seqsOf(yield* kept({ log: "objects", after: 0 })), [first, second])
    },
    ({ reset }) => ({
      reset: ({ after, log }) => Effect.andThen(reset({ log, after }), reset({ log: "objects", after }))
    })
  ),
  "restart/kept": check(
    function* ({ epoch, key, kept, put }) {
      const restart = yield* Restart
      const [before, first] = [yield* epoch, yield* put(0)]
      const written = new Map<string, number>()
      const undone = new Set<string>()
      const write = Effect.fnUntraced(function* (name: string) {
        const result = yield* Effect.result(put(0, { key: name, writeId: name }))
        if (result._tag === "Success") written.set(name, result.success)
        else if (result.failure._tag === "Unavailable" && result.failure.applied === "no") undone.add(name)
      })
      const names = Array.from({ length: 32 }, (_, index) => `${key}/${index}`)
      const writers = yield* Effect.forEach(names, (name) => Effect.forkChild(write(name)))
      while (written.size === 0) yield* Effect.sleep("1 millis")
      yield* restart
      // Whoever was writing is told what became of it.
      yield* Suite.inTime(Effect.forEach(writers, Fiber.join))
      assert.equal(yield* epoch, before)
      const found = new Map((yield* kept({ log: "objects", after: 0 })).map((entry) => [entry.key, entry.seq]))
      assert.equal(found.get(key), first)
      for (const [name, seq] of written) assert.equal(found.get(name), seq)
      for (const name of undone) assert.ok(!found.has(name))
      const again = yield* Effect.forEach(names, (name) => put(0, { key: name, writeId: name }))
      for (const [index, name] of names.entries()) assert.equal(again[index], found.get(name) ?? again[index])
      assert.ok((yield* put(first)) > Math.max(...written.values()))
    },
    ({ append }) => ({
      append: (change) => (change.key.endsWith("/7") ? Effect.succeed(1) : append(change))
    })
  )
} satisfies { readonly [law: string]: ReturnType<typeof check> }
