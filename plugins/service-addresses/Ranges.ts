/** Which addresses and ports Services can have. Pure arithmetic. */
import * as Addresses from "../resources/contracts/Addresses.ts"

/** Numbers that can be given out. */
export interface Numbers {
  readonly first: number
  readonly size: number
}

export interface Range extends Addresses.Cidr {
  readonly cidr: string
  /** How far into the range the addresses are that can be given: all but the network's own and, of IPv4, the broadcast. */
  readonly numbers: Numbers
}

/** Of a range of more than that many addresses the rest is not used, as upstream does it. */
const most = 2n ** 20n

/** Absent: not a range, or one without an address for a Service. */
export const rangeOf = (cidr: string): Range | undefined => {
  const range = Addresses.cidr(cidr)
  if (range === undefined || range.size < 4n) return undefined
  const size = Number(range.size > most ? most : range.size)
  return { ...range, cidr, numbers: { first: 1, size: size - (range.family === 4 ? 2 : 1) } }
}

/** Asked for by name it may lie anywhere in the range. */
export const contains = (range: Range, address: string) => {
  const index = Addresses.indexOf(range, address)
  return index !== undefined && index > 0n && (range.family === 6 || index < range.size - 1n)
}

/**
 * The lower part is for addresses that people choose, the rest for those that are chosen for them (KEP-3070): at most 256 of
 * 16 and more. `random` is from 0 to below 1; the search goes on from there, so that a full range is seen to be full.
 */
export const choose = ({ first, size }: Numbers, random: number, isFree: (value: number) => boolean): number | undefined => {
  const reserved = Math.min(Math.max(16, Math.floor(size / 16)), 256, size)
  const upper = size - reserved
  const start = Math.floor(random * upper)
  for (let step = 0; step < upper; step++) {
    const value = first + reserved + ((start + step) % upper)
    if (isFree(value)) return value
  }
  for (let step = 0; step < reserved; step++) if (isFree(first + step)) return first + step
  return undefined
}

export const nodePorts: Numbers = { first: 30000, size: 2768 }
