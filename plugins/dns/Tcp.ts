/** Connections: questions come one behind another, each with its length before it, and so do the answers, in whatever order. */
import { Effect } from "effect"
import { createServer, isIPv6, type Server, type Socket } from "node:net"
import type { Responder } from "./Responder.ts"
import type { Run } from "./Udp.ts"

const idle = 10_000
const mostConnections = 512
/** How long a connection is waited for when its server goes: one that asks nothing, and one that waits for an answer. In milliseconds. */
const [idleGrace, patience] = [250, 3000]
const turn = 10

interface Conversation {
  readonly socket: Socket
  waiting: number
}

const converse = (conversation: Conversation, respond: Responder, run: Run) => {
  const { socket } = conversation
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
      if (later === undefined) continue
      conversation.waiting++
      run(
        Effect.ensuring(
          Effect.map(later, send),
          Effect.sync(() => void conversation.waiting--)
        )
      )
    }
  })
}

/** Takes no more connections; those that are there may ask what they came for, and get their answers. */
const leave = Effect.fnUntraced(function* (server: Server, open: ReadonlySet<Conversation>) {
  server.close()
  const isAwaited = (waited: number) =>
    waited < idleGrace ? open.size > 0 : [...open].some(({ waiting }) => waiting > 0) && waited < patience
  for (let waited = 0; isAwaited(waited); waited += turn) yield* Effect.sleep(turn)
  for (const { socket } of open) socket.end(() => socket.destroy())
})

export const listen = (address: string, port: number, respond: Responder, run: Run) =>
  Effect.suspend(() => {
    const open = new Set<Conversation>()
    return Effect.acquireRelease(
      Effect.callback<Server, string>((resume) => {
        const server = createServer((socket) => {
          const conversation = { socket, waiting: 0 }
          open.add(conversation)
          socket.once("close", () => open.delete(conversation))
          converse(conversation, respond, run)
        })
        server.maxConnections = mostConnections
        server.once("error", ({ message }) => resume(Effect.fail(message)))
        server.listen({ port, host: address, reusePort: true, ipv6Only: isIPv6(address) }, () => {
          server.on("error", () => undefined)
          resume(Effect.succeed(server))
        })
      }),
      (server) => leave(server, open)
    )
  })
