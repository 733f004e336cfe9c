/** SPDY as a client of upstream's speaks it. */
import { Effect } from "effect"
import type { Duplex } from "node:stream"
import { constants, createDeflate } from "node:zlib"
import * as Spdy from "../../plugins/kubelet/server/Spdy.ts"

const number = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** The client's end: what it writes, and what came back, as `stream: text`. */
export const over = (socket: Duplex) => Effect.sync(() => make(socket))

const make = (socket: Duplex) => {
  const deflate = createDeflate({ dictionary: Spdy.dictionary })
  let deflated: Array<Buffer> = []
  deflate.on("data", (bytes: Buffer) => deflated.push(bytes))
  const text = (value: string) => Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)])
  const compress = (headers: Record<string, string>) =>
    Effect.callback<Buffer>((resume) => {
      const pairs = Object.entries(headers)
      deflate.write(Buffer.concat([number(pairs.length), ...pairs.flatMap(([name, value]) => [text(name), text(value)])]))
      deflate.flush(constants.Z_SYNC_FLUSH, () => {
        resume(Effect.succeed(Buffer.concat(deflated)))
        deflated = []
      })
    })
  const seen: Array<string> = []
  let buffered = Buffer.alloc(0)
  socket.on("data", (bytes: Buffer) => {
    buffered = Buffer.concat([buffered, bytes])
    while (buffered.length >= 8) {
      const [first, second] = [buffered.readUInt32BE(0), buffered.readUInt32BE(4)]
      const length = second & 0xff_ffff
      if (buffered.length < 8 + length) return
      const body = buffered.subarray(8, 8 + length)
      if (first < 2 ** 31) seen.push(second >>> 24 === 1 ? `${first} ends` : `${first}: ${body.toString()}`)
      else seen.push(`${["", "", "reply", "", "", "", "ping", "goaway"][first & 0xffff]} ${body.readUInt32BE(0)}`)
      buffered = buffered.subarray(8 + length)
    }
  })
  return {
    seen,
    open: (id: number, headers: Record<string, string>) =>
      Effect.map(compress(headers), (block) =>
        socket.write(
          Buffer.concat([number(0x8003_0001), number(block.length + 10), number(id), number(0), Buffer.alloc(2), block])
        )
      ),
    data: (id: number, value: string, fin = false) =>
      socket.write(Buffer.concat([number(id), number((fin ? 2 ** 24 : 0) + value.length), Buffer.from(value)])),
    ping: (id: number) => socket.write(Buffer.concat([number(0x8003_0006), number(4), number(id)])),
    until: (holds: (seen: ReadonlyArray<string>) => boolean) =>
      Effect.repeat(
        Effect.delay(
          Effect.sync(() => holds(seen)),
          "5 millis"
        ),
        { until: (is) => is }
      )
  }
}
