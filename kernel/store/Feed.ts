/**
 * What is new in a log, for all that follow it: each pull of a follower gives what came since the one before, however many
 * appends that were. Drivers differ in where they read entries from; what a follower is told is decided here.
 */
import { Effect, Latch, Stream } from "effect"
import type { Read } from "./Batch.ts"
import type { Followed } from "./Log.ts"

export interface Position {
  readonly epoch: string
  readonly seq: number
}

/** A seq that grows, and those who wait for it. */
export class Head {
  private waiting = new Set<Latch.Latch>()
  seq: number
  constructor(seq: number) {
    this.seq = seq
  }
  advance(seq: number) {
    this.seq = seq
    // Who is woken may run at once and wait again, for the next one.
    const woken = this.waiting
    this.waiting = new Set()
    for (const latch of woken) latch.openUnsafe()
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

/** Where entries are read from, a batch at a time. */
export interface Source<E> {
  readonly epoch: string
  readonly head: Head
  readonly read: (after: number) => Effect.Effect<Read, E>
  /** Of the entries after a seq, up to another, those that live now. */
  readonly living: (after: number, until: number) => Effect.Effect<Read, E>
}

/**
 * What one follower gets: at its beginning what lives, which costs nothing for the history that led there. It begins anew when
 * compaction has passed it on its way: what it did not see may have been the delete of something that it believes to live.
 */
export const follow = <E>(log: Source<E>, since: Position | undefined): Stream.Stream<Followed, E> =>
  Stream.suspend(() => {
    let { epoch } = log
    let at = since?.epoch === epoch && since.seq <= log.head.seq ? since.seq : -1
    /** How far the log was compacted when the follower began: what it then reads on its way up to here is complete. */
    let base = 0
    /** Up to here it is told what lives. */
    let until = 0
    let told = false
    const next = Effect.gen(function* () {
      if (told) yield* log.head.beyond(at)
      told = true
      if (epoch !== log.epoch) {
        epoch = log.epoch
        at = -1
      }
      let read = at < 0 ? undefined : yield* at < until ? log.living(at, until) : log.read(at)
      const begins = read === undefined || (at < read.compacted && read.compacted !== base)
      if (read === undefined || begins) {
        until = log.head.seq
        read = yield* log.living(0, until)
        base = read.compacted
      }
      at = read.upTo
      const news: Followed = { _tag: "Entries", entries: read.entries, upTo: read.upTo }
      const all: ReadonlyArray<Followed> = begins ? [{ _tag: "Began", epoch }, news] : [news]
      return all
    })
    return Stream.fromIterableEffectRepeat(next)
  })
