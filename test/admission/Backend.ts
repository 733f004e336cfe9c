/** A server of webhooks for tests: over TLS, it answers what a function says, and keeps what it was asked. */
import { Effect, type Schema } from "effect"
import { createServer } from "node:https"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"

export interface Asked {
  readonly path: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read what was sent as they expect it
  readonly body: any
  readonly contentType: string | undefined
}
/** `undefined`: never. A number: that code, without a body. */
export type Reply = Schema.JsonObject | number | string | undefined

export interface Backend {
  readonly port: number
  readonly url: string
  /** PEM in base64: of its authority, and its own certificate. */
  readonly caBundle: string
  readonly ownBundle: string
  readonly asked: Array<Asked>
}

/** Until the scope closes. */
export const start = Effect.fnUntraced(function* (
  answer: (asked: Asked) => Reply,
  hosts: ReadonlyArray<string> = ["127.0.0.1"]
) {
  const ca = yield* Pki.authority("webhooks")
  const pair = yield* Pki.issue(ca, { commonName: hosts[0] ?? "", hosts, usages: ["server"] })
  const asked: Array<Asked> = []
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const listening = createServer(pair, (request, response) => {
        let text = ""
        request.on("data", (chunk: Buffer) => {
          text += chunk.toString()
        })
        request.on("end", () => {
          const one = {
            path: request.url ?? "",
            body: text === "" ? undefined : JSON.parse(text),
            contentType: request.headers["content-type"]
          }
          asked.push(one)
          const reply = answer(one)
          if (reply === undefined) return
          response.statusCode = typeof reply === "number" ? reply : 200
          response.end(typeof reply === "object" ? JSON.stringify(reply) : typeof reply === "string" ? reply : "")
        })
      })
      listening.listen(0, "127.0.0.1", () => resume(Effect.succeed(listening)))
    }),
    (server) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const caBundle = Buffer.from(ca.cert).toString("base64")
  const ownBundle = Buffer.from(pair.cert).toString("base64")
  return { port, url: `https://127.0.0.1:${port}`, caBundle, ownBundle, asked } satisfies Backend
})
