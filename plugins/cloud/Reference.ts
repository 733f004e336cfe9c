/** Nodes and Services as the contracts of a cloud name them. */
import type { Node, Service } from "../resources/contracts/core/v1.ts"
import { type Address, NodeReference } from "./contracts/Cloud.ts"
import type { BalancedPort, HealthCheck, ServiceReference, Target, Wanted } from "./contracts/LoadBalancers.ts"

export const labels = {
  instanceType: ["node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"],
  zone: ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"],
  region: ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"]
} as const

const types: { readonly [type: string]: Address["type"] } = {
  Hostname: "Hostname",
  InternalIP: "InternalIP",
  ExternalIP: "ExternalIP",
  InternalDNS: "InternalDNS",
  ExternalDNS: "ExternalDNS"
}
const addressesOf = ({ status }: Node): ReadonlyArray<Address> =>
  (status?.addresses ?? []).flatMap(({ address, type }) => {
    const known = types[type]
    return known === undefined ? [] : [{ type: known, address }]
  })

export const nodeReference = (node: Node): NodeReference =>
  NodeReference.make({
    name: node.metadata.name,
    providerID: node.spec?.providerID ?? "",
    addresses: addressesOf(node)
  })

/** The autoscaler's word for a node that it is about to delete. */
const toBeDeleted = "ToBeDeletedByClusterAutoscaler"
const excluded = "node.kubernetes.io/exclude-from-external-load-balancers"

/** Whether load balancers may send traffic to a node. One that is not ready may get some: the balancer asks for its health itself. */
const isIncluded = ({ metadata, spec }: Node) =>
  metadata.deletionTimestamp === undefined &&
  (metadata.labels?.[excluded] ?? "false") === "false" &&
  !(spec?.taints ?? []).some(({ key }) => key === toBeDeleted)

/** A node that was not initialized is not known to the cloud. */
export const targetsOf = (nodes: ReadonlyArray<Node>): ReadonlyArray<Target> =>
  nodes
    .filter((node) => isIncluded(node) && (node.spec?.providerID ?? "") !== "")
    .map((node) => ({
      ...nodeReference(node),
      zone: node.metadata.labels?.[labels.zone[0]] ?? ""
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))

export const serviceReference = ({ metadata }: Service): ServiceReference => ({
  uid: metadata.uid,
  namespace: metadata.namespace ?? "",
  name: metadata.name
})

/** One with a class is somebody else's. */
export const wantsBalancer = ({ spec }: Service) => spec?.type === "LoadBalancer" && (spec.loadBalancerClass ?? "") === ""

const protocols: { readonly [name: string]: BalancedPort["protocol"] } = { TCP: "TCP", UDP: "UDP", SCTP: "SCTP" }
const defaultAffinitySeconds = 10_800

/** Where the policy is Local each Service says for itself on which nodes it is; otherwise every node is as good as its proxy. KEP-3836. */
const healthCheckOf = ({ externalTrafficPolicy, healthCheckNodePort = 0 }: NonNullable<Service["spec"]>): HealthCheck =>
  externalTrafficPolicy === "Local" && healthCheckNodePort > 0
    ? { protocol: "HTTP", port: healthCheckNodePort, path: "/healthz" }
    : { protocol: "HTTP", port: 10256, path: "/healthz" }

export const wantedOf = (service: Service): Wanted | undefined => {
  const { metadata, spec } = service
  if (spec === undefined) return undefined
  const affinity = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds
  return {
    service: serviceReference(service),
    annotations: metadata.annotations ?? {},
    ports: (spec.ports ?? []).map(({ name = "", nodePort = 0, port, protocol }) => ({
      name,
      protocol: protocols[protocol] ?? "TCP",
      port,
      nodePort
    })),
    families: (spec.ipFamilies ?? ["IPv4"]).map((family) => (family === "IPv6" ? "IPv6" : "IPv4")),
    address: spec.loadBalancerIP ?? "",
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()),
    local: spec.externalTrafficPolicy === "Local",
    affinitySeconds: spec.sessionAffinity === "ClientIP" ? affinity : 0,
    healthCheck: healthCheckOf(spec)
  }
}
