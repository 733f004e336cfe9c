/**
 * How the server asks somebody else: webhooks of admission and of conversion, and backends of aggregation. By URL, or by a Service
 * of the cluster, whose certificate has to be for `<service>.<namespace>.svc`. Always over TLS.
 */
import { posix } from "node:path"
import { Context, Duration, Effect, Layer, type Schema } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import type { ApiError } from "../../../kernel/client/Errors.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import * as JsonCall from "./JsonCall.ts"
import * as ServiceEndpoints from "./ServiceEndpoints.ts"

export { CallFailed } from "./JsonCall.ts"
export { type Located, NotLocated, type ServicePort } from "./ServiceEndpoints.ts"

/** As WebhookClientConfig has it: one of `url` and `service`. */
export interface Address {
  readonly url?: string
  readonly service?: { readonly namespace: string; readonly name: string; readonly path?: string; readonly port?: number }
  /** PEM in base64; without it, whom this machine trusts. */
  readonly caBundle?: string
}

export interface Call {
  readonly to: Address
  readonly body: unknown
  /** It is told to the other end, too. */
  readonly timeout: Duration.Input
}

/** PEM of what may be PEM in base64. */
export const pemOf = (caBundle: string | undefined): string | undefined =>
  caBundle ? Buffer.from(caBundle, "base64").toString() : undefined

const failed = (detail: string) => new JsonCall.CallFailed({ detail, code: 503 })

/** Empty segments and a slash at the end are nothing to upstream: envtest writes `https://127.0.0.1:1234//validate`. */
const asUrl = (text: string): URL | undefined => {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  url.pathname = posix.join("/", url.pathname).replace(/(.)\/$/, "$1")
  return url
}

/** Whole seconds, as those who read the parameter expect them. */
const withTimeout = (url: URL, timeout: Duration.Input) => {
  url.searchParams.set("timeout", `${Math.max(1, Math.ceil(Duration.toSeconds(timeout)))}s`)
  return url
}

const urlOf = ({ service, url }: Address): URL | undefined => {
  if (service === undefined) return asUrl(url ?? "")
  const { name, namespace, path = "", port = 443 } = service
  // The port stands in it also where it is the usual one, as upstream's messages have it.
  return asUrl(`https://${name}.${namespace}.svc:${port}${path.startsWith("/") ? path : `/${path}`}`)
}

const shown = (url: URL, { service }: Address) =>
  service === undefined || url.port !== "" ? url.href : url.href.replace(url.host, `${url.host}:443`)

export class ServiceClient extends Context.Service<
  ServiceClient,
  {
    /** Posts JSON and answers with JSON. */
    readonly call: (call: Call) => Effect.Effect<Schema.Json, JsonCall.CallFailed>
    /** For whoever speaks with a Service in another way, such as by streams. */
    readonly locate: (
      service: ServiceEndpoints.ServicePort
    ) => Effect.Effect<ServiceEndpoints.Located, ServiceEndpoints.NotLocated>
  }
>()("apiserver/ServiceClient") {
  static readonly layer: Layer.Layer<ServiceClient, ApiError | Unavailable, Client> = Layer.effect(
    ServiceClient,
    Effect.gen(function* () {
      const locate = yield* ServiceEndpoints.make
      const agents = yield* Effect.acquireRelease(Effect.sync(JsonCall.agents), ({ close }) => Effect.sync(close))

      const placeOf = ({ service }: Address, url: URL) => {
        const host = url.hostname.replace(/^\[|\]$/g, "")
        if (service === undefined) return Effect.succeed({ host, port: Number(url.port || 443), servername: host })
        const { name, namespace, port = 443 } = service
        return locate({ namespace, name, port })
      }

      const call = Effect.fn("ServiceClient.call")(function* ({ body, timeout, to }: Call) {
        const bare = urlOf(to)
        if (bare?.protocol !== "https:") return yield* failed(`${JSON.stringify(to.url ?? "")} is no https URL`)
        const url = withTimeout(bare, timeout)
        const href = shown(url, to)
        const place = yield* placeOf(to, url).pipe(
          Effect.mapError(({ detail }) => failed(`Post ${JSON.stringify(href)}: ${detail}`))
        )
        const ca = pemOf(to.caBundle)
        const target = { ...place, path: url.pathname + url.search, url: href, ...(ca !== undefined && { ca }) }
        return yield* JsonCall.post(target, agents.of(target), body, timeout)
      })
      return ServiceClient.of({ call, locate })
    })
  )
}
