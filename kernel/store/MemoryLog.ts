/** The log in memory, for tests and trials. It keeps every law; what it does not have is durability. */
import { Effect, Layer, Random, Stream, SubscriptionRef } from "effect"
import * as Plugin from "../plugin/Plugin.ts"
import { Conflict, type Entry, type Followed, Log, TooLarge } from "./Log.ts"

const limit = 1.5 * 1024 * 1024

const makeLog = (epoch: string) =>
  Effect.map(SubscriptionRef.make(0), (last) => {
    let entries: Array<Entry> = []
    let compacted = 0
    const newest = new Map<string, Entry>()
    const written = new Map<string, number>()

    const append = (change: Omit<Entry, "seq">): Effect.Effect<number, Conflict | TooLarge> => {
      const seq = written.get(change.writeId)
      if (seq !== undefined) return Effect.succeed(seq)
      if (change.bytes.length > limit) return Effect.fail(new TooLarge({ key: change.key, limit }))
      const prev = newest.get(change.key)?.seq ?? 0
      if (prev !== change.prev) return Effect.fail(new Conflict({ key: change.key, last: prev }))
      const entry = { ...change, seq: SubscriptionRef.getUnsafe(last) + 1 }
      entries.push(entry)
      newest.set(entry.key, entry)
      written.set(entry.writeId, entry.seq)
      return Effect.as(SubscriptionRef.set(last, entry.seq), entry.seq)
    }

    /** Each look gives what came since the one before, however many appends that were. */
    const follow = (since: { readonly epoch: string; readonly seq: number } | undefined) => {
      let at = since?.epoch === epoch ? since.seq : -1
      const look = (): ReadonlyArray<Followed> => {
        const begins = at < compacted
        const news = entries.filter(({ seq }) => begins || seq > at)
        at = SubscriptionRef.getUnsafe(last)
        return [...(begins ? [{ _tag: "Began", epoch } as const] : []), { _tag: "Entries", entries: news, upTo: at }]
      }
      return SubscriptionRef.changes(last).pipe(Stream.flatMap(() => Stream.fromIterable(look())))
    }

    const compact = (seq: number) => {
      const state = new Map(entries.filter((entry) => entry.seq <= seq).map((entry) => [entry.key, entry]))
      const isKept = (entry: Entry) => entry.seq > seq || (entry.op === "put" && state.get(entry.key) === entry)
      for (const [key, entry] of state) if (!isKept(entry) && newest.get(key) === entry) newest.delete(key)
      entries = entries.filter(isKept)
      compacted = Math.max(compacted, seq)
    }

    return { append, barrier: SubscriptionRef.get(last), follow, compact }
  })

export const layer = Layer.effect(
  Log,
  Effect.gen(function* () {
    const epoch = String(yield* Random.nextInt)
    const logs = { objects: yield* makeLog(epoch), events: yield* makeLog(epoch), leases: yield* makeLog(epoch) }
    return Log.of({
      append: ({ log, ...change }) => Effect.suspend(() => logs[log].append(change)),
      barrier: ({ log }) => logs[log].barrier,
      follow: ({ log, since }) => Stream.suspend(() => logs[log].follow(since)),
      compact: ({ log, seq }) => Effect.sync(() => logs[log].compact(seq))
    })
  })
)

export const plugin = Plugin.make({ name: "memory-log", offers: [Log], layer })
