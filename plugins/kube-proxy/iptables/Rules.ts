/**
 * A Service's port as rules, in the layout of upstream's kube-proxy: chains of its own, and lines in chains that all Services share.
 * Pure. Source: the rules that upstream's kube-proxy 1.36 makes, `iptables-save`.
 */
import type { Endpoint, ProxiedService, ServicePort } from "../contracts/ServiceProxy.ts"
import * as Chains from "./Chains.ts"

export interface Options {
  readonly podCidrs: ReadonlyArray<string>
}

export interface Compiled {
  /** Chains of its own in the table `nat`, each with its rules. */
  readonly chains: ReadonlyMap<string, ReadonlyArray<string>>
  /** Lines in shared chains, as `nat KUBE-SERVICES -d … -j …`. */
  readonly lines: ReadonlyArray<string>
}

const comment = (text: string) => `-m comment --comment "${text}"`
const bits = (address: string) => (address.includes(":") ? 128 : 32)

const balance = (
  names: Chains.Names,
  title: string,
  endpoints: ReadonlyArray<Endpoint>,
  { affinitySeconds }: ServicePort
) => {
  const to = (endpoint: Endpoint) => comment(`${title} -> ${Chains.targetOf(endpoint)}`)
  const returning = endpoints.map((endpoint) => {
    const chain = names.endpoint(endpoint)
    return `${to(endpoint)} -m recent --name ${chain} --rcheck --seconds ${affinitySeconds} --reap -j ${chain}`
  })
  const chance = endpoints.map((endpoint, index) => {
    const left = endpoints.length - index
    const some = left === 1 ? "" : ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}`
    return `${to(endpoint)}${some} -j ${names.endpoint(endpoint)}`
  })
  return [...(affinitySeconds > 0 ? returning : []), ...chance]
}

const endpointRules = (chain: string, title: string, endpoint: Endpoint, { affinitySeconds, protocol }: ServicePort) => [
  `${comment(title)} -s ${endpoint.address}/${bits(endpoint.address)} -j KUBE-MARK-MASQ`,
  `${comment(title)} -p ${protocol}${affinitySeconds > 0 ? ` -m recent --name ${chain} --set` : ""} -m ${protocol} -j DNAT --to-destination ${Chains.targetOf(endpoint)}`
]

/** Those from outside: masqueraded and to everybody, or as they are to those who are here. */
const externalRules = (names: Chains.Names, title: string, port: ServicePort, { podCidrs }: Options) => {
  if (port.externalPolicy === "Cluster") {
    return [`${comment(`masquerade traffic for ${title} external destinations`)} -j KUBE-MARK-MASQ`, `-j ${names.cluster}`]
  }
  const fromHere = "-m addrtype --src-type LOCAL"
  return [
    ...podCidrs.map((cidr) => `${comment(`pod traffic for ${title} external destinations`)} -s ${cidr} -j ${names.cluster}`),
    `${comment(`masquerade LOCAL traffic for ${title} external destinations`)} ${fromHere} -j KUBE-MARK-MASQ`,
    `${comment(`route LOCAL traffic for ${title} external destinations`)} ${fromHere} -j ${names.cluster}`,
    ...(port.localEndpoints.length > 0 ? [`-j ${names.local}`] : [])
  ]
}

/** Where nobody answers: refused if there is nobody anywhere, otherwise dropped, since the sender may try again elsewhere. */
const unanswered = (title: string, endpoints: number) => {
  const [target, why] = endpoints === 0 ? ["REJECT", "has no endpoints"] : ["DROP", "has no local endpoints"]
  return { target, why: comment(`${title} ${why}`) }
}

const compilePort = (
  service: string,
  port: ServicePort,
  options: Options,
  chains: Map<string, ReadonlyArray<string>>,
  lines: Array<string>
) => {
  const { clusterIP, endpoints, externalIPs, externalPolicy, internalPolicy, loadBalancerIPs, localEndpoints, nodePort } =
    port
  const { protocol, sourceRanges } = port
  const [names, title] = [Chains.namesOf(service, port), Chains.portName(service, port)]
  const at = (address: string) => `-d ${address}/${bits(address)} -p ${protocol} -m ${protocol} --dport ${port.port}`
  const atNode = `-p ${protocol} -m ${protocol} --dport ${nodePort}`
  const isExternal = externalIPs.length > 0 || loadBalancerIPs.length > 0 || nodePort !== 0
  const isGuarded = sourceRanges.length > 0 && loadBalancerIPs.length > 0 && endpoints.length > 0

  const inner = internalPolicy === "Local" ? localEndpoints : endpoints
  if (inner.length > 0) {
    lines.push(
      `nat KUBE-SERVICES ${comment(`${title} cluster IP`)} ${at(clusterIP)} -j ${internalPolicy === "Local" ? names.local : names.cluster}`
    )
  } else {
    const { target, why } = unanswered(title, endpoints.length)
    lines.push(`filter KUBE-SERVICES ${why} ${at(clusterIP)} -j ${target}`)
  }

  const usesCluster = endpoints.length > 0 && (internalPolicy === "Cluster" || isExternal)
  const usesLocal = localEndpoints.length > 0 && (internalPolicy === "Local" || (externalPolicy === "Local" && isExternal))
  const isPod = options.podCidrs.length === 1 ? ` ! -s ${options.podCidrs[0]}` : ""
  const picking = (chain: string, chosen: ReadonlyArray<Endpoint>, policy: ServicePort["internalPolicy"]) => {
    const masquerade = `${comment(`${title} cluster IP`)}${isPod} ${at(clusterIP)} -j KUBE-MARK-MASQ`
    chains.set(chain, [...(policy === internalPolicy ? [masquerade] : []), ...balance(names, title, chosen, port)])
    for (const endpoint of chosen) {
      const own = names.endpoint(endpoint)
      chains.set(own, endpointRules(own, title, endpoint, port))
    }
  }
  if (usesCluster) picking(names.cluster, endpoints, "Cluster")
  if (usesLocal) picking(names.local, localEndpoints, "Local")

  if (isExternal && endpoints.length > 0) {
    chains.set(names.external, externalRules(names, title, port, options))
    for (const address of externalIPs)
      lines.push(`nat KUBE-SERVICES ${comment(`${title} external IP`)} ${at(address)} -j ${names.external}`)
    const door = isGuarded ? names.firewall : names.external
    for (const address of loadBalancerIPs)
      lines.push(`nat KUBE-SERVICES ${comment(`${title} loadbalancer IP`)} ${at(address)} -j ${door}`)
    if (nodePort !== 0) lines.push(`nat KUBE-NODEPORTS ${comment(title)} ${atNode} -j ${names.external}`)
  }
  if (isGuarded) {
    const guard = comment(`${title} loadbalancer IP`)
    chains.set(
      names.firewall,
      sourceRanges.map((range) => `${guard} -s ${range} -j ${names.external}`)
    )
    const turned = comment(`${title} traffic not accepted by ${names.firewall}`)
    for (const address of loadBalancerIPs) lines.push(`filter KUBE-PROXY-FIREWALL ${turned} ${at(address)} -j DROP`)
  }
  const outer = externalPolicy === "Local" ? localEndpoints : endpoints
  if (isExternal && outer.length === 0) {
    const { target, why } = unanswered(title, endpoints.length)
    for (const address of [...externalIPs, ...loadBalancerIPs]) {
      lines.push(`filter KUBE-EXTERNAL-SERVICES ${why} ${at(address)} -j ${target}`)
    }
    if (nodePort !== 0)
      lines.push(`filter KUBE-EXTERNAL-SERVICES ${why} -m addrtype --dst-type LOCAL ${atNode} -j ${target}`)
  }
}

/** Of one Service, in one IP family. */
export const compile = ({ name, ports }: ProxiedService, options: Options): Compiled => {
  const chains = new Map<string, ReadonlyArray<string>>()
  const lines: Array<string> = []
  for (const port of ports) compilePort(name, port, options, chains, lines)
  return { chains, lines }
}
