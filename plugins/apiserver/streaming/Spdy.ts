/**
 * SPDY between a client and a node's kubelet. This server understands none of it: it passes bytes on, as they come from a client that
 * speaks SPDY itself, or out of a WebSocket that one is put into. Source: KEP-4006, "tunneling".
 */
import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import { request as secureRequest } from "node:https"
import type { Duplex } from "node:stream"
import { type RawData, WebSocket } from "ws"
import { internal, type Refused } from "../Refused.ts"
import type { Target } from "./Upstream.ts"

const version = "x-stream-protocol-version"

export const isSpdy = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "spdy/3.1"

/** The protocols that a client offers, what it likes best first. */
export const offeredBy = ({ headers }: IncomingMessage) => String(headers[version] ?? "")

interface Backend {
  readonly socket: Duplex
  readonly protocol: string
}

/** Resolves when the kubelet has accepted, or fails with what it says. */
export const dial = (target: Target, offered: string) =>
  Effect.callback<Backend, Refused>((resume) => {
    const { scheme: _, ...options } = target
    const headers = { connection: "Upgrade", upgrade: "SPDY/3.1", ...(offered !== "" && { [version]: offered }) }
    const call = secureRequest({ ...options, method: "POST", headers })
    call.once("upgrade", (answer, socket, head) => {
      // What came with the answer is the beginning of what comes.
      if (head.length > 0) socket.unshift(head)
      resume(Effect.succeed({ socket, protocol: String(answer.headers[version] ?? "") }))
    })
    call.once("response", (answer) => {
      let text = ""
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk
      })
      answer.on("close", () => resume(Effect.fail(internal(text.trim() || `the kubelet answered ${answer.statusCode}`))))
    })
    call.on("error", (error) => resume(Effect.fail(internal(`error dialing backend: ${error.message}`))))
    call.end()
    return Effect.sync(() => call.destroy())
  })

/** Until either end closes. */
export const both = (one: Duplex, other: Duplex) =>
  Effect.callback<void>((resume) => {
    const end = () => {
      one.destroy()
      other.destroy()
      resume(Effect.void)
    }
    for (const socket of [one, other]) socket.once("error", end).once("close", end)
    one.pipe(other)
    other.pipe(one)
    return Effect.sync(end)
  })

/** A client that speaks SPDY: both ends are connected as they are. */
export const pass = (client: Duplex, head: Buffer, { protocol, socket }: Backend) =>
  Effect.suspend(() => {
    const lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: SPDY/3.1"]
    if (protocol !== "") lines.push(`X-Stream-Protocol-Version: ${protocol}`)
    client.write(`${lines.join("\r\n")}\r\n\r\n`)
    if (head.length > 0) socket.write(head)
    return both(client, socket)
  })

const bytesOf = (data: RawData) =>
  Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data

/** A client that has put SPDY into a WebSocket. */
export const tunnel = (client: WebSocket, { socket }: Backend) =>
  Effect.callback<void>((resume) => {
    client.on("message", (data: RawData) => {
      if (socket.write(bytesOf(data))) return
      client.pause()
      socket.once("drain", () => client.resume())
    })
    socket.on("data", (bytes: Buffer) => {
      if (client.readyState !== WebSocket.OPEN) return
      socket.pause()
      client.send(bytes, { binary: true }, () => socket.resume())
    })
    client.on("error", () => socket.destroy())
    client.once("close", () => {
      socket.destroy()
      resume(Effect.void)
    })
    socket.on("error", () => client.close(1011))
    socket.once("close", () => client.close(1000))
    return Effect.sync(() => {
      client.close(1001)
      socket.destroy()
    })
  })
