/** The checks of the laws of `Log`, the same for every driver. */
import { Effect, Fiber, Latch, Random, Stream } from "effect"
import assert from "node:assert/strict"
import { type Entry, type Followed, Log, limit } from "../kernel/store/Log.ts"
import * as Suite from "./Suite.ts"

type Service = Log["Service"]
type Append = Service["append"]
type Change = Parameters<Append>[0]

/** What a check works with: keys of its own, in a log that others use too. */
const use = Effect.gen(function* () {
  const log = yield* Log
  const key = `laws/${yield* Random.nextInt}`
  const change: Omit<Change, "prev" | "writeId"> = { log: "objects", key, op: "put", bytes: new Uint8Array(1) }
  const put = (prev: number, more?: Partial<Change>) =>
    Effect.flatMap(Random.nextInt, (writeId) => log.append({ ...change, prev, writeId: `${writeId}`, ...more }))
  const own = (event: Followed): ReadonlyArray<number | "Began"> =>
    event._tag === "Began" ? ["Began"] : event.entries.flatMap((entry) => (entry.key.startsWith(key) ? [entry.seq] : []))
  /** What a follower gets until it has seen `count` entries of these keys. */
  const read = (count: number, since?: Parameters<Service["follow"]>[0]["since"]) =>
    log.follow({ log: "objects", ...(since && { since }) }).pipe(
      Stream.flatMap((event) => Stream.fromIterable(own(event))),
      Stream.takeUntil((item) => item !== "Began" && --count === 0),
      Stream.runCollect,
      Suite.inTime
    )
  /** The first entries of these keys, as a follower gets them. */
  const entries = (count: number) =>
    log.follow({ log: "objects" }).pipe(
      Stream.flatMap((event) => Stream.fromIterable(event._tag === "Began" ? [] : event.entries)),
      Stream.filter((entry) => entry.key.startsWith(key)),
      Stream.take(count),
      Stream.runCollect,
      Suite.inTime
    )
  const epoch = Effect.map(Stream.runHead(log.follow({ log: "objects" })), (event) =>
    event._tag === "Some" && event.value._tag === "Began" ? event.value.epoch : assert.fail("no Began")
  )
  /** What is kept of a log, of these keys. */
  const kept = (range: Parameters<Service["history"]>[0]) =>
    log.history(range).pipe(
      Stream.flatMap((some) => Stream.fromIterable(some)),
      Stream.filter((entry) => entry.key.startsWith(key)),
      Stream.runCollect,
      Suite.inTime
    )
  return { log, key, put, read, entries, epoch, kept }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Effect.flatMap(use, Effect.fnUntraced(holds)), saboteur })

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

const without =
  (op: Entry["op"]) =>
  (event: Followed): Followed =>
    event._tag === "Began" ? event : { ...event, entries: event.entries.filter((entry) => entry.op !== op) }
const stutter = (event: Followed): Followed =>
  event._tag === "Began" ? event : { ...event, entries: event.entries.flatMap((entry) => [entry, entry]) }
const tamper =
  (how: (change: Change, append: Append) => ReturnType<Append>) =>
  ({ append }: Service) => ({
    append: (change: Change) => how(change, append)
  })
const overwrite = (change: Change, append: Append) =>
  Effect.catchTag(append(change), "Conflict", ({ last }) => append({ ...change, prev: last }))

export const suite = Suite.make(Log, {
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
  "append/again": check(
    function* ({ key, put, read }) {
      const first = yield* put(0, { writeId: key })
      assert.equal(yield* put(0, { writeId: key }), first)
      const next = yield* put(first)
      assert.deepEqual(yield* read(2), ["Began", first, next])
    },
    tamper((change, append) => Effect.flatMap(Random.nextInt, (writeId) => append({ ...change, writeId: `${writeId}` })))
  ),
  "append/again-later": check(
    function* ({ key, put }) {
      const [first, again] = yield* Effect.all([put(0, { writeId: key }), put(0, { writeId: key })], {
        concurrency: "unbounded"
      })
      assert.equal(first, again)
      yield* put(yield* put(first))
      assert.equal(yield* put(0, { writeId: key }), first)
    },
    tamper((change, append) => Effect.flatMap(Random.nextInt, (writeId) => append({ ...change, writeId: `${writeId}` })))
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
    ({ follow }) => ({
      follow: (from) =>
        Stream.map(follow(from), (event) => (event._tag === "Began" ? event : { ...event, upTo: event.upTo - 1 }))
    })
  ),
  "follow/faithful": check(
    function* ({ entries, key, put }) {
      const keys = awkward.map((part) => `${key}/${part}/${part}`)
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
      const written: Entry[] = []
      for (const key of keys) {
        const seq = yield* put(0, { key, bytes, writeId: key })
        written.push({ seq, key, op: "put", bytes, prev: 0, writeId: key })
      }
      const last = { key: keys[0]!, op: "delete", prev: written[0]!.seq, writeId: `${key} gone`, bytes } as const
      written.push({ ...last, seq: yield* put(last.prev, last) })
      const plain = (entry: Entry) => ({ ...entry, bytes: [...entry.bytes] })
      assert.deepEqual((yield* entries(written.length)).map(plain), written.map(plain))
    },
    ({ follow }) => ({
      follow: (from) =>
        Stream.map(follow(from), (event) =>
          event._tag === "Began"
            ? event
            : { ...event, entries: event.entries.map((entry) => ({ ...entry, key: entry.key.trim().replaceAll(" ", "") })) }
        )
    })
  ),
  "follow/complete": check(
    function* ({ epoch, put, read }) {
      const written = [yield* put(0)]
      const reader = yield* Effect.forkChild(read(20, { epoch: yield* epoch, seq: written[0]! }))
      while (written.length < 21) written.push(yield* put(written.at(-1)!))
      assert.deepEqual(yield* Fiber.join(reader), written.slice(1))
    },
    ({ follow }) => ({ follow: (from) => Stream.map(follow(from), stutter) })
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
  "compact/state": check(
    function* ({ key, log, put, read }) {
      const gone = { key: `${key}/gone` }
      const last = yield* put(yield* put(0))
      const seq = yield* put(yield* put(0, gone), { ...gone, op: "delete" })
      const newer = yield* put(last)
      yield* log.compact({ log: "objects", seq })
      const anew = yield* put(0, gone)
      assert.deepEqual(yield* read(3), ["Began", last, newer, anew])
    },
    () => ({ compact: () => Effect.void })
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
    ({ follow }) => ({
      follow: (from) =>
        Stream.filter(
          Stream.map(follow(from), without("delete")),
          (() => {
            let begun = false
            return ({ _tag }: Followed) => _tag !== "Began" || (!begun && (begun = true))
          })()
        )
    })
  ),
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
      const seqs = (entries: ReadonlyArray<Entry>) => entries.map(({ seq }) => seq)
      assert.deepEqual(seqs(yield* kept({ log: "objects", after: 0, upTo: created })), [first, created])
      assert.deepEqual(seqs(yield* kept({ log: "objects", after: 0 })), [first, created, deleted, second])
      assert.deepEqual(seqs(yield* kept({ log: "objects", after: created, upTo: deleted })), [deleted])
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
  "seal/closed": check(
    function* ({ kept, log, put }) {
      const first = yield* put(0, { log: "leases" })
      yield* log.seal({ log: "leases" })
      const refused = yield* Effect.flip(put(first, { log: "leases" }))
      const said = yield* log.status({ log: "leases" })
      const entries = yield* kept({ log: "leases", after: 0 })
      // Opened again before anything is asserted: the next check needs it.
      yield* log.reset({ log: "leases", after: 0 })
      assert.ok(refused._tag === "Unavailable" && refused.applied === "no")
      assert.ok(said.sealed)
      assert.deepEqual(
        entries.map(({ seq }) => seq),
        [first]
      )
    },
    () => ({ seal: () => Effect.void })
  ),
  "reset/empty": check(
    function* ({ kept, log, put }) {
      const before = yield* put(0, { log: "leases" })
      const epochs = new Set<string>()
      const reader = yield* log.follow({ log: "leases" }).pipe(
        Stream.tap((event) => Effect.sync(() => event._tag === "Began" && epochs.add(event.epoch))),
        Stream.takeUntil(() => epochs.size === 2),
        Stream.runDrain,
        Suite.inTime,
        Effect.forkChild
      )
      while (epochs.size === 0) yield* Effect.sleep("1 millis")
      yield* log.seal({ log: "leases" })
      yield* log.reset({ log: "leases", after: before })
      assert.deepEqual(yield* kept({ log: "leases", after: 0 }), [])
      const anew = yield* put(0, { log: "leases" })
      assert.ok(anew > before)
      yield* Fiber.join(reader)
    },
    ({ seal }) => ({ reset: ({ log }) => seal({ log }) })
  ),
  "reset/forward": check(
    function* ({ log, put }) {
      const { last } = yield* log.status({ log: "leases" })
      yield* log.reset({ log: "leases", after: last + 1_000_000 })
      const anew = yield* put(0, { log: "leases" })
      assert.ok(anew > last + 1_000_000)
      yield* log.reset({ log: "leases", after: 0 })
      assert.ok((yield* put(0, { log: "leases" })) > anew)
    },
    ({ reset }) => ({ reset: ({ log }) => reset({ log, after: 0 }) })
  )
})
