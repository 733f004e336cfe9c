/** Which addresses and ports Services can have. Pure arithmetic on IPv4 ranges and numbers. */

export interface Range {
  readonly first: number
  readonly size: number
}

const toNumber = (address: string) => address.split(".").reduce((value, part) => value * 256 + Number(part), 0)
export const toAddress = (value: number) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".")

/** The addresses of a range without the network's own and the broadcast. */
export const rangeOf = (cidr: string): Range => {
  const [address = "", bits = "32"] = cidr.split("/")
  const whole = 2 ** (32 - Number(bits))
  return { first: Math.floor(toNumber(address) / whole) * whole + 1, size: whole - 2 }
}

export const contains = ({ first, size }: Range, address: string) => {
  const value = toNumber(address)
  return value >= first && value < first + size
}

/**
 * The lower part is for addresses that people choose, the rest for those that are chosen for them (KEP-3070): at most 256 of
 * 16 and more. `random` is from 0 to below 1; the search goes on from there, so that a full range is seen to be full.
 */
export const choose = ({ first, size }: Range, random: number, isFree: (value: number) => boolean): number | undefined => {
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

export const nodePorts: Range = { first: 30000, size: 2768 }
