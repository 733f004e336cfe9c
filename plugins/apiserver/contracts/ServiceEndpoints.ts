/** Where a Service of the cluster is reached from the server: at one of its ready endpoints, as nobody routes its address for us. */
import { Effect, Random, Schema } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Service } from "../../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../resources/contracts/discovery/v1.ts"

export interface ServicePort {
  readonly namespace: string
  readonly name: string
  readonly port: number
}
export interface Located {
  readonly host: string
  readonly port: number
  /** What its certificate has to be for. */
  readonly servername: string
}

export class NotLocated extends Schema.TaggedError<NotLocated>()("NotLocated", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

const serviceLabel = "kubernetes.io/service-name"
const bySlice = {
  service: ({ metadata: { labels, namespace = "" } }: EndpointSlice) => [`${namespace}/${labels?.[serviceLabel] ?? ""}`]
}

const missing = (detail: string) => Effect.fail(new NotLocated({ detail }))
const quote = JSON.stringify

/** Reads its own tables, so that a call costs no request. */
export const make = Effect.gen(function* () {
  const client = yield* Client
  const services = yield* client.cache(Service, { indexes: {} })
  const slices = yield* client.cache(EndpointSlice, { indexes: bySlice })

  const endpointsOf = ({ metadata: { name, namespace = "" } }: Service, portName: string) =>
    slices.by("service", `${namespace}/${name}`).flatMap(({ addressType, endpoints, ports }) => {
      const port = ports?.find((one) => (one.name ?? "") === portName)?.port
      if (port === undefined || addressType === "FQDN") return []
      return (endpoints ?? []).flatMap(({ addresses, conditions }) =>
        conditions.ready === false ? [] : addresses.slice(0, 1).map((host) => ({ host, port }))
      )
    })

  return Effect.fnUntraced(function* ({ name, namespace, port }: ServicePort) {
    const servername = `${name}.${namespace}.svc`
    const service = services.get({ namespace, name })
    if (service === undefined) return yield* missing(`service ${quote(name)} not found`)
    const { externalName, ports = [], type } = service.spec
    if (type === "ExternalName" && externalName) return { host: externalName, port, servername } satisfies Located
    const found = ports.find((one) => one.port === port)
    if (found === undefined) return yield* missing(`no service port ${port} found for service ${quote(name)}`)
    const endpoints = endpointsOf(service, found.name ?? "")
    const chosen = endpoints[yield* Random.nextIntBetween(0, Math.max(0, endpoints.length - 1))]
    if (chosen === undefined) return yield* missing(`no endpoints available for service ${quote(name)}`)
    return { ...chosen, servername } satisfies Located
  })
})
