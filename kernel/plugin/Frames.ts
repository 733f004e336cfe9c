/** Frames on a socket, whichever: CBOR with its length before it, four bytes big-endian. */
import { Encoder } from "cbor-x"
import type { Duplex } from "node:stream"
import type * as Wire from "./Wire.ts"

/** Copies bytes out of what was read: a slice would keep the whole of it. */
const cbor = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false, copyBuffers: true })

export interface Limits {
  /** The largest frame that the other end may send. */
  readonly largest: number
  /** How many bytes may wait for an other end that does not read, before it counts as gone. */
  readonly unread: number
}
const generous: Limits = { largest: 1024 ** 3, unread: Number.POSITIVE_INFINITY }

const framed = (frame: ReadonlyArray<unknown>) => {
  const body = cbor.encode(frame)
  const head = Buffer.allocUnsafe(4)
  head.writeUInt32BE(body.length)
  return [head, body] as const
}

/** The frames that each piece of what is read completes. */
const frames = (largest: number) => {
  let pieces: Array<Buffer> = []
  let length = 0
  return function* (piece: Buffer): Generator<ReadonlyArray<unknown>> {
    pieces.push(piece)
    length += piece.length
    while (length >= 4) {
      if ((pieces[0]?.length ?? 0) < 4) pieces = [Buffer.concat(pieces)]
      const size = pieces[0]?.readUInt32BE() ?? 0
      if (size > largest) throw new Error(`a frame of ${size} bytes`)
      if (length < 4 + size) return
      const all = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
      const rest = all.subarray(4 + size)
      pieces = rest.length === 0 ? [] : [rest]
      length = rest.length
      const frame: unknown = cbor.decode(all.subarray(4, 4 + size))
      if (!Array.isArray(frame)) throw new Error("a frame is a list of messages")
      yield frame
    }
  }
}

export const wireOf = (socket: Duplex, { largest, unread }: Limits = generous): Wire.Wire => ({
  post: (frame) => {
    if (!socket.writable) return
    if (socket.writableLength > unread) {
      socket.destroy(new Error(`it leaves ${socket.writableLength} bytes unread`))
      return
    }
    const [head, body] = framed(frame)
    socket.cork()
    socket.write(head)
    socket.write(body)
    socket.uncork()
  },
  unsent: () => socket.writableLength,
  drained: (then) => {
    const once = () => {
      socket.off("drain", once).off("close", once)
      then()
    }
    socket.on("drain", once).on("close", once)
  },
  listen: (heard, closed) => {
    const read = frames(largest)
    socket.on("data", (piece) => {
      try {
        for (const frame of read(piece)) heard(frame)
      } catch (cause) {
        socket.destroy(cause instanceof Error ? cause : new Error(String(cause)))
      }
    })
    let why: unknown = socket.errored ?? "the connection was closed"
    socket.on("error", (error) => (why = error))
    socket.once("close", () => closed(why))
    if (socket.destroyed) closed(why)
  }
})
