/**
 * What a Service asks of a node: where it is reached, and who answers there now. Pure. Sources: "Virtual IPs and Service Proxies",
 * KEP-1669 "Proxy Terminating Endpoints", KEP-2433 "Topology aware hints".
 */
import { isIPv4, isIPv6 } from "node:net"
import type { Service, ServicePort as Port, ServiceSpec } from "../resources/contracts/core/v1.ts"
import type { Endpoint as SliceEndpoint, EndpointSlice } from "../resources/contracts/discovery/v1.ts"
import type { Endpoint, ServicePort } from "./contracts/ServiceProxy.ts"
import * as Ranges from "./Ranges.ts"

/** The node that is seen from. Empty where it is not known. */
export interface Here {
  readonly node: string
  readonly zone: string
}

type Family = ServicePort["family"]
const families: ReadonlyArray<Family> = ["IPv4", "IPv6"]
const isOf: { readonly [_ in Family]: (address: string) => boolean } = { IPv4: isIPv4, IPv6: isIPv6 }

const proxyName = "service.kubernetes.io/service-proxy-name"
const headless = "service.kubernetes.io/headless"
export const serviceName = "kubernetes.io/service-name"

const addressesOf = ({ clusterIP = "", clusterIPs = [] }: ServiceSpec) =>
  clusterIPs.length === 0 ? [clusterIP] : clusterIPs

/** Whether this proxy serves the Service at all. */
export const isOurs = ({ metadata: { labels = {} }, spec }: Service): boolean =>
  labels[proxyName] === undefined &&
  labels[headless] === undefined &&
  spec !== undefined &&
  spec.type !== "ExternalName" &&
  spec.clusterIP !== "None" &&
  addressesOf(spec).some((address) => isIPv4(address) || isIPv6(address))

/** An absent condition counts for the endpoint. */
const isReady = ({ conditions: { ready } }: SliceEndpoint) => ready !== false
const isLeaving = ({ conditions: { serving, terminating } }: SliceEndpoint) => serving !== false && terminating === true

interface Candidate {
  readonly endpoint: SliceEndpoint
  readonly port: number
}

/** Those that are ready; if there are none, those that still serve on their way out. */
const usable = (candidates: ReadonlyArray<Candidate>) => {
  const ready = candidates.filter(({ endpoint }) => isReady(endpoint))
  return ready.length > 0 ? ready : candidates.filter(({ endpoint }) => isLeaving(endpoint))
}

/** Those meant for this node, or for its zone; all, unless every one says for whom it is. */
const near = (candidates: ReadonlyArray<Candidate>, { node, zone }: Here) => {
  const nodesOf = ({ endpoint: { hints: { forNodes = [] } = {} } }: Candidate) => forNodes
  const zonesOf = ({ endpoint: { hints: { forZones = [] } = {} } }: Candidate) => forZones
  for (const [hintsOf, here] of [[nodesOf, node] as const, [zonesOf, zone] as const]) {
    if (here === "" || !candidates.every((one) => hintsOf(one).length > 0)) continue
    const mine = candidates.filter((one) => hintsOf(one).some(({ name }) => name === here))
    if (mine.length > 0) return mine
  }
  return candidates
}

/** Each address and port once, in order, so that the same state always comes out the same. */
const targets = (candidates: ReadonlyArray<Candidate>, { node }: Here): ReadonlyArray<Endpoint> => {
  const found = new Map<string, Endpoint>()
  for (const { endpoint, port } of candidates) {
    const [address = ""] = endpoint.addresses
    if (address !== "") found.set(`${address} ${port}`, { address, port, local: endpoint.nodeName === node })
  }
  return [...found.keys()].toSorted().flatMap((key) => found.get(key) ?? [])
}

const candidatesOf = ({ name = "", protocol }: Port, slices: ReadonlyArray<EndpointSlice>, family: Family) =>
  slices.flatMap(({ addressType, endpoints, ports = [] }) => {
    if (addressType !== family) return []
    const port = ports.find((one) => one.name === name && one.protocol === protocol)?.port
    return port === undefined ? [] : endpoints.map((endpoint): Candidate => ({ endpoint, port }))
  })

const protocols: { readonly [name: string]: ServicePort["protocol"] } = { TCP: "tcp", UDP: "udp", SCTP: "sctp" }

/** A load balancer of mode Proxy passes the packets on to the node port, so that its address is none of ours. */
const balancerAddresses = ({ status }: Service) =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = "", ipMode }) => (ip !== "" && ipMode !== "Proxy" ? [ip] : []))

const defaultAffinitySeconds = 10_800
const affinityOf = ({ sessionAffinity, sessionAffinityConfig }: ServiceSpec) =>
  sessionAffinity === "ClientIP" ? (sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds) : 0

/** Of a Service and its slices, seen from a node. */
export const route = (service: Service, slices: ReadonlyArray<EndpointSlice>, here: Here): ReadonlyArray<ServicePort> => {
  const { spec } = service
  if (spec === undefined || !isOurs(service)) return []
  const ofFamily = (family: Family): ReadonlyArray<ServicePort> => {
    const isMine = isOf[family]
    const clusterIP = addressesOf(spec).find(isMine)
    if (clusterIP === undefined) return []
    const common = {
      family,
      clusterIP,
      externalIPs: (spec.externalIPs ?? []).filter(isMine),
      loadBalancerIPs: balancerAddresses(service).filter(isMine),
      sourceRanges: Ranges.of(spec.loadBalancerSourceRanges ?? [], family),
      affinitySeconds: affinityOf(spec),
      internalPolicy: spec.internalTrafficPolicy === "Local" ? ("Local" as const) : ("Cluster" as const),
      externalPolicy: spec.externalTrafficPolicy === "Local" ? ("Local" as const) : ("Cluster" as const)
    }
    return (spec.ports ?? []).map((port) => {
      const candidates = candidatesOf(port, slices, family)
      const mine = candidates.filter(({ endpoint }) => endpoint.nodeName === here.node)
      return {
        ...common,
        name: port.name ?? "",
        protocol: protocols[port.protocol] ?? "tcp",
        port: port.port,
        nodePort: port.nodePort ?? 0,
        endpoints: targets(near(usable(candidates), here), here),
        localEndpoints: targets(usable(mine), here)
      }
    })
  }
  return families.flatMap(ofFamily)
}

/** How many of this node's Pods are ready: what a load balancer is told that asks for the health of one Service. */
export const localReady = (slices: ReadonlyArray<EndpointSlice>, { node }: Here): number =>
  new Set(
    slices.flatMap(({ endpoints }) =>
      endpoints
        .filter((one) => one.nodeName === node && isReady(one))
        .map(({ addresses, targetRef }) => targetRef?.uid ?? addresses[0])
    )
  ).size
