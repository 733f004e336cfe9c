/**
 * What a Service has in the load balancer of its cluster: a frontend, a pool of addresses, a probe, and a rule for each port, all called by
 * names that follow from the Service. All of them are written by one call, together with what other Services have there.
 */
import type { BackendAddressPool, FrontendIPConfiguration, LoadBalancer, LoadBalancingRule, Probe } from "@azure/arm-network"
import { Effect } from "effect"
import { Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import type { LoadBalancer as Told, Wanted } from "../../../plugins/cloud/contracts/LoadBalancers.ts"

export interface Parts {
  readonly frontend: FrontendIPConfiguration
  readonly pool: BackendAddressPool
  readonly probe: Probe
  readonly rules: ReadonlyArray<LoadBalancingRule>
}

export const isInternal = ({ annotations }: Wanted) =>
  annotations["service.beta.kubernetes.io/azure-load-balancer-internal"] === "true"

/** What it wants and cannot have. */
export const impossible = ({ families, ports }: Wanted): Refused | undefined => {
  if (ports.some(({ protocol }) => protocol === "SCTP"))
    return new Refused({ reason: "only TCP and UDP are supported by load balancers of Azure" })
  return families.includes("IPv4")
    ? undefined
    : new Refused({ reason: "load balancers of Azure are made for IPv4: the Service has no such address" })
}

/** Nodes that have no port for it answer at the balancer's own address: packets come as clients have sent them. */
const isFloating = (nodePort: number) => nodePort === 0

const rulesOf = (id: string, name: string, { affinitySeconds, ports }: Wanted) =>
  ports.map(
    ({ nodePort, port, protocol }): LoadBalancingRule => ({
      name: `${name}-${protocol.toLowerCase()}-${port}`,
      frontendIPConfiguration: { id: `${id}/frontendIPConfigurations/${name}` },
      backendAddressPool: { id: `${id}/backendAddressPools/${name}` },
      probe: { id: `${id}/probes/${name}` },
      protocol: protocol === "UDP" ? "Udp" : "Tcp",
      frontendPort: port,
      backendPort: isFloating(nodePort) ? port : nodePort,
      enableFloatingIP: isFloating(nodePort),
      loadDistribution: affinitySeconds > 0 ? "SourceIP" : "Default",
      ...(protocol === "TCP" && { enableTcpReset: true })
    })
  )

export const poolOf = (name: string, virtualNetwork: string, addresses: ReadonlyArray<string>): BackendAddressPool => ({
  name,
  loadBalancerBackendAddresses: addresses
    .toSorted()
    .map((ipAddress) => ({ name: ipAddress.replaceAll(/[.:]/g, "-"), ipAddress, virtualNetwork: { id: virtualNetwork } }))
})

/** `id`: the balancer's own. */
export const partsOf = (
  id: string,
  name: string,
  wanted: Wanted,
  frontend: Omit<FrontendIPConfiguration, "name">,
  pool: BackendAddressPool
): Parts => {
  const { path, port, protocol } = wanted.healthCheck
  const how = protocol === "HTTP" ? { protocol: "Http", requestPath: path } : { protocol: "Tcp" }
  return {
    frontend: { name, ...frontend },
    pool,
    probe: { name, port, intervalInSeconds: 5, probeThreshold: 2, ...how },
    rules: rulesOf(id, name, wanted)
  }
}

const isOf = (name: string) => (one: { readonly name?: string }) =>
  one.name === name || one.name?.startsWith(`${name}-`) === true
const isNot = (name: string) => (one: { readonly name?: string }) => !isOf(name)(one)

/** The balancer without what a Service has in it. */
export const without = (balancer: LoadBalancer, name: string): LoadBalancer => ({
  ...balancer,
  frontendIPConfigurations: (balancer.frontendIPConfigurations ?? []).filter(isNot(name)),
  backendAddressPools: (balancer.backendAddressPools ?? []).filter(isNot(name)),
  probes: (balancer.probes ?? []).filter(isNot(name)),
  loadBalancingRules: (balancer.loadBalancingRules ?? []).filter(isNot(name))
})
export const withParts = (balancer: LoadBalancer, name: string, parts: Parts): LoadBalancer => {
  const others = without(balancer, name)
  return {
    ...others,
    frontendIPConfigurations: [...(others.frontendIPConfigurations ?? []), parts.frontend],
    backendAddressPools: [...(others.backendAddressPools ?? []), parts.pool],
    probes: [...(others.probes ?? []), parts.probe],
    loadBalancingRules: [...(others.loadBalancingRules ?? []), ...parts.rules]
  }
}
export const withPool = (balancer: LoadBalancer, pool: BackendAddressPool): LoadBalancer => ({
  ...balancer,
  backendAddressPools: (balancer.backendAddressPools ?? []).map((one) => (one.name === pool.name ? pool : one))
})

export const frontendOf = (balancer: LoadBalancer | undefined, name: string) =>
  balancer?.frontendIPConfigurations?.find((one) => one.name === name)
export const has = (balancer: LoadBalancer | undefined, name: string) => frontendOf(balancer, name) !== undefined
export const isEmpty = ({ frontendIPConfigurations = [] }: LoadBalancer) => frontendIPConfigurations.length === 0

const lower = (id: string | undefined) => id?.toLowerCase()
/** What of a Service's parts was asked for, in one text: Azure adds more, and capitalises ids as it likes. */
export const textOf = (balancer: LoadBalancer | undefined, name: string) => {
  if (balancer === undefined) return ""
  const frontend = frontendOf(balancer, name)
  return JSON.stringify([
    [frontend?.publicIPAddress, frontend?.subnet].map((one) => lower(one?.id)),
    frontend?.privateIPAllocationMethod === "Static" ? frontend.privateIPAddress : "",
    addressesIn(balancer, name),
    (balancer.probes ?? []).filter(isOf(name)).map(({ port, protocol, requestPath }) => [port, protocol, requestPath]),
    (balancer.loadBalancingRules ?? [])
      .filter(isOf(name))
      .map((rule) => [
        ...[rule.name, rule.protocol, rule.frontendPort, rule.backendPort, rule.enableFloatingIP, rule.loadDistribution],
        ...[rule.frontendIPConfiguration, rule.backendAddressPool, rule.probe].map((one) => lower(one?.id))
      ])
      .toSorted()
  ])
}

export const addressesIn = ({ backendAddressPools = [] }: LoadBalancer, name: string) =>
  backendAddressPools
    .filter((one) => one.name === name)
    .flatMap(({ loadBalancerBackendAddresses = [] }) =>
      loadBalancerBackendAddresses.flatMap(({ ipAddress }) => ipAddress ?? [])
    )
    .toSorted()

export const portsIn = ({ loadBalancingRules = [] }: LoadBalancer, name: string): Told["ports"] =>
  loadBalancingRules.filter(isOf(name)).map(({ backendPort = 0, enableFloatingIP, frontendPort = 0, protocol }) => ({
    protocol: protocol === "Udp" ? "UDP" : "TCP",
    port: frontendPort,
    nodePort: enableFloatingIP === true ? 0 : backendPort
  }))

/** The first part of what there is under another cluster's, or nobody's, names is not of this cluster. */
export const namesIn = ({ frontendIPConfigurations = [] }: LoadBalancer) =>
  frontendIPConfigurations.flatMap(({ name }) => name ?? [])

export const possible = (wanted: Wanted): Effect.Effect<void, Refused> => {
  const reason = impossible(wanted)
  return reason === undefined ? Effect.void : Effect.fail(reason)
}
