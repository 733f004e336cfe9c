/**
 * `proxy` of Pods, Services and Nodes: any request passed on to what runs there. Source: "Access services running on clusters".
 */
import { Effect } from "effect"
import type { ClientRequest, IncomingHttpHeaders } from "node:http"
import { BadRequest } from "../../../kernel/client/Errors.ts"
import { type At, Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import type { Endpoints } from "../../resources/contracts/core/v1.ts"
import { sent } from "../Answer.ts"
import * as Body from "../Body.ts"
import type { Exchange } from "../Exchange.ts"
import { badGateway } from "../Refused.ts"
import type { Kubelet } from "./Kubelet.ts"
import { asPod, kubeletOf, read } from "./Nodes.ts"
import { call, pipe, type Target } from "./Upstream.ts"

/** Headers that belong to one connection, and those that would show the caller's credentials to a Pod. */
const kept = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "te",
  "trailer",
  "host",
  "authorization",
  "content-length"
])
const passed = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => !kept.has(name) && !name.startsWith(":") && value !== undefined)
  )

const verbs: { readonly [method: string]: string } = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" }

const allowed = Effect.fnUntraced(function* ({ method }: Exchange, at: At) {
  const pipeline = yield* Pipeline
  yield* pipeline.authorize(at, verbs[method] ?? "get")
})

const pathOf = ({ query }: Exchange, rest: string) => `${rest === "" ? "/" : rest}${query.size === 0 ? "" : `?${query}`}`

const forward = Effect.fnUntraced(function* (exchange: Exchange, target: Target) {
  const { incoming, method, outgoing } = exchange
  const body = method === "GET" || method === "HEAD" ? undefined : yield* Body.read(incoming)
  const headers = { ...passed(incoming.headers), ...(body !== undefined && { "content-length": body.length }) }
  const response = yield* call({ ...target, method, headers }, (request: ClientRequest) => request.end(body))
  const { statusCode = 502 } = response
  outgoing.writeHead(statusCode, passed(response.headers))
  yield* pipe(response, outgoing)
  return sent(statusCode)
})

/** `[scheme:]name[:port]`. */
const parse = (text: string) => {
  const parts = text.split(":")
  const scheme = parts.length > 1 && (parts[0] === "http" || parts[0] === "https") ? parts.shift() : undefined
  const [name = "", port = ""] = parts
  return { scheme: scheme === "https" ? ("https" as const) : ("http" as const), name, port }
}

/** What a Pod or a Service shows is nobody's certificate. */
const to = (scheme: Target["scheme"], host: string, port: number, path: string): Target => ({
  scheme,
  host,
  port,
  path,
  ...(scheme === "https" && { rejectUnauthorized: false })
})

export const pod = Effect.fnUntraced(function* (exchange: Exchange, at: At, rest: string) {
  yield* allowed(exchange, at)
  const { name, port, scheme } = parse(at.name)
  const { spec, status } = asPod(yield* read("pods", at.namespace, name))
  const host = status.podIP
  if (host === undefined || host === "") return yield* badGateway(`the pod ${name} has no address yet`)
  const ports = spec.containers.flatMap(({ ports = [] }) => ports)
  const named = ports.find((one) => one.name === port)?.containerPort
  const number = port === "" ? ports[0]?.containerPort : (named ?? Number(port))
  return yield* forward(exchange, to(scheme, host, number || (scheme === "https" ? 443 : 80), pathOf(exchange, rest)))
})

// The rows of this storage hold this kind, hence the cast.
const asEndpoints = (row: Row) => row.object as Endpoints

export const service = Effect.fnUntraced(function* (exchange: Exchange, at: At, rest: string) {
  yield* allowed(exchange, at)
  const { name, port, scheme } = parse(at.name)
  yield* read("services", at.namespace, name)
  const endpoints = asEndpoints(yield* read("endpoints", at.namespace, name))
  for (const { addresses = [], ports = [] } of endpoints.subsets ?? []) {
    const [address] = addresses
    const chosen = port === "" ? ports[0] : ports.find((one) => one.name === port || `${one.port}` === port)
    if (address !== undefined && chosen !== undefined) {
      return yield* forward(exchange, to(scheme, address.ip, chosen.port, pathOf(exchange, rest)))
    }
  }
  return yield* new BadRequest({ detail: `no endpoints available for service ${JSON.stringify(at.name)}` })
})

export const node = Effect.fnUntraced(function* (exchange: Exchange, at: At, rest: string, kubelet: Kubelet) {
  yield* allowed(exchange, at)
  const { name } = parse(at.name)
  return yield* forward(exchange, kubelet.target(yield* kubeletOf(name), pathOf(exchange, rest)))
})
