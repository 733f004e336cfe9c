/** Small HTTP servers that only tell how things are. */
import { Effect, Schedule, Schema } from "effect"
import { createServer, type Server } from "node:http"

export interface Answer {
  readonly status: number
  readonly type: "application/json" | "text/plain; version=0.0.4; charset=utf-8"
  readonly headers?: { readonly [name: string]: string }
  readonly body: string
}

class NotListening extends Schema.TaggedError<NotListening>()("NotListening", { detail: Schema.String }) {}

const listen = (server: Server, port: number, host: string | undefined) =>
  Effect.callback<void, NotListening>((resume) => {
    const refused = ({ message }: Error) => resume(Effect.fail(new NotListening({ detail: message })))
    server.once("error", refused)
    server.listen({ port, host }, () => {
      server.off("error", refused)
      resume(Effect.void)
    })
  })

/**
 * Answers until the scope closes. A port that is taken is waited for: while one proxy follows another, the old one still answers
 * there, and a proxy is worth having without.
 */
export const serve = Effect.fnUntraced(function* (
  port: number,
  host: string | undefined,
  answer: (path: string) => Effect.Effect<Answer | undefined>
) {
  const context = yield* Effect.context<never>()
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost")
    Effect.runForkWith(context)(
      Effect.map(answer(pathname), (found) => {
        const { body, headers = {}, status, type } = found ?? { status: 404, type: "application/json", body: "" }
        response.writeHead(status, { "content-type": type, "x-content-type-options": "nosniff", ...headers }).end(body)
      })
    )
  })
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
  )
  const tell = ({ detail }: NotListening) => Effect.logWarning(`port ${port} is not served yet`, detail)
  yield* listen(server, port, host).pipe(
    Effect.tapError(tell),
    Effect.catch(() => Effect.retry(listen(server, port, host), Schedule.spaced("200 millis"))),
    Effect.ignore,
    Effect.forkScoped
  )
})
