/**
 * What Azure demands beyond the shape of a request, by its documentation ("Azure Load Balancer components", "Backend pool management", "Network
 * security groups"), and what it fills in.
 */
import { isObject, type Json } from "./Description.ts"

export class Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** A resource, by its id. */
export interface Found {
  readonly body: Json
  readonly isBusy: boolean
}
export interface State {
  readonly find: (id: string) => Found | undefined
  readonly all: (under: string) => ReadonlyArray<Json>
  readonly number: () => number
}

const text = (value: unknown) => (typeof value === "string" ? value : "")
const objects = (value: unknown): ReadonlyArray<Json> => (Array.isArray(value) ? value.filter(isObject) : [])
export const propertiesOf = (one: Json | undefined): Json => {
  const properties = one?.["properties"]
  return isObject(properties) ? properties : {}
}
export const idIn = (value: unknown) => (isObject(value) ? text(value["id"]) : "")
const invalid = (message: string) => new Refusal(400, "InvalidRequestFormat", message)

const parts = ["frontendIPConfigurations", "backendAddressPools", "loadBalancingRules", "probes"] as const

const located = (body: Json) => {
  if (text(body["location"]) === "") throw new Refusal(400, "LocationRequired", "The location property is required.")
}

/** Frontends name a public address that is there and nobody else's, or a subnet. */
const frontends = (path: string, properties: Json, { all, find }: State) => {
  const used = new Map<string, string>()
  for (const balancer of all(path.slice(0, path.lastIndexOf("/"))))
    if (text(balancer["id"]).toLowerCase() !== path.toLowerCase())
      for (const one of objects(propertiesOf(balancer)["frontendIPConfigurations"]))
        used.set(idIn(propertiesOf(one)["publicIPAddress"]).toLowerCase(), text(one["id"]))
  for (const one of objects(properties["frontendIPConfigurations"])) {
    const { publicIPAddress, subnet } = propertiesOf(one)
    if ((publicIPAddress === undefined) === (subnet === undefined))
      throw invalid(`${text(one["name"])}: one of publicIPAddress and subnet is needed`)
    if (publicIPAddress === undefined) continue
    const id = idIn(publicIPAddress)
    const address = find(id)
    if (address === undefined) throw new Refusal(400, "InvalidResourceReference", `Resource ${id} was not found.`)
    if (address.isBusy)
      throw new Refusal(409, "ReferencedResourceNotProvisioned", `Resource ${id} is not in Succeeded state.`)
    if (used.has(id.toLowerCase()))
      throw new Refusal(400, "PublicIPAddressInUse", `Resource ${id} is used by ${used.get(id.toLowerCase())}.`)
    used.set(id.toLowerCase(), text(one["name"]))
  }
}

const pools = (properties: Json) => {
  for (const pool of objects(properties["backendAddressPools"])) {
    const addresses = objects(propertiesOf(pool)["loadBalancerBackendAddresses"])
    if (new Set(addresses.map(({ name }) => name)).size !== addresses.length)
      throw invalid(`${text(pool["name"])}: names of addresses are not unique`)
    for (const one of addresses)
      if (text(propertiesOf(one)["ipAddress"]) === "" || idIn(propertiesOf(one)["virtualNetwork"]) === "")
        throw invalid(`${text(one["name"])}: an address and its virtual network are needed`)
  }
}

const rules = (path: string, properties: Json) => {
  const own = new Set(
    parts.flatMap((kind) => objects(properties[kind]).map(({ name }) => `${path}/${kind}/${text(name)}`.toLowerCase()))
  )
  const taken = new Set<string>()
  for (const rule of objects(properties["loadBalancingRules"])) {
    const of = propertiesOf(rule)
    const links = [of["frontendIPConfiguration"], of["backendAddressPool"], of["probe"]].map(idIn)
    const lost = links.find((id) => !own.has(id.toLowerCase()))
    if (lost !== undefined) throw new Refusal(400, "InvalidResourceReference", `Resource ${lost} was not found.`)
    const way = `${links[0]} ${text(of["protocol"])} ${String(of["frontendPort"])}`.toLowerCase()
    if (taken.has(way))
      throw new Refusal(400, "RulesUseSameFrontendPortProtocolAndIPConfig", `${text(rule["name"])}: ${way} is taken`)
    taken.add(way)
    if (of["enableFloatingIP"] === true && of["backendPort"] !== of["frontendPort"])
      throw invalid(`${text(rule["name"])}: with a floating address the ports are the same`)
  }
  for (const probe of objects(properties["probes"])) {
    const { protocol, requestPath } = propertiesOf(probe)
    if ((protocol === "Http") !== (requestPath !== undefined)) throw invalid(`${text(probe["name"])}: a path is for HTTP`)
  }
}

/** What the cloud adds to each part of a balancer. */
const completed = (path: string, properties: Json, before: Json, state: State): Json => {
  const of = (kind: (typeof parts)[number]) =>
    objects(properties[kind]).map((one) => {
      const own = propertiesOf(one)
      const old = objects(before[kind]).find(({ name }) => name === one["name"])
      const isInside = kind === "frontendIPConfigurations" && own["subnet"] !== undefined
      const number = state.number()
      const privateIPAddress =
        text(own["privateIPAddress"]) ||
        text(propertiesOf(old)["privateIPAddress"]) ||
        `10.0.${(number >> 8) & 255}.${number & 255}`
      const { name, zones } = one
      return {
        ...{ name, id: `${path}/${kind}/${text(name)}`, etag: `W/"${number}"` },
        ...(zones !== undefined && { zones }),
        properties: { ...own, ...(isInside && { privateIPAddress }), provisioningState: "Succeeded" }
      }
    })
  return Object.fromEntries(parts.map((kind) => [kind, of(kind)]))
}

const securityRule = (path: string, { priority, direction }: Json, { all }: State) => {
  const taken = all(path.slice(0, path.lastIndexOf("/"))).find((one) => {
    const other = propertiesOf(one)
    const isSelf = text(one["id"]).toLowerCase() === path.toLowerCase()
    return !isSelf && other["priority"] === priority && other["direction"] === direction
  })
  if (taken !== undefined)
    throw new Refusal(400, "SecurityRuleConflict", `The priority ${String(priority)} is that of ${text(taken["name"])}.`)
  if (typeof priority !== "number" || priority < 100 || priority > 4096) throw invalid("priority: between 100 and 4096")
}

/** The properties that a resource has after it was written; throws what cannot be. */
export const written = (kind: string, path: string, body: Json, before: Json | undefined, state: State): Json => {
  const properties = propertiesOf(body)
  const old = propertiesOf(before)
  switch (kind.toLowerCase()) {
    case "loadbalancers":
      located(body)
      frontends(path, properties, state)
      pools(properties)
      rules(path, properties)
      return { ...properties, ...completed(path, properties, old, state) }
    case "publicipaddresses": {
      located(body)
      const number = state.number()
      const ipAddress = text(old["ipAddress"]) || `20.50.${(number >> 8) & 255}.${number & 255}`
      return { ...properties, ipAddress }
    }
    case "securityrules":
      securityRule(path, properties, state)
      return properties
    case "routes":
      if (properties["nextHopType"] === "VirtualAppliance" && text(properties["nextHopIpAddress"]) === "")
        throw invalid("nextHopIpAddress: is missing")
      return properties
    default:
      return { ...old, ...properties }
  }
}

/** Who needs it, so that it cannot go. */
export const holder = (id: string, balancers: ReadonlyArray<Json>) =>
  balancers
    .flatMap((balancer) => objects(propertiesOf(balancer)["frontendIPConfigurations"]))
    .find((one) => idIn(propertiesOf(one)["publicIPAddress"]).toLowerCase() === id.toLowerCase())?.["id"]
