/** A connection becomes SPDY, if both ends know a protocol to speak over it. */
import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { refused } from "./Answers.ts"

export const isSpdy = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "spdy/3.1"

const header = "x-stream-protocol-version"

/** What the client names first, if it is one of ours; one that names none speaks ours. */
const agreed = ({ headers }: IncomingMessage, known: ReadonlyArray<string>) => {
  const named = headers[header]
  if (named === undefined) return known[0]
  return String(named)
    .split(",")
    .map((one) => one.trim())
    .find((one) => known.includes(one))
}

export const accept = Effect.fnUntraced(function* (request: IncomingMessage, socket: Duplex, known: ReadonlyArray<string>) {
  const protocol = agreed(request, known)
  if (protocol === undefined) return yield* refused(403, `expected one of the protocols ${known.join(", ")}`)
  const head = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: SPDY/3.1"]
  yield* Effect.sync(() => socket.write(`${[...head, `X-Stream-Protocol-Version: ${protocol}`].join("\r\n")}\r\n\r\n`))
})
