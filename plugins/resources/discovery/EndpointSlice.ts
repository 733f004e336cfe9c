/** EndpointSlices: where a Service is served, some of it in each. */
import { isIP } from "node:net"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { duplicates, oneOf } from "../../../kernel/resource/Rules.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { joined, text, unset } from "../Columns.ts"
import type { Endpoint, EndpointSlice } from "../contracts/discovery/v1.ts"

const families: { readonly [type: string]: number } = { IPv4: 4, IPv6: 6 }
const maxEndpoints = 1000
const maxPorts = 100

const validateEndpoint = ({ addresses }: Endpoint, field: string, addressType: string): Causes.Causes => [
  ...(addresses.length === 0 ? [Causes.required(`${field}.addresses`, "must contain at least 1 address")] : []),
  ...addresses.flatMap((one, index) => {
    const at = `${field}.addresses[${index}]`
    if (addressType === "FQDN") return Causes.broken(at, one, Names.dns1123Subdomain(one))
    return isIP(one) === families[addressType] ? [] : [Causes.invalid(at, one, `must be an ${addressType} address`)]
  })
]

const validate = ({ addressType, endpoints, ports = [] }: EndpointSlice): Causes.Causes => [
  ...oneOf("addressType", addressType, ["FQDN", "IPv4", "IPv6"]),
  ...(endpoints.length > maxEndpoints ? [Causes.tooMany("endpoints", endpoints.length, maxEndpoints)] : []),
  ...endpoints.flatMap((endpoint, index) => validateEndpoint(endpoint, `endpoints[${index}]`, addressType)),
  ...(ports.length > maxPorts ? [Causes.tooMany("ports", ports.length, maxPorts)] : []),
  ...ports.flatMap(({ name = "", protocol }, index) => [
    ...(name === "" ? [] : Causes.broken(`ports[${index}].name`, name, Names.dns1123Label(name))),
    ...oneOf(`ports[${index}].protocol`, protocol, ["SCTP", "TCP", "UDP"])
  ]),
  ...duplicates(
    ports.map(({ name }) => name),
    (index) => `ports[${index}].name`
  )
]

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
  validate,
  validateUpdate: ({ addressType }, { addressType: old }) =>
    addressType === old ? [] : [Causes.immutable("addressType", addressType)],
  columns: [
    text("AddressType", "What sort of addresses they are.", ({ addressType }) => addressType),
    text("Ports", "The ports of each.", portsOf),
    text("Endpoints", "The addresses.", addressesOf)
  ]
}
