/** SPDY as upstream's clients speak it: streams with headers, both ways, and what is done with them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { constants, createDeflate } from "node:zlib"
import * as PortForward from "../../plugins/kubelet/server/PortForward.ts"
import * as Spdy from "../../plugins/kubelet/server/Spdy.ts"

const portOf = (server: ReturnType<typeof createServer>) => (server.address() as AddressInfo).port

const listening = (connected: (socket: Socket) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer(connected).listen(0, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) => Effect.sync(() => server.close())
  )

/** The client's end: what it writes, and what came back, as `stream: text`. */
const client = Effect.fnUntraced(function* (port: number) {
  const socket = connect(port, "127.0.0.1")
  yield* Effect.addFinalizer(() => Effect.sync(() => socket.destroy()))
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
})
const number = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

describe("SPDY", () => {
  it.live("streams have headers, and carry what both ends write, to their ends", () =>
    Effect.gen(function* () {
      const headers: Array<unknown> = []
      const server = yield* listening((socket) => {
        const session = Spdy.serve(socket, Buffer.alloc(0))
        session.streams((stream) => {
          headers.push(stream.headers)
          stream.listen((bytes) => {
            if (bytes === undefined) {
              stream.end()
              session.close()
            } else stream.write(Buffer.from(bytes.toString().toUpperCase()), () => undefined)
          })
        })
      })
      const { data, open, ping, seen, until } = yield* client(portOf(server))
      yield* open(1, { streamType: "stdin", host: "n1" })
      yield* open(3, { streamType: "error" })
      data(1, "hello")
      ping(7)
      yield* until((seen) => seen.includes("ping 7"))
      data(1, " again", true)
      yield* until((seen) => seen.includes("goaway 0"))
      assert.deepStrictEqual(headers, [{ streamtype: "stdin", host: "n1" }, { streamtype: "error" }])
      assert.deepStrictEqual(seen, ["reply 1", "reply 3", "1: HELLO", "ping 7", "1:  AGAIN", "1 ends", "goaway 0"])
    }).pipe(Effect.scoped)
  )

  it.live("ports of a Pod are reached, each connection by two streams; what is not there is told", () =>
    Effect.gen(function* () {
      const pod = yield* listening((socket) => {
        socket.on("data", (bytes: Buffer) => socket.end(`you said ${bytes}`))
      })
      const gone = yield* listening(() => undefined)
      const free = portOf(gone)
      gone.close()
      const server = yield* listening((socket) => {
        Effect.runFork(PortForward.serve(socket, Buffer.alloc(0), "127.0.0.1"))
      })
      const { data, open, seen, until } = yield* client(portOf(server))
      const pair = (first: number, port: number) =>
        Effect.andThen(
          open(first, { streamType: "error", port: `${port}`, requestID: `${first}` }),
          open(first + 2, { streamType: "data", port: `${port}`, requestID: `${first}` })
        )
      yield* pair(1, portOf(pod))
      data(3, "hello")
      yield* until((seen) => seen.includes("3 ends") && seen.includes("1 ends"))
      assert.include(seen, "3: you said hello")
      yield* pair(5, free)
      yield* until((seen) => seen.includes("5 ends"))
      assert.isTrue(seen.some((one) => one.startsWith(`5: connecting to port ${free}`)))
    }).pipe(Effect.scoped)
  )
})
