/**
 * What the cluster's names mean. Pure: a view of the cluster and a question give records. Source: "Kubernetes DNS-Based Service
 * Discovery", version 1.1.0, and where it leaves a choice, what CoreDNS does.
 */
import type { Answer } from "dns-packet"
import { isIPv4, isIPv6 } from "node:net"
import type { Service, ServicePort } from "../resources/contracts/core/v1.ts"
import type { Endpoint, EndpointSlice } from "../resources/contracts/discovery/v1.ts"

export interface View {
  readonly hasNamespace: (name: string) => boolean
  readonly service: (namespace: string, name: string) => Service | undefined
  readonly slices: (namespace: string, name: string) => ReadonlyArray<EndpointSlice>
  readonly servicesAt: (address: string) => ReadonlyArray<Service>
  readonly slicesAt: (address: string) => ReadonlyArray<EndpointSlice>
}
export interface Settings {
  /** Such as `cluster.local`. */
  readonly domain: string
  /** Where this server answers. */
  readonly addresses: ReadonlyArray<string>
}

export interface Found {
  readonly exists: boolean
  readonly answers: ReadonlyArray<Answer>
  readonly additionals: ReadonlyArray<Answer>
  /** The answer is an alias: the question goes on with this name. */
  readonly alias?: string
}

/** Services come and go; who asks again soon is told soon. In seconds. */
const ttl = 5

const nothing: Found = { exists: false, answers: [], additionals: [] }
const empty: Found = { exists: true, answers: [], additionals: [] }
const some = (answers: ReadonlyArray<Answer>, additionals: ReadonlyArray<Answer> = []): Found => ({
  exists: true,
  answers,
  additionals
})

const addressRecords = (name: string, addresses: ReadonlyArray<string>, type: string): ReadonlyArray<Answer> =>
  [...new Set(addresses)].flatMap((data): ReadonlyArray<Answer> => {
    if (isIPv4(data) && (type === "A" || type === "ANY")) return [{ type: "A", name, ttl, data }]
    return isIPv6(data) && (type === "AAAA" || type === "ANY") ? [{ type: "AAAA", name, ttl, data }] : []
  })

const service = "kubernetes.io/service-name"
const isHeadless = ({ spec }: Service) => spec?.clusterIP === "None"
const hostOf = ({ hostname }: Endpoint, address: string) => hostname || address.replaceAll(/[.:]/g, "-")

interface Target {
  readonly host: string
  readonly address: string
  readonly ports: NonNullable<EndpointSlice["ports"]>
}

/** Everybody who is ready behind a Service, with the name that he has under it. */
const targets = (slices: ReadonlyArray<EndpointSlice>): ReadonlyArray<Target> =>
  slices.flatMap(({ endpoints, ports = [] }) =>
    endpoints
      .filter(({ conditions }) => conditions.ready !== false)
      .flatMap((endpoint) => endpoint.addresses.map((address) => ({ host: hostOf(endpoint, address), address, ports })))
  )

const srv = (name: string, target: string, port: number): Answer => ({
  type: "SRV",
  name,
  ttl,
  data: { priority: 0, weight: 100, port, target }
})

interface Asked {
  readonly name: string
  readonly type: string
  /** Of the Service itself, below which the others are. */
  readonly base: string
}

const addressesOf = ({ spec }: Service) =>
  (spec?.clusterIPs?.length ? spec.clusterIPs : [spec?.clusterIP ?? ""]).filter(
    (address) => address !== "" && address !== "None"
  )

/** SRV, for one port or for all of them. Each target comes with its addresses, so that nobody has to ask again. */
const ports = (
  found: Service,
  slices: ReadonlyArray<EndpointSlice>,
  { base, name }: Asked,
  wanted?: readonly [string, string]
) => {
  const matches = (port: { readonly name?: string; readonly protocol: string }) =>
    wanted === undefined || ((port.name ?? "") === wanted[0] && port.protocol.toLowerCase() === wanted[1])
  const answers = new Map<string, Answer>()
  const additionals = new Map<string, ReadonlyArray<Answer>>()
  const add = (target: string, port: number, address: string) => {
    answers.set(`${target} ${port}`, srv(name, target, port))
    additionals.set(`${target} ${address}`, addressRecords(target, [address], "ANY"))
  }
  if (isHeadless(found)) {
    for (const { address, host, ports } of targets(slices)) {
      for (const port of ports) if (matches(port) && port.port !== undefined) add(`${host}.${base}`, port.port, address)
    }
  } else {
    const named = (found.spec?.ports ?? []).filter((port: ServicePort) => matches(port))
    for (const { port } of named) for (const address of addressesOf(found)) add(base, port, address)
  }
  return answers.size === 0 ? nothing : some([...answers.values()], [...additionals.values()].flat())
}

const ofService = (found: Service, slices: ReadonlyArray<EndpointSlice>, asked: Asked): Found => {
  const { name, type } = asked
  const { externalName } = found.spec ?? {}
  if (found.spec?.type === "ExternalName" && externalName !== undefined) {
    if (isIPv4(externalName) || isIPv6(externalName)) return some(addressRecords(name, [externalName], type))
    return { ...some([{ type: "CNAME", name, ttl, data: externalName }]), ...(type !== "CNAME" && { alias: externalName }) }
  }
  if (!isHeadless(found))
    return type === "SRV" ? ports(found, slices, asked) : some(addressRecords(name, addressesOf(found), type))
  const ready = targets(slices)
  if (ready.length === 0) return nothing
  if (type === "SRV") return ports(found, slices, asked)
  return some(
    addressRecords(
      name,
      ready.map(({ address }) => address),
      type
    )
  )
}

/** `rest` is what stands before `svc`, the namespace last. */
const underServices = (view: View, settings: Settings, rest: ReadonlyArray<string>, asked: Omit<Asked, "base">): Found => {
  const [namespace, name, ...above] = rest.toReversed()
  if (namespace === undefined) return empty
  if (name === undefined) return view.hasNamespace(namespace) ? empty : nothing
  const found = view.service(namespace, name)
  if (found === undefined) return nothing
  const slices = view.slices(namespace, name)
  const base = `${name}.${namespace}.svc.${settings.domain}`
  const [first, second, third] = above
  if (first === undefined) return ofService(found, slices, { ...asked, base })
  if (third !== undefined) return nothing
  if (second !== undefined) {
    if (!first.startsWith("_") || !second.startsWith("_")) return nothing
    const wanted = [second.slice(1), first.slice(1)] as const
    const named = ports(found, slices, { ...asked, base }, wanted)
    return asked.type === "SRV" || !named.exists ? named : empty
  }
  if (first === "_tcp" || first === "_udp" || first === "_sctp") return empty
  const members = targets(slices).filter(({ host }) => host === first)
  if (members.length === 0) return nothing
  return some(
    addressRecords(
      asked.name,
      members.map(({ address }) => address),
      asked.type
    )
  )
}

/** `a-b-c-d.namespace.pod`: whoever knows an address may have a name for it. */
const underPods = (view: View, rest: ReadonlyArray<string>, { name, type }: Omit<Asked, "base">): Found => {
  const [namespace, dashed, ...above] = rest.toReversed()
  if (namespace === undefined) return empty
  if (!view.hasNamespace(namespace)) return nothing
  if (dashed === undefined) return empty
  const address = [dashed.replaceAll("-", "."), dashed.replaceAll("-", ":")].find((text) => isIPv4(text) || isIPv6(text))
  return address === undefined || above.length > 0 ? nothing : some(addressRecords(name, [address], type))
}

export const soa = ({ domain }: Settings): Answer => ({
  type: "SOA",
  name: domain,
  ttl,
  data: {
    mname: `ns.dns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial: 1,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: ttl
  }
})

const atTop = (settings: Settings, { name, type }: Omit<Asked, "base">): Found => {
  if (type === "SOA") return some([soa(settings)])
  const server = `ns.dns.${settings.domain}`
  return type === "NS"
    ? some([{ type: "NS", name, ttl, data: server }], addressRecords(server, settings.addresses, "ANY"))
    : empty
}

export const contains = ({ domain }: Settings, name: string) => name === domain || name.endsWith(`.${domain}`)

/** Of a name in the zone, in lower case. */
export const lookup = (view: View, settings: Settings, name: string, type: string): Found => {
  const labels = name
    .slice(0, Math.max(0, name.length - settings.domain.length - 1))
    .split(".")
    .filter(Boolean)
  const [last, ...rest] = labels.toReversed()
  const asked = { name, type }
  switch (last) {
    case undefined:
      return atTop(settings, asked)
    case "svc":
      return underServices(view, settings, rest.toReversed(), asked)
    case "pod":
      return underPods(view, rest.toReversed(), asked)
    case "dns":
      if (rest.length === 0) return empty
      return rest.length === 1 && rest[0] === "ns" ? some(addressRecords(name, settings.addresses, type)) : nothing
    case "dns-version":
      if (rest.length > 0) return nothing
      return type === "TXT" ? some([{ type: "TXT", name, ttl, data: "1.1.0" }]) : empty
    default:
      return nothing
  }
}

/** The address that a name such as `5.0.96.10.in-addr.arpa` asks for. */
export const reversed = (name: string): string | undefined => {
  if (name.endsWith(".in-addr.arpa")) {
    const address = name.slice(0, -".in-addr.arpa".length).split(".").toReversed().join(".")
    return isIPv4(address) ? address : undefined
  }
  if (!name.endsWith(".ip6.arpa")) return undefined
  const digits = name.slice(0, -".ip6.arpa".length).split(".").toReversed().join("")
  const groups = digits.match(/^[0-9a-f]{32}$/) === null ? [] : (digits.match(/.{4}/g) ?? [])
  // In the short form, as the API has it.
  return groups.length === 8 ? new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1) : undefined
}

/** Who has an address: Services, or if none has, those behind Services. Absent: nobody here. */
export const pointers = (view: View, { domain }: Settings, name: string, address: string): Found | undefined => {
  const services = view.servicesAt(address).map(({ metadata }) => `${metadata.name}.${metadata.namespace}.svc.${domain}`)
  const members = view
    .slicesAt(address)
    .flatMap(({ endpoints, metadata: { labels = {}, namespace } }) =>
      endpoints
        .filter(({ addresses, conditions }) => addresses.includes(address) && conditions.ready !== false)
        .map((endpoint) => `${hostOf(endpoint, address)}.${labels[service]}.${namespace}.svc.${domain}`)
    )
  const names = services.length > 0 ? services : members
  return names.length === 0 ? undefined : some([...new Set(names)].map((data) => ({ type: "PTR", name, ttl, data })))
}
