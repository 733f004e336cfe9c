/** EndpointSlices: where a Service is served, some of it in each. */
import { isIP } from "node:net"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import { address, each, enumerated, named, namedIfGiven, oneOf, reachable, when } from "../../../kernel/resource/Rules.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { joined, text, unset } from "../Columns.ts"
import type { Endpoint, EndpointSlice } from "../contracts/discovery/v1.ts"

const families: { readonly [type: string]: number } = { IPv4: 4, IPv6: 6 }
const most = { endpoints: 1000, ports: 20_000, addresses: 100, zones: 8, nodes: 8 }

/** `isAnywhere`: also where only this machine reaches it. */
const validateAddress = (value: string, field: string, addressType: string, isAnywhere: boolean): Causes.Causes => {
  if (addressType === "FQDN") return named(field, value, Names.dns1123Subdomain)
  const family = families[addressType]
  if (family === undefined) return []
  const wrong = address(field, value)
  if (wrong.length > 0) return wrong
  // Of the wrong family it is the list that is wrong.
  const all = field.replace(/\[\d+\]$/, "")
  return [
    ...when(isIP(value) !== family, () => Causes.invalid(all, value, `must be an ${addressType} address`)),
    ...(isAnywhere ? [] : reachable(field, value))
  ]
}

/** The servers of a cluster on one machine may be reached there alone, and are told to the nodes of that machine. */
const isApi = ({ labels, namespace }: EndpointSlice["metadata"]) =>
  namespace === "default" && labels?.["kubernetes.io/service-name"] === "kubernetes"

const validateHints = (
  hints: ReadonlyArray<{ readonly name: string }> = [],
  field: string,
  limit: number,
  rule: Names.Rule
): Causes.Causes => [
  ...when(hints.length > limit, () => Causes.tooMany(field, hints.length, limit)),
  ...each(hints, field, ({ name }, at, index) => [
    ...named(`${at}.name`, name, rule),
    ...when(name !== "" && hints.findIndex((other) => other.name === name) < index, () =>
      Causes.duplicate(`${at}.name`, name)
    )
  ])
]

const validateEndpoint = (endpoint: Endpoint, field: string, addressType: string, isAnywhere: boolean): Causes.Causes => {
  const { addresses, hints, hostname, nodeName } = endpoint
  return [
    ...when(addresses.length === 0, () => Causes.required(`${field}.addresses`, "must contain at least 1 address")),
    ...when(addresses.length > most.addresses, () => Causes.tooMany(`${field}.addresses`, addresses.length, most.addresses)),
    ...each(addresses, `${field}.addresses`, (one, at) => validateAddress(one, at, addressType, isAnywhere)),
    ...named(`${field}.nodeName`, nodeName, Names.dns1123Subdomain),
    ...named(`${field}.hostname`, hostname, Names.dns1123Label),
    ...validateHints(hints?.forZones, `${field}.hints.forZones`, most.zones, Names.labelValue),
    ...validateHints(hints?.forNodes, `${field}.hints.forNodes`, most.nodes, Names.dns1123Subdomain)
  ]
}

const validate = ({ addressType, endpoints, metadata, ports = [] }: EndpointSlice): Causes.Causes => [
  ...oneOf("addressType", addressType, ["FQDN", "IPv4", "IPv6"]),
  ...when(endpoints.length > most.endpoints, () => Causes.tooMany("endpoints", endpoints.length, most.endpoints)),
  ...each(endpoints, "endpoints", (endpoint, at) => validateEndpoint(endpoint, at, addressType, isApi(metadata))),
  ...when(ports.length > most.ports, () => Causes.tooMany("ports", ports.length, most.ports)),
  ...each(ports, "ports", ({ appProtocol, name = "", protocol }, at, index) => [
    ...namedIfGiven(`${at}.name`, name, Names.dns1123Label),
    ...when(ports.findIndex((other) => (other.name ?? "") === name) < index, () => Causes.duplicate(`${at}.name`, name)),
    ...enumerated(`${at}.protocol`, protocol, ["SCTP", "TCP", "UDP"]),
    ...named(`${at}.appProtocol`, appProtocol, Names.labelKey)
  ])
]

/** What nobody says any more. */
const withoutTopology = (slice: EndpointSlice): EndpointSlice =>
  slice.endpoints.some(({ deprecatedTopology }) => deprecatedTopology !== undefined)
    ? { ...slice, endpoints: slice.endpoints.map(({ deprecatedTopology: _, ...endpoint }) => endpoint) }
    : slice

const portsOf = ({ ports }: EndpointSlice) =>
  ports === undefined || ports.length === 0
    ? unset
    : joined(
        ports.map(({ port }) => (port === undefined ? "*" : `${port}`)),
        3
      )
const addressesOf = ({ endpoints }: EndpointSlice) => {
  const all = endpoints.flatMap(({ addresses }) => addresses)
  return all.length === 0 ? unset : joined(all, 3)
}

export const strategy: Strategy<EndpointSlice> = {
  generation: true,
  isCounted: ({ metadata }, { metadata: old }) => !equal(metadata.labels ?? {}, old.labels ?? {}),
  prepareCreate: withoutTopology,
  validate,
  warnings: ({ addressType }) => (addressType === "FQDN" ? ["spec.addressType: FQDN endpoints are deprecated"] : []),
  validateUpdate: ({ addressType }, { addressType: old }) =>
    addressType === old ? [] : [Causes.immutable("addressType", addressType)],
  columns: [
    text("AddressType", "What sort of addresses they are.", ({ addressType }) => addressType),
    text("Ports", "The ports of each.", portsOf),
    text("Endpoints", "The addresses.", addressesOf)
  ]
}
