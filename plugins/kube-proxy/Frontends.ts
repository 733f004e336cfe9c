/**
 * What a Service asks of a node: where it is reached (frontends), and who answers there now (backends). Pure. Source: "Virtual IPs
 * and Service Proxies", KEP-1669 "Proxy Terminating Endpoints".
 */
import type { Service, ServicePort, ServiceSpec } from "../resources/contracts/core/v1.ts"
import type { Endpoint, EndpointSlice } from "../resources/contracts/discovery/v1.ts"

export type Protocol = "tcp" | "udp" | "sctp"

/** `all`: whoever answers. `local`: those on this node, from outside only. In the form `address . port` of nft. */
export interface Backends {
  readonly all: ReadonlyArray<string>
  readonly local: ReadonlyArray<string>
}

/** One address and port, or with an empty address one port of the node itself. */
export interface Frontend {
  readonly kind: "cluster" | "external" | "node"
  readonly address: string
  readonly protocol: Protocol
  readonly port: number
  /** Only backends of this node: for `cluster` for everybody, otherwise for those who come from outside. */
  readonly localOnly: boolean
  /** A client stays with one backend. */
  readonly sticky: boolean
  readonly backends: Backends
}

export interface Routed {
  readonly frontends: ReadonlyArray<Frontend>
  readonly clusterAddresses: ReadonlyArray<string>
  /** Addresses of backends on this node: these may come to call themselves. */
  readonly localAddresses: ReadonlyArray<string>
}

const proxyName = "service.kubernetes.io/service-proxy-name"
const headless = "service.kubernetes.io/headless"
export const serviceName = "kubernetes.io/service-name"

const isV4 = (address: string | undefined): address is string =>
  address !== undefined && /^\d+\.\d+\.\d+\.\d+$/.test(address)

/** Whether this proxy serves the Service at all. */
export const isOurs = ({ metadata: { labels = {} }, spec }: Service): boolean =>
  labels[proxyName] === undefined &&
  labels[headless] === undefined &&
  spec !== undefined &&
  spec.type !== "ExternalName" &&
  spec.clusterIP !== "None" &&
  isV4(spec.clusterIP)

/** An absent condition counts for the endpoint. */
const isReady = ({ conditions: { ready } }: Endpoint) => ready !== false
const isLeaving = ({ conditions: { serving, terminating } }: Endpoint) => serving !== false && terminating === true

interface Candidate {
  readonly endpoint: Endpoint
  readonly port: number
}

/** Those that are ready; if there are none, those that still serve on their way out. */
const usable = (candidates: ReadonlyArray<Candidate>) => {
  const ready = candidates.filter(({ endpoint }) => isReady(endpoint))
  return ready.length > 0 ? ready : candidates.filter(({ endpoint }) => isLeaving(endpoint))
}

const targets = (candidates: ReadonlyArray<Candidate>): ReadonlyArray<string> => {
  const found = candidates.flatMap(({ endpoint, port }) =>
    endpoint.addresses.slice(0, 1).map((address) => `${address} . ${port}`)
  )
  return [...new Set(found)].toSorted()
}

const candidatesOf = ({ name = "", protocol }: ServicePort, slices: ReadonlyArray<EndpointSlice>) =>
  slices.flatMap(({ addressType, endpoints, ports = [] }) => {
    if (addressType !== "IPv4") return []
    const port = ports.find((one) => one.name === name && one.protocol === protocol)?.port
    return port === undefined ? [] : endpoints.map((endpoint): Candidate => ({ endpoint, port }))
  })

const protocols: { readonly [name: string]: Protocol } = { TCP: "tcp", UDP: "udp", SCTP: "sctp" }

/** A load balancer of mode Proxy passes the packets on to the node port, so that its address is none of ours. */
const balancerAddresses = ({ status }: Service) =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode }) => (isV4(ip) && ipMode !== "Proxy" ? [ip] : []))

const clusterAddresses = ({ clusterIP, clusterIPs = [] }: ServiceSpec) => {
  const addresses = clusterIPs.length === 0 ? [clusterIP] : clusterIPs
  return addresses.filter(isV4)
}

export const none: Routed = { frontends: [], clusterAddresses: [], localAddresses: [] }

/** Of a Service and its slices, seen from a node. */
export const route = (service: Service, slices: ReadonlyArray<EndpointSlice>, node: string): Routed => {
  const { spec } = service
  if (spec === undefined || !isOurs(service)) return none
  const cluster = clusterAddresses(spec)
  const external = [...(spec.externalIPs ?? []).filter(isV4), ...balancerAddresses(service)]
  const sticky = spec.sessionAffinity === "ClientIP"
  const outsideLocal = spec.externalTrafficPolicy === "Local"
  const localAddresses = new Set<string>()

  const ofPort = (servicePort: ServicePort): ReadonlyArray<Frontend> => {
    const candidates = candidatesOf(servicePort, slices)
    const here = candidates.filter(({ endpoint }) => endpoint.nodeName === node)
    for (const { endpoint } of here) for (const address of endpoint.addresses) localAddresses.add(address)
    const backends = { all: targets(usable(candidates)), local: targets(usable(here)) }
    const { nodePort = 0, port } = servicePort
    const common = { protocol: protocols[servicePort.protocol] ?? "tcp", sticky, backends }
    const local = spec.internalTrafficPolicy === "Local"
    return [
      ...cluster.map((address) => ({ ...common, kind: "cluster" as const, address, port, localOnly: local })),
      ...external.map((address) => ({ ...common, kind: "external" as const, address, port, localOnly: outsideLocal })),
      ...(nodePort === 0 ? [] : [{ ...common, kind: "node" as const, address: "", port: nodePort, localOnly: outsideLocal }])
    ]
  }
  const frontends = (spec.ports ?? []).flatMap(ofPort)
  return { frontends, clusterAddresses: cluster, localAddresses: [...localAddresses].toSorted() }
}
