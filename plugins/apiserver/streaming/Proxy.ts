/**
 * `proxy` of Pods, Services and Nodes: any request passed on to what runs there. Source: "Access services running on clusters".
 */
import { Effect, Option, Random } from "effect"
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"
import { BlockList, isIP, isIPv6 } from "node:net"
import { BadRequest } from "../../../kernel/client/Errors.ts"
import { type At, Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import type { Endpoints, Service } from "../../resources/contracts/core/v1.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import { type Answer, sent } from "../Answer.ts"
import * as Body from "../Body.ts"
import { type Exchange, header, split } from "../Exchange.ts"
import { type DoorError, Refused } from "../Refused.ts"
import { optionsOf } from "./ConnectOptions.ts"
import type { Kubelet } from "./Kubelet.ts"
import * as Links from "./Links.ts"
import { asPod, kubeletOf, read } from "./Nodes.ts"
import type { Upgrade } from "./Sockets.ts"
import * as Switching from "./Switching.ts"
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
const cut = ({ path }: Pick<Exchange, "path">, { namespace }: At) => {
  const segments = path.split("/")
  const length = namespace === "" ? 6 : 8
  const rest = segments.slice(length)
  return { prefix: segments.slice(0, length).join("/"), rest: rest.length === 0 ? "" : `/${rest.join("/")}` }
}

const allowed = Effect.fnUntraced(function* (exchange: Pick<Exchange, "path" | "method" | "query">, at: At) {
  const pipeline = yield* Pipeline
  const path = cut(exchange, at).rest
  yield* pipeline.connect(at, verbs[exchange.method] ?? "get", optionsOf(at, exchange.query, path))
})

const searchOf = (query: URLSearchParams) => (query.size === 0 ? "" : `?${query}`)

/** Pages larger than this come as they are. */
const pageLimit = 16 << 20

const isPage = ({ headers }: IncomingMessage) =>
  headers["content-type"]?.split(";")[0]?.trim().toLowerCase() === "text/html" &&
  headers["content-encoding"] === undefined &&
  Number(headers["content-length"] ?? 0) <= pageLimit

const forward = Effect.fnUntraced(function* (exchange: Exchange, at: At, target: Target) {
  const { incoming, method, outgoing, query } = exchange
  const { prefix, rest } = cut(exchange, at)
  const search = searchOf(query)
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

interface Place {
  readonly scheme: "http" | "https"
  readonly name: string
  readonly port: string
}

/** `[scheme:]name[:port]`; with a scheme there is a port, too, if only an empty one. */
const parse = ({ name: text, served: { kind } }: At): Effect.Effect<Place, BadRequest> => {
  const parts = text.split(":")
  const [scheme = "", name = "", port = ""] = parts.length === 3 ? parts : ["", ...parts]
  const isKnown = scheme === "" || scheme === "http" || scheme === "https"
  return parts.length > 3 || name === "" || !isKnown
    ? Effect.fail(new BadRequest({ detail: `invalid ${kind.singular} request ${JSON.stringify(text)}` }))
    : Effect.succeed({ scheme: scheme === "https" ? "https" : "http", name, port })
}

/** What lies on this machine or beside it, and is no Pod's: nobody is led there, whatever a status says. */
const local = new BlockList()
for (const [net, bits] of [
  ["0.0.0.0", 32],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["224.0.0.0", 4],
  ["255.255.255.255", 32]
] as const)
  local.addSubnet(net, bits, "ipv4")
for (const [net, bits] of [
  ["::", 127],
  ["fe80::", 10],
  ["ff00::", 8]
] as const)
  local.addSubnet(net, bits, "ipv6")

const reachable = (ip: string | undefined): Effect.Effect<string, BadRequest> =>
  ip === undefined || isIP(ip) === 0 || local.check(ip, isIPv6(ip) ? "ipv6" : "ipv4")
    ? Effect.fail(new BadRequest({ detail: "address not allowed" }))
    : Effect.succeed(ip)

/** What a Pod or a Service shows is nobody's certificate. */
const to = (scheme: Target["scheme"], host: string, port: number): Target => ({
  scheme,
  host,
  port,
  ...(scheme === "https" && { rejectUnauthorized: false })
})

type ToTarget = (at: At, kubelet: Kubelet) => Effect.Effect<Target, DoorError, Pipeline | Kinds>

const ofPod: ToTarget = Effect.fnUntraced(function* (at) {
  const { name, port, scheme } = yield* parse(at)
  const { spec, status } = asPod(yield* read("pods", at.namespace, name))
  const host = yield* reachable(status.podIP)
  const ports = spec.containers.flatMap(({ ports = [] }) => ports)
  const named = ports.find((one) => one.name === port)?.containerPort
  const number = port === "" ? ports[0]?.containerPort : (named ?? Number(port))
  return to(scheme, host, number || (scheme === "https" ? 443 : 80))
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

const ofService: ToTarget = Effect.fnUntraced(function* (at) {
  const { name, port, scheme } = yield* parse(at)
  const named = yield* portOf(asService(yield* read("services", at.namespace, name)), port)
  const endpoints = yield* Effect.option(read("endpoints", at.namespace, name))
  const subsets = Option.match(endpoints, { onNone: () => [], onSome: (row) => asEndpoints(row).subsets ?? [] })
  const found = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const chosen = ports.find((one) => (one.name ?? "") === named)
    return chosen === undefined ? [] : addresses.map(({ ip }) => ({ ip, port: chosen.port }))
  })
  const one = found[yield* Random.nextIntBetween(0, Math.max(0, found.length - 1))]
  if (one === undefined) return yield* unavailable(`no endpoints available for service ${JSON.stringify(at.name)}`)
  return to(scheme, yield* reachable(one.ip), one.port)
})

/** Its kubelet, unless another port is named. */
const ofNode: ToTarget = Effect.fnUntraced(function* (at, kubelet) {
  const { name, port, scheme } = yield* parse(at)
  const location = yield* kubeletOf(name)
  if (port === "" || Number(port) === location.port) return kubelet.target(location, "")
  return to(scheme, yield* reachable(location.host), Number(port))
})

/** Answers what is asked of a part of an object: of a Pod, a Service or a node. */
export type Handler = (
  exchange: Exchange,
  at: At,
  rest: string,
  kubelet: Kubelet
) => Effect.Effect<Answer, DoorError, Pipeline | Kinds>

const through =
  (target: ToTarget): Handler =>
  (exchange, at, _rest, kubelet) =>
    Effect.andThen(
      allowed(exchange, at),
      Effect.flatMap(target(at, kubelet), (found) => forward(exchange, at, found))
    )

export const [pod, service, node] = [through(ofPod), through(ofService), through(ofNode)]

const targets: { readonly [storage: string]: ToTarget } = { pods: ofPod, services: ofService, nodes: ofNode }

/** A connection that becomes something else there. Runs until it ends. */
export const upgrade = Effect.fnUntraced(function* (upgrade: Upgrade, at: At, kubelet: Kubelet) {
  const { head, incoming, query, socket } = upgrade
  const { method = "GET", url = "/" } = incoming
  const { path } = split(url)
  yield* allowed({ method, path, query }, at)
  const target = yield* (targets[at.served.kind.storage] ?? ofPod)(at, kubelet)
  const headers = {
    ...passed(incoming.headers),
    connection: "Upgrade",
    upgrade: incoming.headers.upgrade ?? ""
  }
  const request = target.scheme === "https" ? httpsRequest : httpRequest
  const asked = { ...target, path: `${cut({ path }, at).rest || "/"}${searchOf(query)}`, method, headers }
  yield* Switching.pass(socket, head, yield* Switching.dial(() => request(asked)))
})
