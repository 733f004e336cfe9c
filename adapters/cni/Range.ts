/** Ranges of addresses of both families, as numbers: which of a range Pods can have, as CNI's host-local counts them. */
import * as Addresses from "../../plugins/resources/contracts/Addresses.ts"

export { type Family, familyOf, format, parse } from "../../plugins/resources/contracts/Addresses.ts"

export interface Range {
  /** As it was given, such as `10.244.1.0/24`. */
  readonly cidr: string
  readonly family: Addresses.Family
  readonly prefix: number
  /** The node's own address in it. */
  readonly gateway: string
  /** The first and the last that Pods can have. */
  readonly first: bigint
  readonly last: bigint
}

/** Absent: not a range, or one too small to have an address for a Pod. */
export const make = (cidr: string): Range | undefined => {
  const range = Addresses.cidr(cidr)
  if (range === undefined || range.size < 4n) return undefined
  const { base, family, prefix, size } = range
  // The last of IPv4 is the broadcast address.
  const last = base + size - (family === 4 ? 2n : 1n)
  return { cidr, family, prefix, gateway: Addresses.at(range, 1), first: base + 2n, last }
}

/** How many Pods it has room for; of IPv6 at most what a number can say exactly. */
export const sizeOf = ({ first, last }: Range) => {
  const size = last - first + 1n
  return size > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(size)
}

export const contains = ({ family, first, last }: Range, address: string) => {
  const number = Addresses.familyOf(address) === family ? Addresses.parse(address) : undefined
  return number !== undefined && number >= first && number <= last
}
