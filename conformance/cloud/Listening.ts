/** A server of a cloud's REST API on this machine, which is asked in JSON and answers so. */
import { Effect } from "effect"
import { createServer, type IncomingMessage } from "node:http"

export interface Asked {
  readonly method: string
  /** Of whatever host: only path and query count. */
  readonly url: URL
  readonly host: string
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: unknown
}
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: { readonly [name: string]: string }
}

const read = async (message: IncomingMessage): Promise<Asked> => {
  const pieces: Array<Buffer> = []
  for await (const piece of message) pieces.push(Buffer.from(piece))
  const text = Buffer.concat(pieces).toString("utf8")
  const headers = Object.entries(message.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join() : value])
  return {
    method: message.method ?? "GET",
    url: new URL(message.url ?? "/", "http://cloud"),
    host: message.headers.host ?? "",
    headers: Object.fromEntries(headers),
    body: text === "" ? undefined : JSON.parse(text)
  }
}

/** Gives its address, `127.0.0.1:port`. */
export const listen = (answer: (asked: Asked) => Promise<Answer>) =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer((message, reply) => {
          read(message)
            .then(answer)
            .then(({ body, headers, status }) => {
              reply.writeHead(status, { "content-type": "application/json", ...headers })
              reply.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body))
            })
            .catch(() => message.socket.destroy())
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        // Who asks holds the process; a server that waits does not.
        server.unref()
      }),
      (server) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    )
    const address = server.address()
    return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  })
