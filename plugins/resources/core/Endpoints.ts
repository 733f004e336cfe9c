/** Endpoints: where a Service is served, in the form that EndpointSlices have replaced. */
import { isIP } from "node:net"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { address, between, each, named, namedIfGiven, oneOf, reachable, when } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { none, text } from "../Columns.ts"
import type { EndpointAddress, Endpoints, EndpointSubset } from "../contracts/core/v1.ts"

const validateAddress = ({ hostname = "", ip, nodeName }: EndpointAddress, field: string): Causes.Causes => [
  ...address(`${field}.ip`, ip),
  ...namedIfGiven(`${field}.hostname`, hostname, Names.dns1123Label),
  ...named(`${field}.nodeName`, nodeName, Names.dns1123Subdomain),
  ...when(isIP(ip) === 0, () => Causes.invalid(`${field}.ip`, ip, "must be a valid IP address"))
]

/** The servers of a cluster on one machine may be reached there alone, and are told to the nodes of that machine. */
const isApi = ({ name, namespace }: Endpoints["metadata"]) => namespace === "default" && name === "kubernetes"

const validateSubset = (subset: EndpointSubset, field: string, isAnywhere: boolean): Causes.Causes => {
  const validate = (one: EndpointAddress, at: string) => [
    ...validateAddress(one, at),
    ...(isAnywhere ? [] : reachable(`${at}.ip`, one.ip))
  ]
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset
  return [
    ...when(addresses.length + notReadyAddresses.length === 0, () =>
      Causes.required(field, "must specify `addresses` or `notReadyAddresses`")
    ),
    ...each(addresses, `${field}.addresses`, validate),
    ...each(notReadyAddresses, `${field}.notReadyAddresses`, validate),
    ...each(ports, `${field}.ports`, ({ appProtocol, name = "", port, protocol }, at) => [
      ...when(name === "" && ports.length > 1, () => Causes.required(`${at}.name`)),
      ...namedIfGiven(`${at}.name`, name, Names.dns1123Label),
      ...between(`${at}.port`, port, 1, 65535),
      ...oneOf(`${at}.protocol`, protocol, ["SCTP", "TCP", "UDP"]),
      ...named(`${at}.appProtocol`, appProtocol, Names.labelKey)
    ])
  ]
}

/** As `kubectl get` shows places: three of them. */
const shown = 3

const placesOf = ({ subsets = [] }: Endpoints) => {
  if (subsets.length === 0) return none
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => (isIP(ip) === 6 ? `[${ip}]:${port}` : `${ip}:${port}`)))
  )
  const more = all.length - shown
  return `${all.slice(0, shown).join(",")}${more > 0 ? ` + ${more} more...` : ""}`
}

export const strategy: Strategy<Endpoints> = {
  validate: ({ metadata, subsets = [] }) =>
    each(subsets, "subsets", (subset, field) => validateSubset(subset, field, isApi(metadata))),
  columns: [text("Endpoints", "Where the Service is served.", placesOf)]
}
