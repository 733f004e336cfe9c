/** The sockets, UDP and TCP of one address and port. */
import { Effect, FiberSet, Schema } from "effect"
import { createSocket, type RemoteInfo } from "node:dgram"
import { createServer, isIPv6, type Socket } from "node:net"
import type { Responder } from "./Responder.ts"

export class NotListening extends Schema.TaggedError<NotListening>()("NotListening", {
  address: Schema.String,
  port: Schema.Int,
  transport: Schema.Literals(["udp", "tcp"]),
  detail: Schema.String
}) {}

const idle = 10_000
const mostConnections = 512

type Run = (effect: Effect.Effect<unknown>) => unknown

const udp = (address: string, port: number, respond: Responder, run: Run) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createSocket>, NotListening>((resume) => {
      const socket = createSocket(isIPv6(address) ? "udp6" : "udp4")
      const send = (answer: Buffer, to: RemoteInfo) => socket.send(answer, to.port, to.address, () => undefined)
      socket.on("message", (bytes, to) => {
        const { later, now } = respond(bytes, "udp")
        if (now !== undefined) send(now, to)
        if (later !== undefined) run(Effect.map(later, (answer) => send(answer, to)))
      })
      socket.once("error", ({ message }) =>
        resume(Effect.fail(new NotListening({ address, port, transport: "udp", detail: message })))
      )
      socket.bind(port, address, () => {
        // An error of a single datagram is that asker's, not the server's.
        socket.on("error", () => undefined)
        resume(Effect.succeed(socket))
      })
    }),
    (socket) => Effect.callback<void>((resume) => void socket.close(() => resume(Effect.void)))
  )

/** Questions come one behind another, each with its length before it, and so do the answers, in whatever order. */
const converse = (socket: Socket, respond: Responder, run: Run) => {
  let received = Buffer.alloc(0)
  const send = (answer: Buffer) => {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(answer.length)
    if (socket.writable) socket.write(Buffer.concat([length, answer]))
  }
  socket.setTimeout(idle, () => socket.destroy())
  socket.on("error", () => socket.destroy())
  socket.on("data", (data) => {
    received = Buffer.concat([received, data])
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0)
      const { later, now } = respond(received.subarray(2, end), "tcp")
      received = received.subarray(end)
      if (now !== undefined) send(now)
      if (later !== undefined) run(Effect.map(later, send))
    }
  })
}

const tcp = (address: string, port: number, respond: Responder, run: Run) =>
  Effect.acquireRelease(
    Effect.callback<() => void, NotListening>((resume) => {
      const open = new Set<Socket>()
      const server = createServer((socket) => {
        open.add(socket.once("close", () => open.delete(socket)))
        converse(socket, respond, run)
      })
      server.maxConnections = mostConnections
      server.once("error", ({ message }) =>
        resume(Effect.fail(new NotListening({ address, port, transport: "tcp", detail: message })))
      )
      server.listen(port, address, () => {
        server.on("error", () => undefined)
        resume(
          Effect.succeed(() => {
            server.close()
            for (const socket of open) socket.destroy()
          })
        )
      })
    }),
    (close) => Effect.sync(close)
  )

/** Answers until the scope closes. With port 0 it takes one that is free; which it is, it returns. */
export const listen = Effect.fnUntraced(function* (address: string, port: number, respond: Responder) {
  const fibers = yield* FiberSet.make()
  const run = yield* FiberSet.runtime(fibers)()
  const socket = yield* udp(address, port, respond, run)
  const taken = socket.address().port
  yield* tcp(address, taken, respond, run)
  return taken
})
