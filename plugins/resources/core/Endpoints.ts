/** Endpoints: where a Service is served, in the form that EndpointSlices have replaced. */
import { isIP } from "node:net"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { none, text } from "../Columns.ts"
import type { Endpoints, EndpointSubset } from "../contracts/core/v1.ts"

const address = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"

const validateSubset = (
  { addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset,
  index: number
): Causes.Causes => {
  const field = `subsets[${index}]`
  return [
    ...(addresses.length + notReadyAddresses.length === 0
      ? [Causes.required(field, "must specify `addresses` or `notReadyAddresses`")]
      : []),
    ...addresses.flatMap(({ ip }, at) =>
      isIP(ip) > 0 ? [] : [Causes.invalid(`${field}.addresses[${at}].ip`, ip, address)]
    ),
    ...ports.flatMap(({ name = "", port }, at) => [
      ...(name === "" && ports.length > 1 ? [Causes.required(`${field}.ports[${at}].name`)] : []),
      ...Names.portNumber(port).map((why) => Causes.invalid(`${field}.ports[${at}].port`, port, why))
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
  validate: ({ subsets = [] }) => subsets.flatMap(validateSubset),
  columns: [text("Endpoints", "Where the Service is served.", placesOf)]
}
