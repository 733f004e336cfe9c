/**
 * Bytes both ways over two subjects of NATS, as a socket is one: in order, no faster than the other end takes them, and ended when
 * the other end is gone. NATS itself may lose a message and waits for nobody, so messages are numbered, and say what was taken.
 *
 * A message is thirteen bytes and the rest. Byte 0: 0, or 1 for the last message. 1–4: its number, from 0. 5–12: how many bytes of the
 * other way the sender has taken so far. Numbers are big-endian. The rest is of the stream.
 */
import type { Msg, NatsConnection } from "@nats-io/transport-node"
import { Duplex } from "node:stream"

const header = 13
/** The largest message, unless the server takes less. */
const largest = 256 * 1024
/** How many bytes may be under way: sent, and not taken. */
export const window = 4 * 1024 ** 2
/** Who has nothing to say says so as often; who is not heard for so long is gone. Milliseconds. */
const beat = 2000
const silence = 10_000

export interface Subjects {
  readonly mine: string
  readonly theirs: string
}

interface Piece {
  readonly isLast: boolean
  readonly number: number
  readonly taken: number
  readonly bytes: Uint8Array
}

const write = ({ bytes, isLast, number, taken }: Piece) => {
  const message = Buffer.allocUnsafe(header + bytes.length)
  message.writeUInt8(isLast ? 1 : 0, 0)
  message.writeUInt32BE(number % 2 ** 32, 1)
  message.writeBigUInt64BE(BigInt(taken), 5)
  message.set(bytes, header)
  return message
}

const read = (data: Uint8Array): Piece | undefined => {
  if (data.length < header) return undefined
  const message = Buffer.from(data.buffer, data.byteOffset, data.length)
  return {
    isLast: message.readUInt8(0) === 1,
    number: message.readUInt32BE(1),
    taken: Number(message.readBigUInt64BE(5)),
    bytes: message.subarray(header)
  }
}

const nothing = Buffer.alloc(0)
const noResponders = 503

/** What goes out: as much as the other end has room for. What is left waits, and so does who writes. */
const outgoing = (say: (bytes: Uint8Array) => void, piece: number) => {
  let [sent, taken] = [0, 0]
  let [rest, done]: [Buffer, () => void] = [nothing, () => {}]
  const flow = () => {
    while (rest.length > 0 && sent - taken < window) {
      const bytes = rest.subarray(0, piece)
      rest = rest.subarray(piece)
      sent += bytes.length
      say(bytes)
    }
    if (rest.length > 0) return
    const written = done
    done = () => {}
    written()
  }
  return {
    write: (bytes: Buffer, written: () => void) => {
      ;[rest, done] = [bytes, written]
      flow()
    },
    /** The other end has taken so much. */
    took: (bytes: number) => {
      taken = bytes
      flow()
    }
  }
}

/** What comes in, as fast as it is read. `more`: there is room for a quarter of the window again. */
const incoming = (push: (bytes: Uint8Array | null) => boolean, more: () => void) => {
  const waiting: Array<Uint8Array | null> = []
  let [taken, told, isWanted] = [0, 0, false]
  const flow = () => {
    while (isWanted && waiting.length > 0) {
      const bytes = waiting.shift() ?? null
      taken += bytes?.length ?? 0
      isWanted = push(bytes)
    }
    if (taken - told >= window / 4) more()
  }
  return {
    /** To be said to the other end. */
    taken: () => (told = taken),
    read: () => {
      isWanted = true
      flow()
    },
    hear: (bytes: Uint8Array | null) => {
      waiting.push(bytes)
      flow()
    }
  }
}

/** Listens to one subject and speaks on the other, until either end ends it, or the connection is gone. */
export const make = (connection: NatsConnection, { mine, theirs }: Subjects): Duplex => {
  let [said, heard, isQuiet, isOver] = [0, 0, true, false]
  let last = performance.now()
  const say = (bytes: Uint8Array, isLast = false) => {
    if (isOver || connection.isClosed()) return
    isQuiet = false
    isOver = isLast
    // Whoever nobody listens to is told so where an answer would come.
    const message = write({ isLast, number: said++, taken: input.taken(), bytes })
    connection.publish(theirs, message, isLast ? {} : { reply: mine })
  }
  const hear = (error: Error | null, { data, headers }: Msg) => {
    last = performance.now()
    if (error !== null) return void pipe.destroy(error)
    if (headers?.code === noResponders) return void pipe.destroy(new Error("nobody is at the other end any more"))
    const piece = read(data)
    if (piece === undefined) return void pipe.destroy(new Error("it does not speak the protocol of isolates over NATS"))
    if (piece.number !== heard++ % 2 ** 32) return void pipe.destroy(new Error("messages were lost on the way"))
    output.took(piece.taken)
    if (piece.bytes.length > 0) input.hear(piece.bytes)
    if (piece.isLast) input.hear(null)
  }
  const look = () => {
    if (performance.now() - last > silence) pipe.destroy(new Error(`nothing was heard of it for ${silence / 1000} s`))
    else if (isQuiet) say(nothing)
    isQuiet = true
  }
  const pipe = new Duplex({
    allowHalfOpen: false,
    read: () => input.read(),
    write: (bytes: Buffer, _, written) => output.write(bytes, written),
    writev: (all, written) =>
      output.write(Buffer.concat(all.map(({ chunk }: { readonly chunk: Buffer }) => chunk)), written),
    final: (done) => {
      say(nothing, true)
      done()
    },
    destroy: (error, done) => {
      clearInterval(timer)
      say(nothing, true)
      if (!connection.isClosed()) subscription.unsubscribe()
      done(error)
    }
  })
  const output = outgoing(say, Math.min(largest, connection.info?.max_payload ?? largest) - header)
  const input = incoming(
    (bytes) => pipe.push(bytes),
    () => say(nothing)
  )
  const subscription = connection.subscribe(mine, { callback: hear })
  const timer = setInterval(look, beat).unref()
  // Who ends it hears no answer any more.
  pipe.once("end", () => pipe.destroy())
  return pipe
}
