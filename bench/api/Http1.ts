/** HTTP/1.1 as far as a load needs it: one request after another on a connection. Source: RFC 9112. */
import type { Address, Connection, Request } from "./Connection.ts"
import { open } from "./Connection.ts"

const blank = Buffer.from("\r\n\r\n")
const line = Buffer.from("\r\n")
const last = Buffer.from("0\r\n\r\n")

const known = new WeakMap<Request, Buffer>()
const bytesOf = (request: Request) => {
  const found = known.get(request)
  if (found !== undefined) return found
  const { accept, body, method, path, type } = request
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    `Accept: ${accept}`,
    "User-Agent: bench/1.0",
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    ...(body === undefined ? [] : [`Content-Length: ${body.length}`])
  ]
  const bytes = Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body ?? Buffer.alloc(0)])
  known.set(request, bytes)
  return bytes
}

/** Where a body in chunks goes on: bytes of a chunk that are still to come, or `-1` where the next chunk's size stands. */
const skip = (
  data: Buffer,
  from: number,
  left: number
): { readonly at: number; readonly left: number; readonly isEnd: boolean } => {
  let [at, rest] = [from, left]
  for (;;) {
    if (rest >= 0) {
      const taken = Math.min(rest, data.length - at)
      at += taken
      rest -= taken
      if (rest > 0) return { at, left: rest, isEnd: false }
      rest = -1
    }
    if (data.length - at >= last.length && data.subarray(at, at + last.length).equals(last))
      return { at: at + last.length, left: -1, isEnd: true }
    const end = data.indexOf(line, at)
    if (end === -1 || (data[at] === 0x30 && data.length - at < last.length)) return { at, left: -1, isEnd: false }
    // Its bytes and the end of their line.
    rest = Number.parseInt(data.toString("latin1", at, end), 16) + line.length
    at = end + line.length
  }
}

export const start = async (address: Address): Promise<Connection> => {
  const socket = await open(address, "http/1.1")
  let waiting: ((isGood: boolean) => void) | undefined
  let rest: Buffer = Buffer.alloc(0)
  let good = false
  /** Of the body: how much is still to come; chunks know it one at a time. */
  let body: { left: number; readonly isChunked: boolean } | undefined

  const end = (isWell: boolean) => {
    const done = waiting
    waiting = undefined
    body = undefined
    done?.(isWell && good)
  }
  const head = (data: Buffer): number => {
    const stop = data.indexOf(blank)
    if (stop === -1) return -1
    const text = data.toString("latin1", 0, stop)
    good = text.startsWith("HTTP/1.1 2")
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
    body = length === undefined ? { left: -1, isChunked: true } : { left: Number(length), isChunked: false }
    return stop + blank.length
  }
  socket.on("data", (chunk: Buffer) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    rest = Buffer.alloc(0)
    if (body === undefined) {
      const at = head(data)
      if (at === -1) {
        rest = data
        return
      }
      data = data.subarray(at)
    }
    if (body === undefined) return
    if (!body.isChunked) {
      body.left -= data.length
      if (body.left <= 0) end(true)
      return
    }
    const { at, isEnd, left } = skip(data, 0, body.left)
    body.left = left
    if (isEnd) end(true)
    else rest = data.subarray(at)
  })
  socket.on("close", () => end(false))
  socket.on("error", () => socket.destroy())
  return {
    send: (request, done) => {
      waiting = done
      socket.write(bytesOf(request))
    },
    close: () => socket.destroy()
  }
}
