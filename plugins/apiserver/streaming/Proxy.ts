/**
 * `proxy` of Pods, Services and Nodes: any request passed on to what runs there. Source: "Access services running on clusters".
 */
import { Effect, Option, Random } from "effect"
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http"
import { type At, Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import type { Endpoints, Service } from "../../resources/contracts/core/v1.ts"
import { sent } from "../Answer.ts"
import * as Body from "../Body.ts"
import { type Exchange, header } from "../Exchange.ts"
import { badGateway, Refused } from "../Refused.ts"
import { optionsOf } from "./ConnectOptions.ts"
import type { Kubelet } from "./Kubelet.ts"
import * as Links from "./Links.ts"
import { asPod, kubeletOf, read } from "./Nodes.ts"
import { bytesOf, call, pipe, type Target } from "./Upstream.ts"

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

/** The URL's path up to `/proxy`, and what follows it, both as they were sent: what is escaped stays so. */
const cut = ({ path }: Exchange, { namespace }: At) => {
  const segments = path.split("/")
  const length = namespace === "" ? 6 : 8
  const rest = segments.slice(length)
  return { prefix: segments.slice(0, length).join("/"), rest: rest.length === 0 ? "" : `/${rest.join("/")}` }
}

const allowed = Effect.fnUntraced(function* (exchange: Exchange, at: At) {
  const pipeline = yield* Pipeline
  const path = cut(exchange, at).rest
  yield* pipeline.connect(at, verbs[exchange.method] ?? "get", optionsOf(at, exchange.query, path))
})

/** Pages larger than this come as they are. */
const pageLimit = 16 << 20

const isPage = ({ headers }: IncomingMessage) =>
  headers["content-type"]?.split(";")[0]?.trim().toLowerCase() === "text/html" &&
  headers["content-encoding"] === undefined &&
  Number(headers["content-length"] ?? 0) <= pageLimit

const forward = Effect.fnUntraced(function* (exchange: Exchange, at: At, target: Target) {
  const { incoming, method, outgoing, query } = exchange
  const { prefix, rest } = cut(exchange, at)
  const search = query.size === 0 ? "" : `?${query}`
  if (rest === "" && (method === "GET" || method === "HEAD")) {
    // Without the slash the links of what comes would lead beside it.
    outgoing.writeHead(301, { location: `${prefix}/${search}` })
    outgoing.end()
    return sent(301)
  }
  const body = method === "GET" || method === "HEAD" ? undefined : yield* Body.read(incoming)
  const headers = { ...passed(incoming.headers), ...(body !== undefined && { "content-length": body.length }) }
  const path = (rest || "/") + search
  const response = yield* call({ ...target, path, method, headers }, (request: ClientRequest) => request.end(body))
  const { statusCode = 502 } = response
  const place = {
    hosts: [`${target.host}:${target.port}`, header(incoming, "host") ?? header(incoming, ":authority") ?? ""],
    prefix
  }
  const { location, ...others } = passed(response.headers)
  const answered = { ...others, ...(typeof location === "string" && { location: Links.rewrite(location, place) }) }
  if (method !== "HEAD" && isPage(response)) {
    const page = Buffer.from(Links.rewriteAll((yield* bytesOf(response)).toString("latin1"), place), "latin1")
    outgoing.writeHead(statusCode, { ...answered, "content-length": page.length })
    outgoing.end(page)
    return sent(statusCode)
  }
  outgoing.writeHead(statusCode, answered)
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
const to = (scheme: Target["scheme"], host: string, port: number): Target => ({
  scheme,
  host,
  port,
  ...(scheme === "https" && { rejectUnauthorized: false })
})

export const pod = Effect.fnUntraced(function* (exchange: Exchange, at: At) {
  yield* allowed(exchange, at)
  const { name, port, scheme } = parse(at.name)
  const { spec, status } = asPod(yield* read("pods", at.namespace, name))
  const host = status.podIP
  if (host === undefined || host === "") return yield* badGateway(`the pod ${name} has no address yet`)
  const ports = spec.containers.flatMap(({ ports = [] }) => ports)
  const named = ports.find((one) => one.name === port)?.containerPort
  const number = port === "" ? ports[0]?.containerPort : (named ?? Number(port))
  return yield* forward(exchange, at, to(scheme, host, number || (scheme === "https" ? 443 : 80)))
})

// The rows of these storages hold these kinds, hence the casts.
const asEndpoints = (row: Row) => row.object as Endpoints
const asService = (row: Row) => row.object as Service

const unavailable = (detail: string) => new Refused({ code: 503, reason: "ServiceUnavailable", detail })

/** The name of the port that is meant: of a number, that of the Service's port. */
const portOf = ({ metadata, spec: { ports = [] } }: Service, asked: string) => {
  if (!/^\d+$/.test(asked)) return Effect.succeed(asked)
  const found = ports.find(({ port }) => `${port}` === asked)
  if (found !== undefined) return Effect.succeed(found.name ?? "")
  return Effect.fail(unavailable(`no service port ${asked} found for service ${JSON.stringify(metadata.name)}`))
}

export const service = Effect.fnUntraced(function* (exchange: Exchange, at: At) {
  yield* allowed(exchange, at)
  const { name, port, scheme } = parse(at.name)
  const named = yield* portOf(asService(yield* read("services", at.namespace, name)), port)
  const endpoints = yield* Effect.option(read("endpoints", at.namespace, name))
  const subsets = Option.match(endpoints, { onNone: () => [], onSome: (row) => asEndpoints(row).subsets ?? [] })
  const found = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const chosen = ports.find((one) => (one.name ?? "") === named)
    return chosen === undefined ? [] : addresses.map(({ ip }) => ({ ip, port: chosen.port }))
  })
  const one = found[yield* Random.nextIntBetween(0, Math.max(0, found.length - 1))]
  if (one === undefined) return yield* unavailable(`no endpoints available for service ${JSON.stringify(at.name)}`)
  return yield* forward(exchange, at, to(scheme, one.ip, one.port))
})

export const node = Effect.fnUntraced(function* (exchange: Exchange, at: At, _rest: string, kubelet: Kubelet) {
  yield* allowed(exchange, at)
  const { name } = parse(at.name)
  return yield* forward(exchange, at, kubelet.target(yield* kubeletOf(name), ""))
})
