/**
 * Connections to a Pod's ports over SPDY: for each the client opens a stream for what is said and one for what went wrong. They lead to
 * the Pod's address, so what listens on its loopback alone is not reached. Source: upstream's `portforward`.
 */
import { Effect } from "effect"
import { connect } from "node:net"
import type { Duplex } from "node:stream"
import * as Spdy from "./Spdy.ts"

export const protocols = ["portforward.k8s.io"]

/** One connection, when both its streams are there. */
const forward = (host: string, port: number, data: Spdy.SpdyStream, error: Spdy.SpdyStream) => {
  const socket = connect({ host, port })
  const end = () => {
    data.end()
    error.end()
  }
  socket.on("error", (cause) => error.write(Buffer.from(`connecting to port ${port}: ${cause.message}`), end))
  socket.on("data", (bytes) => {
    socket.pause()
    data.write(bytes, () => socket.resume())
  })
  socket.on("end", end)
  data.listen((bytes) => (bytes === undefined ? socket.end() : socket.write(bytes)))
  return socket
}

/** Until the connection ends. */
export const serve = (socket: Duplex, head: Buffer, host: string) =>
  Effect.callback<void>((resume) => {
    const session = Spdy.serve(socket, head)
    const waiting = new Map<string, Spdy.SpdyStream>()
    const sockets = new Set<ReturnType<typeof connect>>()
    session.streams((stream) => {
      const { port = "", requestid = "", streamtype = "" } = stream.headers
      const other = waiting.get(requestid)
      if (other === undefined) return waiting.set(requestid, stream)
      waiting.delete(requestid)
      const [data, error] = streamtype === "data" ? [stream, other] : [other, stream]
      const opened = forward(host, Number(port), data, error)
      sockets.add(opened)
      return opened.once("close", () => sockets.delete(opened))
    })
    session.closed(() => {
      for (const open of sockets) open.destroy()
      resume(Effect.void)
    })
    return Effect.sync(() => socket.destroy())
  })
