/**
 * Requests passed on to a server that answers for a group instead of this one, and its answers passed back as they come: also
 * watches, and connections that become something else. It is told who asks; what proved that stays here.
 * Source: "Kubernetes API Aggregation Layer".
 */
import { Effect } from "effect"
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http"
import { request as httpsRequest } from "node:https"
import type { Duplex } from "node:stream"
import type { User } from "../../../kernel/pipeline/Attributes.ts"
import { type Answer, sent, whole } from "../Answer.ts"
import type { Backend, Reached } from "../contracts/Backends.ts"
import * as RequestHeader from "../contracts/RequestHeader.ts"
import type { Exchange } from "../Exchange.ts"
import type { DoorError } from "../Refused.ts"
import * as Switching from "./Switching.ts"
import { call, pipe } from "./Upstream.ts"

const refused = (code: number, why: string): Answer =>
  whole(code, `${why}\n`, { "x-content-type-options": "nosniff" }, Switching.plain)
const unavailable = refused(503, "service unavailable")

/** Of the connection, not of the request; and what showed this server who asks. */
const kept = new Set([
  "authorization",
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade"
])
const isKept = (name: string) =>
  kept.has(name) || name.startsWith(":") || name.startsWith("impersonate-") || RequestHeader.isRemote(name)

const passed = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).filter(([name, value]) => !isKept(name) && value !== undefined))

const headersOf = (headers: IncomingHttpHeaders, user: User, { servername }: Reached) => ({
  ...passed(headers),
  ...RequestHeader.encode(user),
  host: servername
})

/** The body goes on as it comes, no faster than it is taken. */
const fill =
  ({ incoming, method }: Exchange) =>
  (request: ClientRequest) => {
    if (method === "GET" || method === "HEAD") return request.end()
    incoming.on("data", (chunk) => {
      if (request.write(chunk)) return
      incoming.pause()
      request.once("drain", () => incoming.resume())
    })
    incoming.on("end", () => request.end())
    incoming.on("error", () => request.destroy())
    return request
  }

export const answer = (exchange: Exchange, url: string, backend: Backend): Effect.Effect<Answer, DoorError> =>
  Effect.gen(function* () {
    if (!backend.isAvailable) return unavailable
    const reached = yield* backend.reach
    const { incoming, method, outgoing, user } = exchange
    const { agent, host, port, servername } = reached
    const headers = headersOf(incoming.headers, user, reached)
    const target = { scheme: "https" as const, agent, host, port, servername, path: url, method, headers }
    const response = yield* call(target, fill(exchange))
    const { statusCode = 502 } = response
    outgoing.writeHead(statusCode, passed(response.headers))
    outgoing.flushHeaders?.()
    exchange.initialized?.()
    yield* pipe(response, outgoing)
    return sent(statusCode)
  }).pipe(
    Effect.catchTag("Unreachable", () => Effect.succeed(unavailable)),
    Effect.catchTag("Refused", ({ detail }) => Effect.succeed(refused(503, detail)))
  )

const dial = (reached: Reached, incoming: IncomingMessage, user: User) => {
  const { agent: _, ...place } = reached
  const headers = { ...headersOf(incoming.headers, user, reached), connection: "Upgrade" }
  const upgrade = incoming.headers.upgrade ?? ""
  // A connection of its own, with what the agent's would have shown.
  const options = { ...reached.agent.options, ...place, agent: false as const, path: incoming.url ?? "/" }
  return Switching.dial(() =>
    httpsRequest({ ...options, method: incoming.method ?? "GET", headers: { ...headers, upgrade } })
  )
}

const say = (client: Duplex, code: number, why: string) =>
  Effect.sync(() => {
    client.end(`${Switching.head(code, ["Content-Type", Switching.plain, "Connection", "close"])}${why}\n`)
  })

/** Until either end closes. */
export const upgrade = (
  client: Duplex,
  incoming: IncomingMessage,
  first: Buffer,
  user: User,
  backend: Backend
): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (!backend.isAvailable) return yield* say(client, 503, "service unavailable")
    return yield* Switching.pass(client, first, yield* dial(yield* backend.reach, incoming, user))
  }).pipe(
    Effect.catchTag("Unreachable", () => say(client, 503, "service unavailable")),
    Effect.catchTag("Refused", ({ detail }) => say(client, 503, detail))
  )
