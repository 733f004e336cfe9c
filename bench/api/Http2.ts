/** HTTP/2 as far as a load needs it. Source: RFC 9113, RFC 7541. */
import type { Address, Connection, Request } from "./Connection.ts"
import { open } from "./Connection.ts"

const frames = { data: 0, headers: 1, settings: 4, ping: 6, goaway: 7, window: 8, reset: 3 }
const flags = { end: 0x1, ack: 0x1, endHeaders: 0x4 }
/** The most that a window may be. */
const widest = 2 ** 31 - 1
const first = 65_535
const refill = 1 << 26

const frame = (type: number, flag: number, stream: number, payload: Uint8Array) => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flag, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const number32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const setting = (name: number, value: number) => Buffer.concat([Uint8Array.of(0, name), number32(value)])

/** No table of headers that grow, windows that do not close, large frames. */
const settings = Buffer.concat([setting(1, 0), setting(4, widest), setting(5, 1 << 20)])

/** A number with a prefix of bits; lengths are short. */
const integer = (value: number, bits: number, high: number) => {
  const limit = 2 ** bits - 1
  if (value < limit) return [high | value]
  const bytes = [high | limit]
  let rest = value - limit
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128)
  return [...bytes, rest]
}
const literal = (name: number, text: string) =>
  Buffer.concat([Uint8Array.from([...integer(name, 4, 0), ...integer(text.length, 7, 0)]), Buffer.from(text, "latin1")])

/** The static table's numbers of names. */
const table = { authority: 1, method: 2, path: 4, accept: 19, type: 31, agent: 58, length: 28 }

const known = new WeakMap<Request, Buffer>()
const headersOf = (request: Request) => {
  const found = known.get(request)
  if (found !== undefined) return found
  const { accept, body, method, path, type } = request
  const block = Buffer.concat([
    literal(table.method, method),
    Uint8Array.of(0x87),
    literal(table.authority, "127.0.0.1"),
    literal(table.path, path),
    literal(table.accept, accept),
    literal(table.agent, "bench/1.0"),
    ...(type === undefined ? [] : [literal(table.type, type)]),
    ...(body === undefined ? [] : [literal(table.length, `${body.length}`)])
  ])
  known.set(request, block)
  return block
}

/** `:status` stands first, maybe behind a change of the table's size; 200 has a number, other 2xx a text. */
const isGood = (block: Buffer, from: number) => {
  let at = from
  while (((block[at] ?? 0) & 0xe0) === 0x20) at++
  if (block[at] === 0x88) return true
  const [, length = 0, digit = 0] = block.subarray(at)
  return (length & 0x80) === 0 ? digit === 0x32 : digit >> 3 === 2
}

interface Stream {
  good: boolean
  readonly done: (isGood: boolean) => void
  readonly bytes: ((chunk: Buffer) => void) | undefined
}

export const start = async (address: Address): Promise<Connection> => {
  const socket = await open(address, "h2")
  const streams = new Map<number, Stream>()
  let next = 1
  let unread = 0
  let rest: Buffer = Buffer.alloc(0)

  const end = (id: number, isWell: boolean) => {
    const stream = streams.get(id)
    streams.delete(id)
    stream?.done(isWell && stream.good)
  }
  const take = (type: number, flag: number, id: number, data: Buffer, from: number, to: number) => {
    if (type === frames.data) {
      streams.get(id)?.bytes?.(data.subarray(from, to))
      unread += to - from
      if (unread > refill) {
        socket.write(frame(frames.window, 0, 0, number32(unread)))
        unread = 0
      }
    } else if (type === frames.headers) {
      const stream = streams.get(id)
      if (stream !== undefined) stream.good = isGood(data, from)
    } else if (type === frames.settings && (flag & flags.ack) === 0) {
      socket.write(frame(frames.settings, flags.ack, 0, Buffer.alloc(0)))
    } else if (type === frames.ping && (flag & flags.ack) === 0) {
      socket.write(frame(frames.ping, flags.ack, 0, data.subarray(from, to)))
    } else if (type === frames.reset) end(id, false)
    if ((type === frames.data || type === frames.headers) && (flag & flags.end) !== 0) end(id, true)
  }
  socket.on("data", (chunk: Buffer) => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (data.length - at >= 9) {
      const length = data.readUIntBE(at, 3)
      if (data.length - at < 9 + length) break
      take(data[at + 3] ?? 0, data[at + 4] ?? 0, data.readUInt32BE(at + 5) & widest, data, at + 9, at + 9 + length)
      at += 9 + length
    }
    rest = data.subarray(at)
  })
  socket.on("close", () => {
    for (const id of [...streams.keys()]) end(id, false)
  })
  socket.on("error", () => socket.destroy())

  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
  socket.write(frame(frames.settings, 0, 0, settings))
  socket.write(frame(frames.window, 0, 0, number32(widest - first)))
  return {
    send: (request, done, bytes) => {
      const id = next
      next += 2
      streams.set(id, { good: false, done, bytes })
      const { body } = request
      const isWhole = body === undefined
      const head = frame(frames.headers, flags.endHeaders | (isWhole ? flags.end : 0), id, headersOf(request))
      socket.write(isWhole ? head : Buffer.concat([head, frame(frames.data, flags.end, id, body)]))
    },
    close: () => socket.destroy()
  }
}
