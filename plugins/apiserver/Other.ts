/** Every path that is none of objects: what the server says of itself, and what other plugins have put there. */
import { type Context, Effect, Stream } from "effect"
import type { ApiError } from "../../kernel/client/Errors.ts"
import { authorize } from "../../kernel/pipeline/Authorize.ts"
import type { Authorizers } from "../../kernel/pipeline/Policy.ts"
import type { Unavailable } from "../../kernel/plugin/Contract.ts"
import type { Kinds } from "../../kernel/resource/Kinds.ts"
import { type Answer, failure, json, sent, text, whole } from "./Answer.ts"
import * as Body from "./Body.ts"
import type { Backends } from "./contracts/Backends.ts"
import type { Route, Routes } from "./contracts/Routes.ts"
import * as Discovery from "./discovery/Discovery.ts"
import type { Exchange } from "./Exchange.ts"
import * as Debug from "./fairness/Debug.ts"
import type { Fairness } from "./fairness/Fairness.ts"
import * as FairnessMetrics from "./fairness/Metrics.ts"
import * as Health from "./Health.ts"
import * as Metrics from "./Metrics.ts"
import * as ProcessMetrics from "./ProcessMetrics.ts"
import * as OpenApi from "./OpenApi.ts"
import { methodNotAllowed, noPage, notFound } from "./Refused.ts"
import type * as Version from "./Version.ts"

export interface About {
  readonly kinds: Kinds["Service"]
  readonly routes: Routes["Service"]
  readonly authorizers: Authorizers["Service"]
  readonly checks: ReadonlyArray<Health.Check>
  /** What others need to verify this cluster's tokens: an OpenID configuration and a set of keys. */
  readonly openid: { readonly configuration: object; readonly keys: object } | undefined
  readonly version: Version.Info
  /** `host:port`. */
  readonly address: () => string
  readonly context: Context.Context<never>
  readonly fairness: Fairness
  readonly backends: Backends["Service"]
}

const jwksType = "application/jwk-set+json"
const fixed = [
  "/.well-known/openid-configuration",
  "/api",
  "/apis",
  ...Debug.paths,
  "/healthz",
  "/livez",
  "/metrics",
  "/openapi/v2",
  "/openapi/v3",
  "/openid/v1/jwks",
  "/readyz",
  "/version"
]

const streamed = Effect.fnUntraced(function* (
  { outgoing }: Exchange,
  code: number,
  headers: object,
  body: Stream.Stream<Uint8Array, ApiError | Unavailable>
) {
  outgoing.writeHead(code, { ...headers })
  const write = (chunk: Uint8Array) =>
    Effect.callback<void>((resume) => {
      outgoing.write(chunk, () => resume(Effect.void))
    })
  yield* Stream.runForEach(body, write)
  outgoing.end()
  return sent(code)
})

export const routed = Effect.fnUntraced(function* (route: Route, exchange: Exchange) {
  const { incoming, method, path, query, user } = exchange
  const request = { method, path, query, user, headers: incoming.headers, body: Body.read(incoming) }
  const { body, code, headers = {}, type } = yield* route.handle(request)
  if (typeof body === "string" || body instanceof Uint8Array) return whole(code, body, headers, type)
  return yield* streamed(exchange, code, { ...headers, "content-type": type }, body)
})

/** What a client asks before it asks for objects: which there are, and how they look. */
export const isGuide = (path: string) => path === "/version" || /^\/(api|apis|openapi)(\/|$)/.test(path)

export const make = (about: About) => {
  const discovery = Discovery.make(about.kinds, about.address, about.backends)
  const openApi = OpenApi.make(about.kinds, about.version.gitVersion, about.backends)
  const simple = (exchange: Exchange): Answer | undefined => {
    const { path, query } = exchange
    if (path === "/api" || path === "/apis" || path.startsWith("/api/") || path.startsWith("/apis/"))
      return discovery(exchange)
    switch (path) {
      case "/version":
      case "/version/":
        return json(200, about.version)
      case "/metrics":
        return Metrics.answer(about.context, FairnessMetrics.text(about.fairness) + ProcessMetrics.text(about.version))
      case "/.well-known/openid-configuration":
        return about.openid && json(200, about.openid.configuration)
      case "/openid/v1/jwks":
        return about.openid && whole(200, JSON.stringify(about.openid.keys), undefined, jwksType)
      case "/":
        return json(200, { paths: [...fixed, ...about.routes.prefixes()].toSorted() })
      default: {
        const report = Debug.text(about.fairness, path, query)
        return report === undefined ? undefined : text(200, report)
      }
    }
  }
  return Effect.fnUntraced(function* (exchange: Exchange) {
    const { method, path, user } = exchange
    const nothing = { group: "", version: "", resource: "", subresource: "", namespace: "", name: "" }
    yield* authorize(about, { user, verb: method.toLowerCase(), path, ...nothing })
    if (Health.serves(path)) return yield* Health.answer(exchange, about.checks)
    const route = about.routes.find(path)
    if (route !== undefined) return yield* routed(route, exchange)
    const found = OpenApi.serves(path) ? yield* openApi(exchange) : simple(exchange)
    const answer = found ?? failure(path.startsWith("/version/") ? notFound : noPage)
    return method === "GET" || method === "HEAD" || answer.code === 404 ? answer : failure(methodNotAllowed)
  })
}
