/**
 * What is new in a log, for all that follow it: each pull of a follower gives what came since the one before, however many
 * appends that were. Drivers differ in where they read entries from; what a follower is told is decided here.
 */
import { Effect, Latch, Stream } from "effect"
import type { Entry, Followed } from "./Log.ts"

export interface Position {
  readonly epoch: string
  readonly seq: number
}

/** Entries after a seq, and how far they go. `compacted` is how far the log was compacted when they were read. */
export interface Read {
  readonly entries: ReadonlyArray<Entry>
  readonly upTo: number
  readonly compacted: number
}

/** One pull is not larger than this, so that a replay neither fills a frame nor holds up who serves it. */
export const batch = { entries: 2000, bytes: 4 * 1024 * 1024 }

/** How many of the entries from `start` on make a batch. */
export const batchEnd = (entries: ReadonlyArray<Entry>, start: number) => {
  let end = start
  let bytes = 0
  while (end < entries.length && end - start < batch.entries && bytes < batch.bytes) bytes += entries[end++]!.bytes.length
  return end
}

/** Where the first entry after `seq` stands. */
export const indexAfter = (entries: ReadonlyArray<Entry>, seq: number) => {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entries[middle]!.seq > seq) high = middle
    else low = middle + 1
  }
  return low
}

/** A seq that grows, and those who wait for it. */
export class Head {
  private readonly waiting = new Set<Latch.Latch>()
  seq: number
  constructor(seq: number) {
    this.seq = seq
  }
  advance(seq: number) {
    this.seq = seq
    for (const latch of this.waiting) latch.openUnsafe()
    this.waiting.clear()
  }
  /** Waits until the head is beyond `seq`. */
  readonly beyond = (seq: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (this.seq > seq) return Effect.void
      const latch = Latch.makeUnsafe()
      this.waiting.add(latch)
      return Effect.ensuring(
        latch.await,
        Effect.sync(() => this.waiting.delete(latch))
      )
    })
}

/**
 * What one follower gets. It begins anew when compaction has passed it on its way: what it did not see may have been the
 * delete of something that it believes to live.
 */
export const follow = <E>(
  log: { readonly epoch: string; readonly head: Head; readonly read: (after: number) => Effect.Effect<Read, E> },
  since: Position | undefined
): Stream.Stream<Followed, E> =>
  Stream.suspend(() => {
    let at = since?.epoch === log.epoch && since.seq <= log.head.seq ? since.seq : -1
    /** How far the log was compacted when the follower began: what it then reads on its way up to here is complete. */
    let base = 0
    let told = false
    const next = Effect.gen(function* () {
      if (told) yield* log.head.beyond(at)
      told = true
      let read = yield* log.read(at)
      const begins = at < 0 || (at < read.compacted && read.compacted !== base)
      if (begins) {
        if (at > 0) read = yield* log.read(0)
        base = read.compacted
      }
      at = read.upTo
      const news: Followed = { _tag: "Entries", entries: read.entries, upTo: read.upTo }
      const all: ReadonlyArray<Followed> = begins ? [{ _tag: "Began", epoch: log.epoch }, news] : [news]
      return all
    })
    return Stream.fromIterableEffectRepeat(next)
  })
