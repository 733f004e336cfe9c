/**
 * Watches: what the pipeline pushes, written as one chunk for each batch, past all queues and streams. A reader that lets
 * too much wait is dropped: it comes back and lists. Source: API concepts, "Efficient detection of changes"; KEP-3157.
 */
import { Deferred, Effect, Random } from "effect"
import type { At, WatchEvent, WatchSink } from "../../../kernel/pipeline/Pipeline.ts"
import { Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import type { Form } from "../Accept.ts"
import { sent } from "../Answer.ts"
import type { Exchange, Outgoing } from "../Exchange.ts"
import type { Watching } from "../Query.ts"
import { type DoorError, statusOf } from "../Refused.ts"
import * as Frames from "./Frames.ts"

/** Bytes that may wait for one reader when more come. The first state is not counted: it is as large as it is. */
const waitingLimit = 16 << 20

/** Without a timeout of its own a watch lasts this many seconds, and up to as many again, so that not all end together. */
const lifetime = 1800

/** The response of one watch. `over` ends it from inside. */
class Writer {
  private readonly outgoing: Outgoing
  private readonly type: string
  private readonly over: () => void
  private waiting = 0
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
  write(pieces: ReadonlyArray<Uint8Array>) {
    if (this.outgoing.writableEnded) return
    if (this.waiting > waitingLimit) return this.drop()
    this.open()
    const chunk = Buffer.concat(pieces)
    this.waiting += chunk.length
    this.outgoing.write(chunk, () => {
      this.waiting -= chunk.length
    })
  }
  private drop() {
    this.outgoing.destroy(new Error("the reader is too slow"))
    this.over()
  }
}

const initialEnd = { "k8s.io/initial-events-end": "true" }

const sinkOf = (writer: Writer, frames: Frames.Frames, over: () => void): WatchSink => ({
  events: (events: ReadonlyArray<WatchEvent>) => {
    const pieces: Array<Uint8Array> = []
    for (const event of events) for (const piece of frames.event(event)) pieces.push(piece)
    writer.write(pieces)
  },
  bookmark: (revision, isInitialEnd) => {
    const metadata = {
      resourceVersion: `${revision}`,
      creationTimestamp: null,
      ...(isInitialEnd && { annotations: initialEnd })
    }
    writer.write([frames.bookmark(metadata)])
  },
  failed: (error: DoorError) => {
    writer.write([frames.failed(statusOf(error))])
    over()
  }
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
      yield* pipeline.watch(at, watching.options, sinkOf(writer, frames, over))
      writer.open()
      yield* Effect.timeoutOption(Deferred.await(end), `${seconds} seconds`)
    })
  ).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        if (exchange.outgoing.headersSent) exchange.outgoing.end()
      })
    )
  )
  return sent(200)
})
