/** Who answers behind a Service. Pure. */
import type { Key } from "../../kernel/resource/Kind.ts"
import type { Service, ServicePort } from "../resources/contracts/core/v1.ts"
import type { EndpointSlice } from "../resources/contracts/discovery/v1.ts"
import type { Backend } from "./contracts/IngressProxy.ts"

export interface Services {
  readonly service: (key: Key) => Service | undefined
  readonly slices: (key: Key) => ReadonlyArray<EndpointSlice>
}

const isReady = ({ conditions: { ready } }: EndpointSlice["endpoints"][number]) => ready !== false

/** Endpoints that are ready, of the port of that name, each once, in order. */
const endpoints = ({ name = "" }: Pick<ServicePort, "name">, slices: ReadonlyArray<EndpointSlice>) => {
  const found = slices.flatMap(({ addressType, endpoints, ports = [] }) => {
    const port = addressType === "FQDN" ? undefined : ports.find((one) => (one.name ?? "") === name)?.port
    if (port === undefined) return []
    return endpoints.filter(isReady).flatMap(({ addresses: [address = ""] }) => [{ address, port }])
  })
  const byName = new Map(found.map((one) => [`${one.address} ${one.port}`, one]))
  return [...byName.keys()].toSorted().flatMap((key) => byName.get(key) ?? [])
}

/**
 * The address of a Service stands for its endpoints, so that routes stay as they are while those come and go. A Service without one has
 * its endpoints named. Undefined: there is no such Service, or port of it.
 */
export const targets = (
  { service: find, slices }: Services,
  key: Key,
  port: { readonly name?: string | undefined; readonly number?: number | undefined }
): Backend["targets"] | undefined => {
  const service = find(key)
  const own = service?.spec?.ports?.find(({ name, port: number }) =>
    port.name === undefined ? number === port.number : name === port.name
  )
  if (service?.spec === undefined || own === undefined || service.spec.type === "ExternalName") return undefined
  const ready = endpoints(own, slices(key))
  const { clusterIP = "" } = service.spec
  if (ready.length === 0 || clusterIP === "None") return ready
  return clusterIP === "" ? [] : [{ address: clusterIP, port: own.port }]
}
