/**
 * What Compute Engine demands beyond the shape of a request, by its documentation: "External passthrough Network Load Balancer overview"
 * (backend services and their protocols, forwarding rules and ports), "Zonal NEGs with GCE_VM_IP endpoints", "Reserve a static address".
 */
import { isObject, type Json } from "./Discovery.ts"

export interface State {
  readonly find: (link: string) => Json | undefined
  readonly all: (collection: string) => ReadonlyArray<Json>
  readonly number: () => string
}

const text = (value: unknown) => (typeof value === "string" ? value : "")
const list = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])
const count = (...values: ReadonlyArray<unknown>) => values.filter((value) => value !== undefined && value !== false).length

export const addressOf = ({ networkInterfaces }: Json) => {
  const [first] = list(networkInterfaces)
  return isObject(first) ? text(first["networkIP"]) : ""
}

/** Which protocols of a backend service a rule's protocol may lead to. */
const compatible: { readonly [protocol: string]: ReadonlyArray<string> } = {
  TCP: ["TCP", "UNSPECIFIED"],
  UDP: ["UDP", "UNSPECIFIED"],
  L3_DEFAULT: ["UNSPECIFIED"]
}

const forwardingRule = (body: Json, scope: string, { all, find }: State) => {
  const service = find(text(body["backendService"]))
  if (service === undefined) return "backendService: there is none"
  const protocol = text(body["IPProtocol"])
  if (compatible[protocol]?.includes(text(service["protocol"])) !== true)
    return `IPProtocol: ${protocol} cannot lead to a backend service of ${text(service["protocol"])}`
  if (service["loadBalancingScheme"] !== body["loadBalancingScheme"])
    return "loadBalancingScheme: is not the backend service's"
  if (count(body["ports"], body["portRange"], body["allPorts"]) !== 1)
    return "one of ports, portRange and allPorts is needed"
  if (list(body["ports"]).length > 5) return "ports: no more than five can be named"
  if (protocol === "L3_DEFAULT" && body["allPorts"] !== true) return "allPorts: has to be true for L3_DEFAULT"
  const reserved = all(`${scope}/addresses`).find(({ address }) => address === body["IPAddress"])
  if (reserved === undefined) return `IPAddress: ${text(body["IPAddress"])} is not reserved`
  return reserved["addressType"] === body["loadBalancingScheme"] ? undefined : "IPAddress: is of another type"
}

const backendService = (body: Json) => {
  if (list(body["healthChecks"]).length !== 1) return "healthChecks: exactly one is needed"
  if (!["EXTERNAL", "INTERNAL"].includes(text(body["loadBalancingScheme"])))
    return "loadBalancingScheme: is not of this kind"
  return backends(body)
}
const backends = (body: Json) =>
  list(body["backends"]).some((one) => !isObject(one) || one["balancingMode"] !== "CONNECTION")
    ? "backends: groups of GCE_VM_IP endpoints need the mode CONNECTION"
    : undefined

const healthCheck = (body: Json) => {
  const own = `${text(body["type"]).toLowerCase()}HealthCheck`
  return isObject(body[own]) ? undefined : `${own}: is missing`
}

const needed: { readonly [resource: string]: ReadonlyArray<string> } = {
  addresses: ["addressType"],
  firewalls: ["network", "allowed", "sourceRanges"],
  forwardingRules: ["IPAddress", "IPProtocol", "loadBalancingScheme", "backendService"],
  networkEndpointGroups: ["networkEndpointType", "network"],
  regionBackendServices: ["protocol", "healthChecks", "loadBalancingScheme"],
  regionHealthChecks: ["type"],
  routes: ["network", "destRange", "priority"]
}

/** Why it cannot be made; nothing: it can. */
export const inserting = (resource: string, body: Json, scope: string, state: State): string | undefined => {
  const missing = (needed[resource] ?? []).find((name) => body[name] === undefined)
  if (missing !== undefined) return `${missing}: is missing`
  if (resource === "forwardingRules") return forwardingRule(body, scope, state)
  if (resource === "regionBackendServices") return backendService(body)
  if (resource === "regionHealthChecks") return healthCheck(body)
  if (resource === "routes" && count(body["nextHopInstance"], body["nextHopIp"]) !== 1) return "one next hop is needed"
  return undefined
}

const fixed: { readonly [resource: string]: ReadonlyArray<string> } = {
  regionBackendServices: ["loadBalancingScheme", "name"],
  regionHealthChecks: ["name"],
  firewalls: ["name", "network"]
}
export const patching = (resource: string, before: Json, body: Json): string | undefined => {
  const own = fixed[resource]
  if (own === undefined) return `${resource} cannot be changed`
  const changed = own.find((name) => body[name] !== undefined && body[name] !== before[name])
  if (changed !== undefined) return `${changed}: cannot be changed`
  return resource === "regionBackendServices" ? backends(body) : undefined
}

const fingerprint = (number: () => string) => ({ fingerprint: Buffer.from(number()).toString("base64") })
export const refreshed = (before: Json, number: () => string) =>
  before["fingerprint"] === undefined ? {} : fingerprint(number)

/** What the cloud fills in. */
export const filled = (resource: string, body: Json, { number }: State): Json => {
  if (resource === "addresses") {
    const own = Number(number())
    const given =
      body["addressType"] === "INTERNAL"
        ? `10.128.${(own >> 8) & 255}.${own & 255}`
        : `34.90.${(own >> 8) & 255}.${own & 255}`
    return { address: text(body["address"]) || given, status: "RESERVED" }
  }
  return resource === "regionBackendServices" || resource === "forwardingRules" ? fingerprint(number) : {}
}

/** A rule holds its address, which it names by its digits. */
export const holds = (user: Json, { address, kind }: Json) =>
  kind === "compute#address" && user["kind"] === "compute#forwardingRule" && user["IPAddress"] === address
