/**
 * SPDY/3.1 as far as Kubernetes uses it: the client opens streams with headers, and both ends write into them. It is what API servers of
 * others speak to kubelets. There is no flow control: neither do they have one. Source: the SPDY protocol, draft 3.1.
 */
import type { Duplex } from "node:stream"
import { constants, createDeflate, createInflate } from "node:zlib"

export interface SpdyStream {
  readonly headers: { readonly [name: string]: string }
  /** What comes, in order; an end is `undefined`. Held back until somebody listens. */
  readonly listen: (hear: (bytes: Buffer | undefined) => void) => void
  /** Calls back when there is room for more. */
  readonly write: (bytes: Uint8Array, written: () => void) => void
  /** Nothing more will be written. */
  readonly end: () => void
}

export interface Session {
  /** Each stream that the client opens, from the first. */
  readonly streams: (opened: (stream: SpdyStream) => void) => void
  readonly closed: (hear: () => void) => void
  /** What was written still gets there. */
  readonly close: () => void
}

const sized = (word: string) => {
  const bytes = Buffer.from(word)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(bytes.length)
  return Buffer.concat([size, bytes])
}

/** What both ends take for written before, so that headers are short. The words are the protocol's, and so is their order. */
const words =
  "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization " +
  "cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range " +
  "content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since " +
  "last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer " +
  "transfer-encoding upgrade user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public " +
  "set-cookie keep-alive origin"
const rest =
  "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative " +
  "Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server " +
  "Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, " +
  "Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain," +
  "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
export const dictionary = Buffer.concat([
  ...words.split(" ").map((word) => sized(word.replace("_", " "))),
  Buffer.from(rest)
])

const types = { open: 1, reply: 2, reset: 3, ping: 6, goAway: 7 }
const fin = 1
const headLength = 8
/** Larger ones are no headers, and no input of a terminal. */
const longest = 1 << 20
const chunk = 1 << 15

const control = (type: number, body: Buffer) => {
  const head = Buffer.alloc(headLength)
  head.writeUInt32BE(0x8003_0000 + type)
  head.writeUInt32BE(body.length, 4)
  return Buffer.concat([head, body])
}
const dataHead = (id: number, length: number, flags: number) => {
  const head = Buffer.alloc(headLength)
  head.writeUInt32BE(id)
  head.writeUInt32BE(flags * 2 ** 24 + length, 4)
  return head
}
const word = (...values: ReadonlyArray<number>) => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}

/** Names and values, each with its length before it. */
const headersOf = (block: Buffer) => {
  const headers: Record<string, string> = {}
  let at = 4
  const next = () => {
    const length = block.readUInt32BE(at)
    const text = block.toString("utf8", at + 4, at + 4 + length)
    at += 4 + length
    return text
  }
  for (let left = block.readUInt32BE(0); left > 0; left--) headers[next().toLowerCase()] = next()
  return headers
}

/** Both ends keep one state each for all headers, so blocks go through in order. */
const compression = () => {
  const [inflate, deflate] = [createInflate({ dictionary }), createDeflate({ dictionary })]
  let [inflated, deflated]: [Array<Buffer>, Array<Buffer>] = [[], []]
  inflate.on("data", (bytes: Buffer) => inflated.push(bytes))
  deflate.on("data", (bytes: Buffer) => deflated.push(bytes))
  return {
    inflate: (block: Buffer) =>
      new Promise<Buffer>((resolve, reject) => {
        inflate.once("error", reject)
        inflate.write(block)
        inflate.flush(constants.Z_SYNC_FLUSH, () => {
          inflate.off("error", reject)
          resolve(Buffer.concat(inflated))
          inflated = []
        })
      }),
    deflate: (block: Buffer) =>
      new Promise<Buffer>((resolve) => {
        deflate.write(block)
        deflate.flush(constants.Z_SYNC_FLUSH, () => {
          resolve(Buffer.concat(deflated))
          deflated = []
        })
      }),
    close: () => {
      inflate.close()
      deflate.close()
    }
  }
}

/** Somebody who listens later hears all the same. */
const held = <A>() => {
  let waiting: Array<A> = []
  let hear: ((value: A) => void) | undefined
  return {
    say: (value: A) => (hear === undefined ? waiting.push(value) : hear(value)),
    listen: (listener: (value: A) => void) => {
      hear = listener
      for (const value of waiting) listener(value)
      waiting = []
    }
  }
}

/** The server's end of a connection that has become SPDY. `head` came with the request. */
export const serve = (socket: Duplex, head: Buffer): Session => {
  const { close, deflate, inflate } = compression()
  const incoming = new Map<number, ReturnType<typeof held<Buffer | undefined>>>()
  const [opened, ended] = [held<SpdyStream>(), held<void>()]

  const open = async (id: number, block: Buffer) => {
    const headers = headersOf(await inflate(block))
    const data = held<Buffer | undefined>()
    incoming.set(id, data)
    socket.write(control(types.reply, Buffer.concat([word(id), await deflate(word(0))])))
    const write = (bytes: Uint8Array, written: () => void) => {
      for (let at = 0; at < bytes.length; at += chunk) {
        const part = bytes.subarray(at, at + chunk)
        socket.write(dataHead(id, part.length, 0))
        socket.write(part, at + chunk >= bytes.length ? () => written() : undefined)
      }
      if (bytes.length === 0) written()
    }
    const end = () => void (socket.writable && socket.write(dataHead(id, 0, fin)))
    opened.say({ headers, listen: data.listen, write, end })
  }

  const handle = async (first: number, flags: number, body: Buffer) => {
    if (first < 2 ** 31) {
      const data = incoming.get(first)
      if (body.length > 0) data?.say(body)
      if ((flags & fin) !== 0) data?.say(undefined)
      return
    }
    const type = first & 0xffff
    // After the stream's own number come the one that it belongs to, and its priority.
    if (type === types.open) await open(body.readUInt32BE(0), body.subarray(10))
    else if (type === types.ping) socket.write(control(types.ping, body))
    else if (type === types.reset) incoming.get(body.readUInt32BE(0))?.say(undefined)
    else if (type === types.goAway) socket.end()
  }

  let buffered = head
  let work = Promise.resolve()
  const read = () => {
    while (buffered.length >= headLength) {
      const [first, second] = [buffered.readUInt32BE(0), buffered.readUInt32BE(4)]
      const length = second & 0xff_ffff
      if (length > longest) socket.destroy()
      if (length > longest || buffered.length < headLength + length) return
      const body = Buffer.from(buffered.subarray(headLength, headLength + length))
      buffered = buffered.subarray(headLength + length)
      work = work.then(() => handle(first, second >>> 24, body)).catch(() => void socket.destroy())
    }
  }
  socket.on("data", (bytes: Buffer) => {
    buffered = Buffer.concat([buffered, bytes])
    read()
  })
  socket.once("close", () => {
    close()
    for (const data of incoming.values()) data.say(undefined)
    ended.say()
  })
  read()
  return {
    streams: opened.listen,
    closed: (hear) => ended.listen(hear),
    close: () => {
      if (socket.writable) socket.end(control(types.goAway, word(0, 0)))
    }
  }
}
