/**
 * Watches: what the pipeline pushes, written as one chunk for each batch, past all queues and streams; a large first state in
 * slices, as its reader takes it, while others are served. A reader that lets too much wait is dropped: it comes back and lists. Source: API concepts, "Efficient detection of changes"; KEP-3157.
 */
import { Deferred, Effect, Random } from "effect"
import * as Conversion from "../../../kernel/pipeline/Conversion.ts"
import type { At, WatchEvent, WatchSink } from "../../../kernel/pipeline/Pipeline.ts"
import { Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import type { Form } from "../Accept.ts"
import { sent } from "../Answer.ts"
import type { Exchange, Outgoing } from "../Exchange.ts"
import type { Watching } from "../Query.ts"
import { type DoorError, internal, statusOf } from "../Refused.ts"
import { takeSlice } from "../Slices.ts"
import * as Frames from "./Frames.ts"
import { Turns } from "./Turns.ts"

/** Bytes that may wait for one reader when more come. */
const waitingLimit = 16 << 20
/** Batches that may wait behind a first state which a reader is still taking. */
const backlogLimit = 8192

/** Without a timeout of its own a watch lasts this many seconds, and up to as many again, so that not all end together. */
const lifetime = 1800

const turns = new Turns()

/** The response of one watch. `over` ends it from inside. */
class Writer {
  private readonly outgoing: Outgoing
  private readonly type: string
  private readonly over: () => void
  private waiting = 0
  /** What is not yet made into bytes. There is more than one only behind what takes several slices. */
  private backlog: Array<Iterator<Uint8Array>> = []
  private isPumping = false
  constructor(outgoing: Outgoing, type: string, over: () => void) {
    this.outgoing = outgoing
    this.type = type
    this.over = over
  }
  open() {
    if (this.outgoing.headersSent) return
    this.outgoing.writeHead(200, { "content-type": this.type, "cache-control": "no-cache, private" })
    this.outgoing.flushHeaders?.()
  }
  write(pieces: Iterable<Uint8Array>) {
    if (this.outgoing.writableEnded) return
    if (this.waiting > waitingLimit || this.backlog.length > backlogLimit) return this.drop()
    this.open()
    this.backlog.push(pieces[Symbol.iterator]())
    if (!this.isPumping) this.pump()
  }
  /** What is bytes already, if nothing waits before it. */
  chunk(make: () => Buffer) {
    if (this.outgoing.writableEnded) return
    if (this.isPumping || this.backlog.length > 0 || this.waiting > waitingLimit) return this.write([make()])
    this.open()
    const chunk = make()
    if (chunk.length === 0) return
    if (!turns.isOver()) return this.bytes(chunk)
    this.backlog.push([chunk][Symbol.iterator]())
    this.isPumping = true
    turns.wait(this)
  }
  /** All that waits, and the end: a watch ends whole. */
  end() {
    if (!this.outgoing.headersSent) return
    const rest = this.backlog.map((pieces) => Buffer.concat([...Iterator.from(pieces)]))
    this.backlog = []
    this.outgoing.end(Buffer.concat(rest))
  }
  /** Writes what waits, until that takes longer than a slice. */
  pump() {
    this.isPumping = true
    for (let pieces = this.backlog[0]; pieces !== undefined; pieces = this.backlog[0]) {
      const { done, slice } = takeSlice(pieces)
      if (!done) return this.send(slice, () => setImmediate(() => this.pump()))
      this.backlog.shift()
      if (slice.length > 0) this.send(slice)
    }
    this.isPumping = false
  }
  private send(slice: ReadonlyArray<Uint8Array>, taken = () => {}) {
    const [first] = slice
    this.bytes(slice.length === 1 && first !== undefined ? first : Buffer.concat(slice), taken)
  }
  private bytes(chunk: Uint8Array, taken = () => {}) {
    if (this.outgoing.writableEnded) return
    this.waiting += chunk.length
    this.outgoing.write(chunk, () => {
      this.waiting -= chunk.length
      taken()
    })
  }
  private drop() {
    this.backlog = []
    this.outgoing.destroy(new Error("the reader is too slow"))
    this.over()
  }
}

const initialEnd = { "k8s.io/initial-events-end": "true" }

/** What a batch is as bytes, for all watches that say it alike. */
const chunks = new WeakMap<ReadonlyArray<WatchEvent>, Map<string, Buffer>>()
/** More than that, or more bytes, is a first state, or nearly one: it is written in slices. */
const batchLimit = { events: 256, bytes: 1 << 20 }
const isBatch = (events: ReadonlyArray<WatchEvent>) => {
  if (events.length > batchLimit.events) return false
  let bytes = 0
  for (const { row } of events) bytes += row.size
  return bytes <= batchLimit.bytes
}

const chunkOf = (frames: Frames.Frames, key: string, events: ReadonlyArray<WatchEvent>): Buffer => {
  const known = chunks.get(events) ?? new Map<string, Buffer>()
  chunks.set(events, known)
  const found = known.get(key)
  if (found !== undefined) return found
  const chunk = Buffer.concat([...piecesOf(frames, events)])
  known.set(key, chunk)
  return chunk
}

/** Made when they are written, one event after another. */
const piecesOf = function* (frames: Frames.Frames, events: ReadonlyArray<WatchEvent>) {
  for (const event of events) yield* frames.event(event)
}

const sinkOf = (writer: Writer, frames: Frames.Frames, over: () => void): WatchSink => ({
  events: (events: ReadonlyArray<WatchEvent>) => {
    const lost = events.find(({ row }) => row.lost !== undefined)?.row.lost
    if (lost === undefined) {
      const { key } = frames
      if (key === undefined || !isBatch(events)) return writer.write(piecesOf(frames, events))
      return writer.chunk(() => chunkOf(frames, key, events))
    }
    writer.write([frames.failed(statusOf(internal(lost.message)))])
    over()
  },
  bookmark: (revision, isInitialEnd) => {
    const metadata = { resourceVersion: `${revision}`, ...(isInitialEnd && { annotations: initialEnd }) }
    writer.write([frames.bookmark(metadata)])
  },
  failed: (error: DoorError) => {
    writer.write([frames.failed(statusOf(error))])
    over()
  }
})

/** What somebody else has to convert passes one batch after another: only when it is converted it can be made into bytes. */
const converted = Effect.fnUntraced(function* (at: At, sink: WatchSink) {
  if (at.served.kind.convert === undefined) return sink
  const pass = yield* Conversion.inOrder(at, sink.failed)
  return {
    events: (events) =>
      pass(
        events.map(({ row }) => row),
        () => sink.events(events)
      ),
    bookmark: (revision, isInitialEnd) => pass([], () => sink.bookmark(revision, isInitialEnd)),
    failed: (error) => pass([], () => sink.failed(error))
  } satisfies WatchSink
})

/** Runs until its time is over, the pipeline ends it, the reader goes, or the server does. */
export const answer = Effect.fnUntraced(function* (exchange: Exchange, at: At, form: Form, watching: Watching) {
  const pipeline = yield* Pipeline
  const frames = yield* Frames.of(at, form, exchange.query)
  const end = Deferred.makeUnsafe<void>()
  const over = () => Deferred.doneUnsafe(end, Effect.void)
  const writer = new Writer(exchange.outgoing, frames.type, over)
  const seconds = watching.timeoutSeconds || lifetime + (yield* Random.nextIntBetween(0, lifetime))
  yield* Effect.scoped(
    Effect.gen(function* () {
      yield* Effect.forkScoped(Effect.delay(Effect.sync(over), `${seconds} seconds`))
      const stop = at.served.onEnd?.(over)
      if (stop !== undefined) yield* Effect.addFinalizer(() => Effect.sync(stop))
      const sink = yield* converted(at, sinkOf(writer, frames, over))
      // What is not there yet is waited for, but not longer than the watch lasts.
      yield* Effect.raceFirst(pipeline.watch(at, watching.options, sink), Deferred.await(end))
      writer.open()
      exchange.initialized?.()
      yield* Deferred.await(end)
    })
  ).pipe(Effect.ensuring(Effect.sync(() => writer.end())))
  return sent(200)
})
