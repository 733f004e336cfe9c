/**
 * Watches: what the pipeline pushes, written as one chunk for each batch, past all queues and streams. A reader that lets
 * too much wait is dropped: it comes back and lists. Source: API concepts, "Efficient detection of changes"; KEP-3157.
 */
import { Deferred, Effect, Random } from "effect"
import type { At, WatchEvent, WatchSink } from "../../../kernel/pipeline/Pipeline.ts"
import { Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import type { Form } from "../Accept.ts"
import { sent } from "../Answer.ts"
import type { Exchange, Outgoing } from "../Exchange.ts"
import type { Watching } from "../Query.ts"
import { type DoorError, notAcceptable, statusOf } from "../Refused.ts"
import { bytesOf, partialOf } from "./Encoding.ts"
import * as Table from "./Table.ts"

/** Bytes that may wait for one reader when more come. The first state is not counted: it is as large as it is. */
const waitingLimit = 16 << 20

/** Without a timeout of its own a watch lasts this many seconds, and up to as many again, so that not all end together. */
const lifetime = 1800

const utf8 = new TextEncoder()
const heads = {
  ADDED: utf8.encode('{"type":"ADDED","object":'),
  MODIFIED: utf8.encode('{"type":"MODIFIED","object":'),
  DELETED: utf8.encode('{"type":"DELETED","object":')
}
const tail = utf8.encode("}\n")

/** How one watch writes its objects and bookmarks. */
interface Frames {
  readonly object: (row: Row) => Iterable<Uint8Array>
  readonly bookmark: (metadata: object) => string
}

const initialEnd = { "k8s.io/initial-events-end": "true" }

const plain = (at: At): Frames => {
  const head = { kind: at.served.kind.kind, apiVersion: Kind.apiVersion(at.version) }
  return { object: (row) => [bytesOf(at, row)], bookmark: (metadata) => JSON.stringify({ ...head, metadata }) }
}

const partial = (version: Form["version"]): Frames => ({
  object: (row) => [partialOf(row, version)],
  bookmark: (metadata) => JSON.stringify({ kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata })
})

const tables = (at: At, version: Form["version"], include: Table.Include): Frames => {
  let isTitled = true
  // A frame is made when something happens, outside of any fiber that could be asked for the time.
  const style = () => ({ serves: at, include, version, now: Date.now() })
  return {
    object: (row) => {
      const titled = isTitled
      isTitled = false
      return Table.parts(style(), [row], { resourceVersion: `${row.revision}` }, titled)
    },
    bookmark: (metadata) => Table.bookmark(style(), metadata)
  }
}

const framesOf = Effect.fnUntraced(function* (at: At, form: Form, query: URLSearchParams) {
  if (form.format !== "json") return yield* notAcceptable("only the following media types are accepted: application/json")
  switch (form.as) {
    case "Object":
      return plain(at)
    case "Partial":
      return partial(form.version)
    case "Table":
      return tables(at, form.version, yield* Effect.fromResult(Table.include(query)))
    case "PartialList":
      return yield* notAcceptable("you requested PartialObjectMetadataList, but the requested object is not a list")
  }
})

/** The response of one watch. `over` ends it from inside. */
class Writer {
  private readonly outgoing: Outgoing
  private readonly over: () => void
  private waiting = 0
  constructor(outgoing: Outgoing, over: () => void) {
    this.outgoing = outgoing
    this.over = over
  }
  open() {
    if (this.outgoing.headersSent) return
    this.outgoing.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" })
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

const sinkOf = (writer: Writer, frames: Frames, over: () => void): WatchSink => ({
  events: (events: ReadonlyArray<WatchEvent>) => {
    const pieces: Array<Uint8Array> = []
    for (const { row, type } of events) {
      pieces.push(heads[type])
      for (const piece of frames.object(row)) pieces.push(piece)
      pieces.push(tail)
    }
    writer.write(pieces)
  },
  bookmark: (revision, isInitialEnd) => {
    const metadata = {
      resourceVersion: `${revision}`,
      creationTimestamp: null,
      ...(isInitialEnd && { annotations: initialEnd })
    }
    writer.write([utf8.encode(`{"type":"BOOKMARK","object":${frames.bookmark(metadata)}}\n`)])
  },
  failed: (error: DoorError) => {
    writer.write([utf8.encode(`${JSON.stringify({ type: "ERROR", object: statusOf(error) })}\n`)])
    over()
  }
})

/** Runs until its time is over, the pipeline ends it, the reader goes, or the server does. */
export const answer = Effect.fnUntraced(function* (exchange: Exchange, at: At, form: Form, watching: Watching) {
  const pipeline = yield* Pipeline
  const frames = yield* framesOf(at, form, exchange.query)
  const end = Deferred.makeUnsafe<void>()
  const over = () => Deferred.doneUnsafe(end, Effect.void)
  const writer = new Writer(exchange.outgoing, over)
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
