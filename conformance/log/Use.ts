/** What the checks of the log's laws work with: keys of their own, in a log that others use too; and what saboteurs are made of. */
import { Effect, Random, Stream } from "effect"
import assert from "node:assert/strict"
import { type Entry, type Followed, Log } from "../../kernel/store/Log.ts"
import * as Suite from "../Suite.ts"

export type Service = Log["Service"]
export type Append = Service["append"]
export type Change = Parameters<Append>[0]
export type Position = Parameters<Service["follow"]>[0]["since"]

export const seqsOf = (entries: ReadonlyArray<Entry>) => entries.map(({ seq }) => seq)

/** What lives after these entries, by key. */
export const living = (entries: ReadonlyArray<Entry>) => {
  const state = new Map<string, number>()
  for (const { key, op, seq } of entries) {
    if (op === "put") state.set(key, seq)
    else state.delete(key)
  }
  return state
}

const use = Effect.gen(function* () {
  const log = yield* Log
  const key = `laws/${yield* Random.nextInt}`
  const change: Omit<Change, "prev" | "writeId"> = { log: "objects", key, op: "put", bytes: new Uint8Array(1) }
  const put = (prev: number, more?: Partial<Change>) =>
    Effect.flatMap(Random.nextInt, (writeId) => log.append({ ...change, prev, writeId: `${writeId}`, ...more }))
  const own = ({ key: name }: Entry) => name.startsWith(key)
  const ownOf = (event: Followed): ReadonlyArray<Entry> => (event._tag === "Began" ? [] : event.entries.filter(own))
  /** What a follower gets until it has seen `count` entries of these keys. */
  const read = (count: number, since?: Position) =>
    log.follow({ log: "objects", ...(since && { since }) }).pipe(
      Stream.flatMap((event) =>
        Stream.fromIterable<number | "Began">(event._tag === "Began" ? ["Began"] : seqsOf(ownOf(event)))
      ),
      Stream.takeUntil((item) => item !== "Began" && --count === 0),
      Stream.runCollect,
      Suite.inTime
    )
  /** The entries of these keys that a follower gets until it has seen `count`, or the key `until`. */
  const entries = (count: number, since?: Position, until?: string) =>
    log.follow({ log: "objects", ...(since && { since }) }).pipe(
      Stream.flatMap((event) => Stream.fromIterable(ownOf(event))),
      Stream.takeUntil((entry) => --count === 0 || entry.key === until),
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
      Stream.filter(own),
      Stream.runCollect,
      Suite.inTime
    )
  return { log, key, put, read, entries, epoch, kept }
})
type Use = Effect.Success<typeof use>

export const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Effect.flatMap(use, Effect.fnUntraced(holds)), saboteur })

/** A saboteur of what is told to followers. */
export const retold =
  (how: (event: Extract<Followed, { _tag: "Entries" }>) => Followed) =>
  ({ follow }: Service) => ({
    follow: (from: Parameters<Service["follow"]>[0]) =>
      Stream.map(follow(from), (event) => (event._tag === "Began" ? event : how(event)))
  })
/** A saboteur of appends. */
export const tamper =
  (how: (change: Change, append: Append) => ReturnType<Append>) =>
  ({ append }: Service) => ({
    append: (change: Change) => how(change, append)
  })
export const overwrite = (change: Change, append: Append) =>
  Effect.catchTag(append(change), "Conflict", ({ last }) => append({ ...change, prev: last }))
/** The same change as another write. */
export const anew = (change: Change, append: Append) =>
  Effect.flatMap(Random.nextInt, (writeId) => append({ ...change, writeId: `${writeId}` }))
