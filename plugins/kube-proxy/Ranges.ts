/** Ranges of addresses (CIDRs) as a set that a kernel takes: of one family, none within another. Pure. */
import { BlockList, isIPv4, isIPv6 } from "node:net"

interface Range {
  readonly address: string
  readonly bits: number
}

const parse = (text: string, family: "IPv4" | "IPv6"): ReadonlyArray<Range> => {
  const [address = "", length = ""] = text.trim().split("/")
  const bits = Number(length)
  const isMine = family === "IPv4" ? isIPv4 : isIPv6
  const most = family === "IPv4" ? 32 : 128
  return isMine(address) && length !== "" && Number.isInteger(bits) && bits >= 0 && bits <= most ? [{ address, bits }] : []
}

/** Those of a family; none where they let in everybody. */
export const of = (ranges: ReadonlyArray<string>, family: "IPv4" | "IPv6"): ReadonlyArray<string> => {
  const all = ranges.flatMap((text) => parse(text, family)).toSorted((a, b) => a.bits - b.bits)
  if (all[0]?.bits === 0) return []
  const [taken, kept] = [new BlockList(), [] as string[]]
  const type = family === "IPv4" ? "ipv4" : "ipv6"
  for (const { address, bits } of all) {
    // The widest come first, and two ranges either contain one another or have nothing in common.
    if (taken.check(address, type)) continue
    taken.addSubnet(address, bits, type)
    kept.push(`${address}/${bits}`)
  }
  return kept
}

/** The ranges of each family in a list such as `10.244.0.0/16,fd00::/56`. */
export const byFamily = (list: string) => {
  const all = list.split(",")
  return { IPv4: of(all, "IPv4"), IPv6: of(all, "IPv6") }
}
