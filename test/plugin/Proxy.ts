/** A plain HTTP/1.1 door before the API, like `kubectl proxy`, that can cut connections and answer in the server's place. */
import { Effect } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { Agent, request } from "node:https"
import type { Cluster } from "../apiserver/Cluster.ts"

export const start = Effect.fnUntraced(function* ({ admin, ca, port }: Cluster) {
  const control = {
    asked: [] as Array<string>,
    /** A Status instead of an answer. */
    instead: (_path: string): object | undefined => undefined,
    cut: () => server.closeAllConnections()
  }
  const agent = new Agent({ ca: ca.cert, ...admin.pair })
  const refuse = (status: object, reply: ServerResponse) => {
    reply.writeHead("code" in status ? Number(status.code) : 500, { "content-type": "application/json" })
    reply.end(JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", ...status }))
  }
  const server = createServer((asked: IncomingMessage, reply) => {
    const { headers, method, url: path = "/" } = asked
    control.asked.push(`${method} ${path}`)
    const status = control.instead(path)
    if (status !== undefined) return refuse(status, reply)
    const on = request({ host: "127.0.0.1", port, path, method, headers, agent }, (answer) => {
      reply.writeHead(answer.statusCode ?? 500, answer.headers)
      reply.flushHeaders()
      answer.pipe(reply)
    })
    on.on("error", () => reply.destroy())
    reply.on("close", () => on.destroy())
    asked.pipe(on)
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
        agent.destroy()
      })
  )
  const address = server.address()
  const own = typeof address === "object" && address !== null ? address.port : 0
  return { control, server: `http://127.0.0.1:${own}` }
})
