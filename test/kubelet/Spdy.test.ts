/** SPDY as upstream's clients speak it: streams with headers, both ways, and what is done with them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import * as PortForward from "../../plugins/kubelet/server/PortForward.ts"
import * as Spdy from "../../plugins/kubelet/server/Spdy.ts"
import * as SpdyClient from "./SpdyClient.ts"

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

const client = (port: number) =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.sync(() => connect(port, "127.0.0.1")),
      (socket) => Effect.sync(() => socket.destroy())
    ),
    SpdyClient.over
  )

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
