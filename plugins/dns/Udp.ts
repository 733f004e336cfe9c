/**
 * Datagrams. Two sockets of one address and port share what comes (SO_REUSEPORT), and what waits in a socket that closes is lost.
 * So a socket that shall go first leaves the group: a connected socket gets nothing but from its peer, and keeps what it has. And
 * one that comes does not join the group of one that goes: connected once and disconnected again it stands before it alone. Of IPv6,
 * and on a kernel that does not see it so, they share until the old one closes. Source: Linux, net/ipv4/udp.c (lookup, rehash).
 */
import { Effect } from "effect"
import { createSocket, type RemoteInfo, type Socket } from "node:dgram"
import { isIPv6 } from "node:net"
import type { Responder } from "./Responder.ts"

export type Run = (effect: Effect.Effect<unknown>) => unknown

/** Of a socket that goes: turns without a question before it closes, and how long it waits for answers, in milliseconds. */
const turn = 5
const patience = 3000
const discard = 9

interface Line {
  readonly socket: Socket
  readonly address: string
  isConnected: boolean
}

const connect = (line: Line) =>
  Effect.callback<void>((resume) => {
    if (line.isConnected) return resume(Effect.void)
    line.socket.connect(discard, isIPv6(line.address) ? "::1" : "127.0.0.1", () => {
      line.isConnected = true
      resume(Effect.void)
    })
  }).pipe(Effect.ignoreCause)
/** A connected socket sends to its peer alone. */
const disconnect = (line: Line) => {
  if (!line.isConnected) return
  line.isConnected = false
  line.socket.disconnect()
}

/** An address is what it is: it needs no lookup, which would cost every answer a turn of the event loop. */
const lookup = (
  address: string,
  _: unknown,
  found: (error: NodeJS.ErrnoException | null, address: string, family: number) => void
) => found(null, address, isIPv6(address) ? 6 : 4)

const open = (address: string, port: number) =>
  Effect.callback<Line, string>((resume) => {
    const type = isIPv6(address) ? "udp6" : "udp4"
    const socket = createSocket({ type, reusePort: true, ipv6Only: type === "udp6", lookup })
    socket.once("error", ({ message }) => resume(Effect.fail(message)))
    socket.bind(port, address, () => {
      socket.removeAllListeners("error")
      // An error of a single datagram is that asker's, not the server's.
      socket.on("error", () => undefined)
      resume(Effect.succeed({ socket, address, isConnected: false }))
    })
  })

/** A port that the kernel has chosen is lost when a socket is disconnected: it is taken a second time, by its number. */
const bound = (address: string, port: number) =>
  port !== 0
    ? open(address, port)
    : Effect.gen(function* () {
        const { socket } = yield* open(address, 0)
        return yield* Effect.ensuring(
          open(address, socket.address().port),
          Effect.sync(() => socket.close())
        )
      })

/** Answers until the scope closes; returns the port. */
export const listen = Effect.fnUntraced(function* (address: string, port: number, respond: Responder, run: Run) {
  let [asked, waiting, isLeaving] = [0, 0, false]
  const send = (line: Line, answer: Buffer, to: RemoteInfo) => {
    disconnect(line)
    line.socket.send(answer, to.port, to.address)
    if (isLeaving) run(connect(line))
  }
  const serve = (line: Line) => {
    line.socket.on("message", (bytes, from) => {
      asked++
      const { later, now } = respond(bytes, "udp")
      if (now !== undefined) send(line, now, from)
      if (later === undefined) return
      waiting++
      const answered = Effect.map(later, (answer) => send(line, answer, from))
      run(
        Effect.ensuring(
          answered,
          Effect.sync(() => void waiting--)
        )
      )
    })
  }
  const leave = Effect.fnUntraced(function* (line: Line) {
    isLeaving = true
    yield* connect(line)
    for (let waited = 0, seen = -1; waited < patience && (seen !== asked || waiting > 0); waited += turn) {
      seen = asked
      yield* Effect.sleep(turn)
    }
    yield* Effect.callback<void>((resume) => void line.socket.close(() => resume(Effect.void)))
  })
  const line = yield* Effect.acquireRelease(
    Effect.tap(bound(address, port), (line) => Effect.sync(() => serve(line))),
    leave
  )
  // It stands before those that are there. (A socket of IPv6 that was connected once is deaf for good.)
  if (!isIPv6(address)) {
    yield* connect(line)
    disconnect(line)
  }
  return line.socket.address().port
})
