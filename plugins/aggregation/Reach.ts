/** How the server behind an APIService is reached: an endpoint of its Service, by TLS, showing the certificate of our proxy. */
import { Effect } from "effect"
import { Agent } from "node:https"
import { type Reached, Unreachable } from "../apiserver/contracts/Backends.ts"
import { trusting } from "../apiserver/contracts/JsonCall.ts"
import type { FrontProxy } from "../apiserver/contracts/RequestHeader.ts"
import { pemOf } from "../apiserver/contracts/ServiceClient.ts"
import * as ServiceEndpoints from "../apiserver/contracts/ServiceEndpoints.ts"
import type { APIService } from "../resources/contracts/apiregistration/v1.ts"

const defaultPort = 443

export const servicePortOf = ({ spec: { service } }: APIService): ServiceEndpoints.ServicePort | undefined =>
  service === undefined
    ? undefined
    : { namespace: service.namespace ?? "", name: service.name ?? "", port: service.port || defaultPort }

/** Connections are kept by name, and made anew for whoever is trusted otherwise from now on. */
const agentsOf = ({ cert, key }: FrontProxy) => {
  const all = new Map<string, { readonly trusts: string; readonly agent: Agent }>()
  const drop = (name: string) => {
    all.get(name)?.agent.destroy()
    all.delete(name)
  }
  const of = ({ metadata: { name }, spec: { caBundle = "", insecureSkipTLSVerify } }: APIService) => {
    const trusts = insecureSkipTLSVerify === true ? "anybody" : caBundle
    const found = all.get(name)
    if (found?.trusts === trusts) return found.agent
    drop(name)
    const trusted = trusting(pemOf(caBundle))
    const agent = new Agent({ cert, key, ...trusted, keepAlive: true, rejectUnauthorized: insecureSkipTLSVerify !== true })
    all.set(name, { trusts, agent })
    return agent
  }
  const close = () => {
    for (const name of [...all.keys()]) drop(name)
  }
  return { of, drop, close }
}

/** Until the scope closes. */
export const make = Effect.fnUntraced(function* (proxy: FrontProxy) {
  const locate = yield* ServiceEndpoints.make
  const agents = yield* Effect.acquireRelease(
    Effect.sync(() => agentsOf(proxy)),
    ({ close }) => Effect.sync(close)
  )
  const reach = Effect.fnUntraced(function* (service: APIService): Effect.fn.Return<Reached, Unreachable> {
    const port = servicePortOf(service)
    if (port === undefined) return yield* new Unreachable({ detail: "it is served here" })
    const place = yield* Effect.mapError(locate(port), ({ detail }) => new Unreachable({ detail }))
    return { ...place, agent: agents.of(service) }
  })
  return { reach, drop: agents.drop }
})
export type Reach = Effect.Success<ReturnType<typeof make>>
