/** Large answers: all bytes arrive, in order, whatever the sizes of their parts; and nothing is sent to whoever has gone. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { EventEmitter } from "node:events"
import * as Slices from "../../plugins/apiserver/Slices.ts"

/** A response that copies what it is given only when it says that it has taken it, as a socket does. */
class Reader extends EventEmitter {
  readonly taken: Array<Buffer> = []
  private readonly patience: number
  headersSent = true
  writableEnded = false
  constructor(patience = Number.POSITIVE_INFINITY) {
    super()
    this.patience = patience
  }
  setHeader() {}
  writeHead() {}
  end() {}
  destroy() {}
  write(chunk: Uint8Array, done: () => void) {
    if (this.taken.length === this.patience) return this.emit("close")
    setImmediate(() => {
      this.taken.push(Buffer.from(chunk))
      done()
    })
    return true
  }
}

/** Parts of many sizes, also empty ones and some that are larger than a slice. */
const parts = (count: number) =>
  Array.from({ length: count }, (_, index) => Buffer.alloc(index % 50 === 7 ? 600_000 : (index * 37) % 5000, index % 251))

describe("slices", () => {
  it.effect("bring all bytes in order, to several readers at once", () =>
    Effect.gen(function* () {
      const sent = parts(300)
      const readers = [new Reader(), new Reader(), new Reader()]
      yield* Effect.forEach(readers, (reader) => Slices.send(reader, reader, sent[Symbol.iterator]()), {
        concurrency: "unbounded",
        discard: true
      })
      for (const { taken } of readers) assert.isTrue(Buffer.concat(taken).equals(Buffer.concat(sent)))
    })
  )

  it.effect("end when the reader goes, and the next reader gets his own", () =>
    Effect.gen(function* () {
      const gone = new Reader(2)
      yield* Slices.send(gone, gone, parts(300)[Symbol.iterator]())
      assert.strictEqual(gone.taken.length, 2)
      const next = new Reader()
      yield* Slices.send(next, next, parts(20)[Symbol.iterator]())
      assert.isTrue(Buffer.concat(next.taken).equals(Buffer.concat(parts(20))))
    })
  )
})
