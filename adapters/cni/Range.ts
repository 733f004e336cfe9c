/** Ranges of addresses of both families, as numbers: which of a range Pods can have, as CNI's host-local counts them. */
import { isIP } from "node:net"

export type Family = 4 | 6

export interface Range {
  /** As it was given, such as `10.244.1.0/24`. */
  readonly cidr: string
  readonly family: Family
  readonly prefix: number
  /** The node's own address in it. */
  readonly gateway: string
  /** The first and the last that Pods can have. */
  readonly first: bigint
  readonly last: bigint
}

const bits = (family: Family) => (family === 4 ? 32 : 128)
export const familyOf = (text: string): Family => (text.includes(":") ? 6 : 4)

const parse4 = (text: string) => text.split(".").reduce((number, part) => number * 256n + BigInt(part), 0n)

/** The last 32 bits may be written as an IPv4 address. */
const parse6 = (text: string): bigint => {
  const dotted = /^(.*:)([^:]*\.[^:]*)$/.exec(text)
  if (dotted !== null) {
    const low = parse4(dotted[2] ?? "")
    return parse6(`${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`)
  }
  const [head = "", tail] = text.split("::")
  const words = (part: string) => (part === "" ? [] : part.split(":"))
  const [left, right] = [words(head), words(tail ?? "")]
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => "0")
  return [...left, ...zeros, ...right].reduce((number, word) => number * 65536n + BigInt(`0x${word}`), 0n)
}

/** Absent: not an address. */
export const parse = (text: string): bigint | undefined => {
  const family = isIP(text)
  if (family === 0) return undefined
  return family === 4 ? parse4(text) : parse6(text)
}

const format4 = (number: bigint) => [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join(".")

/** The longest run of zeros, of two at least, is left out: RFC 5952, as Go prints addresses. */
const format6 = (number: bigint) => {
  const words = Array.from({ length: 8 }, (_, index) => ((number >> BigInt(112 - index * 16)) & 0xffffn).toString(16))
  const runs = [...words.join(":").matchAll(/(?<![^:])0(?::0)+(?![^:])/g)]
  const longest = runs.toSorted((one, other) => other[0].length - one[0].length)[0]
  if (longest === undefined) return words.join(":")
  const text = words.join(":")
  return `${text.slice(0, longest.index).replace(/:$/, "")}::${text.slice(longest.index + longest[0].length).replace(/^:/, "")}`
}

export const format = (family: Family, number: bigint) => (family === 4 ? format4(number) : format6(number))

/** Absent: not a range, or one too small to have an address for a Pod. */
export const make = (cidr: string): Range | undefined => {
  const [address = "", length = ""] = cidr.split("/")
  const number = parse(address)
  const family = familyOf(cidr)
  const prefix = Number(length)
  if (number === undefined || !/^\d+$/.test(length) || prefix > bits(family) - 2) return undefined
  const size = 1n << BigInt(bits(family) - prefix)
  const base = number - (number % size)
  const gateway = format(family, base + 1n)
  // The last of IPv4 is the broadcast address.
  return { cidr, family, prefix, gateway, first: base + 2n, last: base + size - (family === 4 ? 2n : 1n) }
}

/** How many Pods it has room for; of IPv6 at most what a number can say exactly. */
export const sizeOf = ({ first, last }: Range) => {
  const size = last - first + 1n
  return size > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(size)
}

export const contains = ({ family, first, last }: Range, address: string) => {
  const number = familyOf(address) === family ? parse(address) : undefined
  return number !== undefined && number >= first && number <= last
}
