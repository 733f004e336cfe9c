/** The names of chains, as upstream's kube-proxy computes them: whoever reads a node's rules finds what he knows. */
import { createHash } from "node:crypto"
import type { Endpoint, ServicePort } from "../contracts/ServiceProxy.ts"

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
const length = 16

/** The first 80 bits of SHA-256 in base 32. */
const hash = (text: string) => {
  const digest = createHash("sha256").update(text).digest()
  let [name, bits, held] = ["", 0, 0]
  for (const byte of digest) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5 && name.length < length; bits -= 5) name += alphabet[(held >> (bits - 5)) & 31]
  }
  return name
}

/** `namespace/name:port`, as in upstream's comments. */
export const portName = (service: string, { name }: ServicePort) => (name === "" ? service : `${service}:${name}`)

export const targetOf = ({ address, port }: Endpoint) =>
  address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`

export interface Names {
  /** Picks one of all endpoints. */
  readonly cluster: string
  /** Picks one of this node's. */
  readonly local: string
  /** Whoever comes from outside passes here. */
  readonly external: string
  /** Whoever comes by a load balancer that has source ranges. */
  readonly firewall: string
  readonly endpoint: (endpoint: Endpoint) => string
}

export const namesOf = (service: string, port: ServicePort): Names => {
  const base = `${portName(service, port)}${port.protocol}`
  const digest = hash(base)
  return {
    cluster: `KUBE-SVC-${digest}`,
    local: `KUBE-SVL-${digest}`,
    external: `KUBE-EXT-${digest}`,
    firewall: `KUBE-FW-${digest}`,
    endpoint: (endpoint) => `KUBE-SEP-${hash(`${base}${targetOf(endpoint)}`)}`
  }
}

/** Chains of single Services. */
export const isOfService = (chain: string) => /^KUBE-(SVC|SVL|EXT|FW|SEP)-[A-Z2-7]{16}$/.test(chain)
