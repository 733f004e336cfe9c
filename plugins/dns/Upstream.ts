/** One attempt to ask another server, over UDP or TCP. */
import { Effect, Schema } from "effect"
import { createSocket } from "node:dgram"
import { connect, isIPv6 } from "node:net"
import type { Query } from "./Wire.ts"

export class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", { server: Schema.String, detail: Schema.String }) {}

export type Transport = "udp" | "tcp"

const failed = (server: string) => (cause: unknown) =>
  new NoAnswer({ server, detail: cause instanceof Error ? cause.message : String(cause) })

/** `10.0.0.1`, `10.0.0.1:5353` or `[fd00::1]:53`. */
export const endpoint = (server: string): { readonly host: string; readonly port: number } => {
  const { host = server, port = "53" } =
    /^\[?(?<host>[^\]]+?)\]?:(?<port>\d+)$/.exec(isIPv6(server) ? "" : server)?.groups ?? {}
  return { host, port: Number(port) }
}

const sameQuestion = (answer: Buffer, id: number, { question }: Query) =>
  answer.length >= 12 + question.length &&
  answer.readUInt16BE(0) === id &&
  answer.toString("latin1", 12, 12 + question.length).toLowerCase() === question.toString("latin1").toLowerCase()

/** By a socket of its own, hence a port of its own: who wants to forge the answer has to guess it. */
const byUdp = (server: string, message: Buffer, id: number, query: Query) => {
  const { host, port } = endpoint(server)
  return Effect.acquireUseRelease(
    Effect.sync(() => createSocket(isIPv6(host) ? "udp6" : "udp4")),
    (socket) =>
      Effect.callback<Buffer, NoAnswer>((resume) => {
        const fail = (cause: unknown) => resume(Effect.fail(failed(server)(cause)))
        socket.on("error", fail)
        socket.on("message", (answer) => {
          if (sameQuestion(answer, id, query)) resume(Effect.succeed(answer))
        })
        // Connected, so that a refusal is heard, and nobody else.
        socket.connect(port, host, () => socket.send(message, (error) => error !== null && fail(error)))
      }),
    (socket) =>
      Effect.sync(() => {
        socket.removeAllListeners().on("error", () => undefined)
        socket.close()
      })
  )
}

const byTcp = (server: string, message: Buffer, id: number, query: Query) =>
  Effect.acquireUseRelease(
    Effect.sync(() => connect(endpoint(server))),
    (socket) =>
      Effect.callback<Buffer, NoAnswer>((resume) => {
        const fail = (cause: unknown) => resume(Effect.fail(failed(server)(cause)))
        let received = Buffer.alloc(0)
        socket.on("error", fail)
        socket.on("close", () => fail("it closed the connection"))
        socket.on("data", (data) => {
          received = Buffer.concat([received, data])
          if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
          const answer = received.subarray(2, 2 + received.readUInt16BE(0))
          if (sameQuestion(answer, id, query)) resume(Effect.succeed(answer))
          else fail("it answered another question")
        })
        const length = Buffer.alloc(2)
        length.writeUInt16BE(message.length)
        socket.write(Buffer.concat([length, message]))
      }),
    (socket) =>
      Effect.sync(() =>
        socket
          .removeAllListeners()
          .on("error", () => undefined)
          .destroy()
      )
  )

/** `bytes` is a whole message that asks; it goes out under this number. */
export const ask = (server: string, bytes: Buffer, id: number, query: Query, transport: Transport) => {
  const message = Buffer.from(bytes)
  message.writeUInt16BE(id, 0)
  return (transport === "udp" ? byUdp : byTcp)(server, message, id, query)
}
