/** Servers behind a proxy, as the checks need them: each says who it is and what reached it. */
import { Effect } from "effect"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Duplex } from "node:stream"

export interface Seen {
  readonly who: string
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly bytes: number
}

const told = ({ headers }: IncomingMessage) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))

const whole = async (request: IncomingMessage) => {
  let bytes = 0
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) bytes += chunk.length
  return bytes
}

/** By its path it can be told to take its time, or to answer in parts: `/slow/2000`, `/parts`. */
const answer = (who: string, held: Set<ServerResponse>) => async (request: IncomingMessage, response: ServerResponse) => {
  const bytes = await whole(request)
  const url = request.url ?? ""
  response.setHeader("x-backend", who)
  response.setHeader("x-given", "by-backend")
  if (url.startsWith("/held")) {
    held.add(response)
    response.write("begun\n")
    return
  }
  const slow = /^\/slow\/(\d+)/.exec(url)
  if (slow !== null) await new Promise((resolve) => setTimeout(resolve, Number(slow[1])))
  const seen: Seen = { who, method: request.method ?? "", url, headers: told(request), bytes }
  response.setHeader("content-type", "application/json")
  response.end(JSON.stringify(seen))
}

/** Whatever comes over a connection that was upgraded goes back. */
const echo = (_request: IncomingMessage, socket: Duplex) => {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: laws\r\n\r\n")
  socket.on("error", () => socket.destroy())
  socket.pipe(socket)
}

/** Until the scope closes. `release` ends the answers that are held back. */
export const serve = (who: string, address = "127.0.0.1") =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly server: Server; readonly held: Set<ServerResponse> }>((resume) => {
        const held = new Set<ServerResponse>()
        const handle = answer(who, held)
        const server = createServer((request, response) => void handle(request, response))
        server.on("upgrade", echo)
        server.listen(0, address, () => resume(Effect.succeed({ server, held })))
      }),
      ({ server }) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    ),
    ({ held, server }) => ({
      port: portOf(server),
      release: Effect.sync(() => {
        for (const response of held) response.end("ended\n")
        held.clear()
      })
    })
  )
export type Backend = Effect.Success<ReturnType<typeof serve>>

const portOf = (server: Server) => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}
