/**
 * A request that wants its connection to become something else (a WebSocket, SPDY), passed on to somebody who may do that; after it both
 * ends are connected as they are. Source: RFC 9110, "Upgrade".
 */
import { Effect } from "effect"
import { type ClientRequest, type IncomingMessage, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { internal, type Refused } from "../Refused.ts"
import { both } from "./Spdy.ts"

export const plain = "text/plain; charset=utf-8"

/** What was answered; with the socket, if the connection has become something else. */
interface Dialled {
  readonly answer: IncomingMessage
  readonly socket?: Duplex
}

export const dial = (request: () => ClientRequest) =>
  Effect.callback<Dialled, Refused>((resume) => {
    const call = request()
    call.once("upgrade", (answer, socket, first) => {
      // What came with the answer is the beginning of what comes.
      if (first.length > 0) socket.unshift(first)
      resume(Effect.succeed({ answer, socket }))
    })
    call.once("response", (answer) => resume(Effect.succeed({ answer })))
    call.on("error", ({ message }) => resume(Effect.fail(internal(`error dialing backend: ${message}`))))
    call.end()
    return Effect.sync(() => call.destroy())
  })

export const head = (code: number, headers: ReadonlyArray<string>) => {
  const lines = [`HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ""}`]
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`)
  return `${lines.join("\r\n")}\r\n\r\n`
}

/** An answer that becomes nothing else. */
const relay = (client: Duplex, answer: IncomingMessage) =>
  Effect.callback<void>((resume) => {
    answer.pipe(client)
    answer.once("close", () => resume(Effect.void))
    return Effect.sync(() => answer.destroy())
  })

/** Until either end closes. `first`: what the client has sent already. */
export const pass = (client: Duplex, first: Buffer, { answer, socket }: Dialled): Effect.Effect<void> =>
  Effect.suspend(() => {
    const code = answer.statusCode ?? 502
    if (socket === undefined) {
      const { "content-type": type = plain } = answer.headers
      client.write(head(code, ["Content-Type", type, "Connection", "close"]))
      return relay(client, answer)
    }
    client.write(head(code, answer.rawHeaders))
    if (first.length > 0) socket.write(first)
    return both(client, socket)
  })
