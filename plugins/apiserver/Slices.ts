/**
 * Large answers in slices: parts are copied into a buffer that is used again for the next slice. A buffer made for each would be
 * memory outside of V8's heap, of which V8 knows no other way to be rid than to look through the whole heap, again and again.
 */
import { Effect } from "effect"
import type { Outgoing } from "./Exchange.ts"

/** How long a slice may hold the event loop, in milliseconds, and how many bytes those that are made at once may have. */
const sliceTime = 5
const wholeBytes = 1 << 20
const bufferBytes = 1 << 18
/** The clock is looked at only so often. */
const partsAtOnce = 64

/** As many parts as fit into what may be sent at once. */
export const takeSlice = (
  parts: Iterator<Uint8Array>
): { readonly slice: ReadonlyArray<Uint8Array>; readonly done: boolean } => {
  const until = performance.now() + sliceTime
  const slice: Array<Uint8Array> = []
  let bytes = 0
  while (bytes < wholeBytes && (slice.length % partsAtOnce !== partsAtOnce - 1 || performance.now() < until)) {
    const next = parts.next()
    if (next.done === true) return { slice, done: true }
    slice.push(next.value)
    bytes += next.value.length
  }
  return { slice, done: false }
}

/** Buffers that nobody uses just now. */
const idle: Array<Buffer> = []
const idleLimit = 8

/** Parts as slices of one buffer: each is void when the next one is asked for. */
class Slices {
  readonly buffer = idle.pop() ?? Buffer.allocUnsafeSlow(bufferBytes)
  private readonly parts: Iterator<Uint8Array>
  /** What did not fit into the slice before. */
  private rest: Uint8Array = new Uint8Array()
  private isOver = false
  constructor(parts: Iterator<Uint8Array>) {
    this.parts = parts
  }
  /** Nothing when there are no more. */
  next(): Buffer | undefined {
    const until = performance.now() + sliceTime
    let filled = 0
    for (let count = 0; filled < bufferBytes; count++) {
      if (this.rest.length === 0 && !this.pull()) break
      filled += this.put(filled)
      if (count % partsAtOnce === partsAtOnce - 1 && performance.now() > until) break
    }
    return filled === 0 && this.isOver ? undefined : this.buffer.subarray(0, filled)
  }
  /** For the next answer: nobody reads it any more. */
  recycle() {
    if (idle.length < idleLimit) idle.push(this.buffer)
  }
  private pull() {
    const next = this.parts.next()
    this.isOver = next.done === true
    if (next.done !== true) this.rest = next.value
    return !this.isOver
  }
  private put(at: number) {
    const fits = bufferBytes - at
    if (this.rest.length <= fits) {
      const { length } = this.rest
      this.buffer.set(this.rest, at)
      this.rest = this.rest.subarray(length)
      return length
    }
    this.buffer.set(this.rest.subarray(0, fits), at)
    this.rest = this.rest.subarray(fits)
    return fits
  }
}

/** When others have been served. */
export const nextTurn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

type Target = Pick<Outgoing, "write">

/** One slice, until the reader has taken it: false if he has gone. */
const write = (outgoing: Outgoing, target: Target, slice: Buffer) =>
  Effect.callback<boolean>((resume) => {
    const gone = () => resume(Effect.succeed(false))
    outgoing.once("close", gone)
    target.write(slice, (error) => {
      outgoing.off("close", gone)
      resume(Effect.succeed(error === undefined || error === null))
    })
  })

/** All parts, one slice after another; others are served in between. */
export const send = Effect.fnUntraced(function* (outgoing: Outgoing, target: Target, parts: Iterator<Uint8Array>) {
  const slices = new Slices(parts)
  for (let slice = slices.next(); slice !== undefined; slice = slices.next()) {
    if (slice.length > 0 && !(yield* write(outgoing, target, slice))) return
    yield* nextTurn
  }
  slices.recycle()
})
