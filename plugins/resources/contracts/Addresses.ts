/** Addresses of both families and their ranges, as numbers. Text comes out as Go prints it: RFC 5952 for IPv6. */
import { isIP } from "node:net"

export type Family = 4 | 6

/** The word for a family in the API, such as in `ipFamilies`. */
export const nameOf = (family: Family) => (family === 4 ? "IPv4" : "IPv6")
export const familyOf = (text: string): Family => (text.includes(":") ? 6 : 4)

export const bits = (family: Family) => (family === 4 ? 32 : 128)

const parse4 = (text: string) => text.split(".").reduce((number, part) => number * 256n + BigInt(part), 0n)

/** The last 32 bits may be written as an IPv4 address. */
const parse6 = (text: string): bigint => {
  const [, front, dotted] = /^(.*:)([^:]*\.[^:]*)$/.exec(text) ?? []
  if (dotted !== undefined) {
    const low = parse4(dotted)
    return parse6(`${front}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`)
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
  return family === 0 ? undefined : family === 4 ? parse4(text) : parse6(text)
}

const format4 = (number: bigint) => [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join(".")

/** The first of the longest runs of zeros, of two at least, is left out. */
const format6 = (number: bigint) => {
  const text = Array.from({ length: 8 }, (_, index) => ((number >> BigInt(112 - index * 16)) & 0xffffn).toString(16)).join(
    ":"
  )
  const runs = [...text.matchAll(/(?<![^:])0(?::0)+(?![^:])/g)]
  const longest = runs.toSorted((one, other) => other[0].length - one[0].length)[0]
  if (longest === undefined) return text
  return `${text.slice(0, longest.index).replace(/:$/, "")}::${text.slice(longest.index + longest[0].length).replace(/^:/, "")}`
}

export const format = (family: Family, number: bigint) => (family === 4 ? format4(number) : format6(number))

export interface Cidr {
  readonly family: Family
  readonly prefix: number
  readonly base: bigint
  /** How many addresses it has. */
  readonly size: bigint
}

/** Absent: not a range such as `10.96.0.0/16` or `fd00::/108`. Bits below the prefix are cleared. */
export const cidr = (text: string): Cidr | undefined => {
  const [, address = "", length = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const number = parse(address)
  const family = familyOf(address)
  const prefix = Number(length)
  if (number === undefined || prefix > bits(family)) return undefined
  const size = 1n << BigInt(bits(family) - prefix)
  return { family, prefix, base: number - (number % size), size }
}

/** The address so far into the range. */
export const at = ({ base, family }: Cidr, index: number | bigint) => format(family, base + BigInt(index))

/** How far into the range an address is; absent if it is not in it. */
export const indexOf = ({ base, family, size }: Cidr, address: string): bigint | undefined => {
  const number = familyOf(address) === family ? parse(address) : undefined
  return number !== undefined && number >= base && number < base + size ? number - base : undefined
}

/** One range, or one of each family, with commas between, as upstream's flags have them. */
export const list = (text: string): ReadonlyArray<string> => text.split(",").map((one) => one.trim())

/** An address within a range, and not the range. */
export const hasHostBits = (range: string) => {
  const [address = ""] = range.split("/")
  return cidr(range)?.base !== parse(address)
}
