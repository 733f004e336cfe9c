/** The log in memory, for tests and trials. It keeps every law; what it does not have is durability. */
import { Effect, Layer, Random, Stream } from "effect"
import { Unavailable } from "../../plugin/Contract.ts"
import * as Plugin from "../../plugin/Plugin.ts"
import { batchEnd, batches, indexAfter, type Read } from "../Batch.ts"
import { follow, Head } from "../Feed.ts"
import { type Change, Conflict, type Entry, Log, type LogName, limit, Sealed, type Status, TooLarge } from "../Log.ts"

const makeLog = (log: LogName, firstEpoch: string) => {
  let epoch = firstEpoch
  let sealed = false
  let entries: Array<Entry> = []
  let compacted = 0
  let size = 0
  const head = new Head(0)
  const newest = new Map<string, Entry>()
  const written = new Map<string, number>()

  const append = ({ bytes, key, op, prev, writeId }: Change): Effect.Effect<number, Conflict | TooLarge | Unavailable> => {
    const seq = written.get(writeId)
    if (seq !== undefined) return Effect.succeed(seq)
    if (sealed) return Effect.fail(new Unavailable({ contract: Log.key, applied: "no", cause: new Sealed({ log }) }))
    if (bytes.length > limit) return Effect.fail(new TooLarge({ key, limit }))
    const last = newest.get(key)?.seq ?? 0
    if (last !== prev) return Effect.fail(new Conflict({ key, last }))
    const entry = { seq: head.seq + 1, key, op, bytes, prev, writeId }
    entries.push(entry)
    size += bytes.length
    newest.set(key, entry)
    written.set(writeId, entry.seq)
    head.advance(entry.seq)
    return Effect.succeed(entry.seq)
  }

  const read = (after: number): Effect.Effect<Read> =>
    Effect.sync(() => {
      const start = indexAfter(entries, after)
      const end = batchEnd(entries, start)
      const upTo = end < entries.length ? entries[end - 1]!.seq : head.seq
      return { entries: entries.slice(start, end), upTo, compacted }
    })

  const living = (after: number, until: number): Effect.Effect<Read> =>
    Effect.sync(() => {
      const all = entries.slice(indexAfter(entries, after), indexAfter(entries, until))
      const some = all.filter((entry) => entry.op === "put" && newest.get(entry.key) === entry)
      const end = batchEnd(some, 0)
      return { entries: some.slice(0, end), upTo: end < some.length ? some[end - 1]!.seq : until, compacted }
    })

  const compact = (seq: number) => {
    const state = new Map<string, Entry>()
    for (const entry of entries) if (entry.seq <= seq) state.set(entry.key, entry)
    const isKept = (entry: Entry) => entry.seq > seq || (entry.op === "put" && state.get(entry.key) === entry)
    for (const entry of entries) {
      if (isKept(entry)) continue
      size -= entry.bytes.length
      written.delete(entry.writeId)
      if (newest.get(entry.key) === entry) newest.delete(entry.key)
    }
    entries = entries.filter(isKept)
    compacted = Math.max(compacted, Math.min(seq, head.seq))
  }

  const status = (): Status => ({
    epoch,
    last: head.seq,
    compacted,
    entries: entries.length,
    bytes: size,
    replicas: 1,
    durable: false,
    sealed
  })

  const history = (after: number, upTo = head.seq, key?: string) => {
    const found = entries.filter(
      (entry) => entry.seq > after && entry.seq <= upTo && (key === undefined || entry.key === key)
    )
    return Stream.fromIterable(batches(found))
  }

  const seal = () => {
    sealed = true
  }

  const reset = (after: number, newEpoch: string) => {
    entries = []
    size = 0
    newest.clear()
    written.clear()
    epoch = newEpoch
    sealed = false
    compacted = Math.max(after, head.seq) + 1
    head.advance(compacted)
  }

  return {
    get epoch() {
      return epoch
    },
    head,
    append,
    read,
    living,
    compact,
    status,
    history,
    seal,
    reset
  }
}

const makeLogs = Effect.map(Random.nextInt, (number) => {
  const epoch = `${number}`
  return { objects: makeLog("objects", epoch), events: makeLog("events", epoch), leases: makeLog("leases", epoch) }
})

const make = (logs: Effect.Success<typeof makeLogs>) =>
  Log.of({
    append: ({ log, ...change }) => Effect.suspend(() => logs[log].append(change)),
    barrier: ({ log }) => Effect.sync(() => logs[log].head.seq),
    follow: ({ log, since }) => Stream.suspend(() => follow(logs[log], since)),
    compact: ({ log, seq }) => Effect.sync(() => logs[log].compact(seq)),
    status: ({ log }) => Effect.sync(() => logs[log].status()),
    history: ({ after, key, log, upTo }) => Stream.suspend(() => logs[log].history(after, upTo, key)),
    seal: ({ log }) => Effect.sync(() => logs[log].seal()),
    reset: ({ after, log }) => Effect.map(Random.nextInt, (epoch) => logs[log].reset(after, `${epoch}`))
  })

export const layer: Layer.Layer<Log> = Layer.effect(Log, Effect.map(makeLogs, make))

/** A layer that finds, each time it is built, what was there: a store that is restarted. */
export const kept = Effect.map(makeLogs, (logs) => Layer.sync(Log, () => make(logs)))

export const plugin = Plugin.make({ name: "memory-log", offers: [Log], layer })
