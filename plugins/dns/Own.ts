/** Names that a server answers by itself, before it asks the cluster. */
import { isIPv4, isIPv6 } from "node:net"
import type { Responder } from "./Responder.ts"
import * as Wire from "./Wire.ts"

const ttl = 5
const internet = 1

/** A name that is there without an address of this type is answered without any. */
export const first =
  (own: (name: string) => ReadonlyArray<string> | undefined, next: Responder): Responder =>
  (bytes, transport) => {
    const query = Wire.parse(bytes)
    const addresses = query?.opcode === 0 && query.class === internet ? own(query.name) : undefined
    if (query === undefined || addresses === undefined || (query.edns?.version ?? 0) !== 0) return next(bytes, transport)
    const { name } = query
    const type = Wire.types[query.type]
    const fits = type === "A" ? isIPv4 : isIPv6
    const found = type === "A" || type === "AAAA" ? addresses.filter((address) => fits(address)) : []
    const answers = found.map((data) => Wire.record({ type: type === "A" ? "A" : "AAAA", name, ttl, data }, name))
    const encoded = {
      rcode: Wire.rcodes.noError,
      authoritative: true,
      ordered: false,
      answers,
      authorities: [],
      additionals: []
    }
    return { now: Wire.message(query, encoded, transport === "udp" ? Wire.datagram(query) : Wire.segment) }
  }
