/** `ip('10.0.0.1')` and `cidr('10.0.0.0/8')`. Addresses are IPv4 or IPv6, without zones, and no IPv4 inside of IPv6. */
import * as Addresses from "../../resources/contracts/Addresses.ts"
import * as Type from "../Types.ts"
import { Failure, fail, Opaque, type Value } from "../Values.ts"
import { declare, define, type Overload } from "./Function.ts"

const ipType = declare("ip", Type.opaque("net.IP"))
const cidrType = declare("cidr", Type.opaque("net.CIDR"))

export class Ip extends Opaque {
  readonly type = ipType
  readonly family: Addresses.Family
  readonly number: bigint
  constructor(family: Addresses.Family, number: bigint) {
    super()
    this.family = family
    this.number = number
  }
  equals(other: Opaque) {
    return other instanceof Ip && other.family === this.family && other.number === this.number
  }
  /** The first `bits` of it. */
  high(bits: number) {
    return this.number >> BigInt(Addresses.bits(this.family) - bits)
  }
  get text() {
    return Addresses.format(this.family, this.number)
  }
}

export class Cidr extends Opaque {
  readonly type = cidrType
  readonly ip: Ip
  readonly prefix: number
  constructor(ip: Ip, prefix: number) {
    super()
    this.ip = ip
    this.prefix = prefix
  }
  equals(other: Opaque) {
    return other instanceof Cidr && other.prefix === this.prefix && other.ip.equals(this.ip)
  }
  override get size() {
    return Math.ceil(this.prefix / 8)
  }
  contains(ip: Ip) {
    return ip.family === this.ip.family && ip.high(this.prefix) === this.ip.high(this.prefix)
  }
}

const mapped = 0xffffn
const parseIp = (text: string): Ip | Failure => {
  const shown = JSON.stringify(text)
  const [address = "", zone] = text.split("%")
  const number = Addresses.parse(address)
  if (number === undefined)
    return fail(`IP Address ${shown} parse error during conversion from string: ParseAddr(${shown}): unable to parse IP`)
  if (zone !== undefined) return fail(`IP address ${shown} with zone value is not allowed`)
  const family = Addresses.familyOf(text)
  if (family === 6 && number >> 32n === mapped) return fail(`IPv4-mapped IPv6 address ${shown} is not allowed`)
  return new Ip(family, number)
}
const wrong = "network address parse error during conversion from string: "
const parseCidr = (text: string): Cidr | Failure => {
  const shown = JSON.stringify(text)
  const [, address = "", length = ""] = /^([^/]*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? []
  if (length === "") return fail(`${wrong}${wrong}netip.ParsePrefix(${shown}): no '/'`)
  const ip = parseIp(address)
  if (ip instanceof Failure)
    return fail(
      `${wrong}${ip.message.startsWith("IPv4-mapped") ? `IPv4-mapped IPv6 address ${shown} is not allowed` : `${wrong}netip.ParsePrefix(${shown}): ParseAddr(${JSON.stringify(address)}): unable to parse IP`}`
    )
  const prefix = Number(length)
  return prefix > Addresses.bits(ip.family)
    ? fail(`${wrong}${wrong}netip.ParsePrefix(${shown}): prefix length out of range`)
    : new Cidr(ip, prefix)
}

const orFailure =
  <A>(then: (value: A) => Value) =>
  (value: A | Failure): Value =>
    value instanceof Failure ? value : then(value)

const within = (range: Cidr, part: Cidr) => range.contains(part.ip) && range.prefix <= part.prefix
const maskOf = ({ ip, prefix }: Cidr) => {
  const rest = BigInt(Addresses.bits(ip.family) - prefix)
  return new Cidr(new Ip(ip.family, (ip.number >> rest) << rest), prefix)
}

const isUnspecified = ({ number }: Ip) => number === 0n
const isLoopback = (ip: Ip) => (ip.family === 4 ? ip.high(8) === 127n : ip.number === 1n)
const isLinkLocalMulticast = (ip: Ip) =>
  ip.family === 4 ? ip.high(24) === 0xe00000n : ip.high(8) === 0xffn && (ip.high(16) & 0xfn) === 2n
const isLinkLocalUnicast = (ip: Ip) => (ip.family === 4 ? ip.high(16) === 0xa9fen : ip.high(10) === 0x3fan)
const isMulticast = (ip: Ip) => (ip.family === 4 ? ip.high(4) === 0xen : ip.high(8) === 0xffn)
const isGlobalUnicast = (ip: Ip) =>
  !(ip.family === 4 && ip.number === 0xffffffffn) &&
  !isUnspecified(ip) &&
  !isLoopback(ip) &&
  !isMulticast(ip) &&
  !isLinkLocalUnicast(ip)

export const overloads: ReadonlyArray<Overload> = [
  define("ip(string): ip", parseIp),
  define("isIP(string): bool", (text: string) => parseIp(text) instanceof Ip),
  define("ip.isCanonical(string): bool", (text: string) => orFailure((ip: Ip) => ip.text === text)(parseIp(text))),
  define("string(ip): string", ({ text }: Ip) => text),
  define("ip -> family(): int", ({ family }: Ip) => BigInt(family)),
  define("ip -> isUnspecified(): bool", isUnspecified),
  define("ip -> isLoopback(): bool", isLoopback),
  define("ip -> isLinkLocalMulticast(): bool", isLinkLocalMulticast),
  define("ip -> isLinkLocalUnicast(): bool", isLinkLocalUnicast),
  define("ip -> isGlobalUnicast(): bool", isGlobalUnicast),
  define("cidr(string): cidr", parseCidr),
  define("isCIDR(string): bool", (text: string) => parseCidr(text) instanceof Cidr),
  define("string(cidr): string", ({ ip, prefix }: Cidr) => `${ip.text}/${prefix}`),
  define("cidr -> ip(): ip", ({ ip }: Cidr) => ip, "cidr_ip"),
  define("cidr -> prefixLength(): int", ({ prefix }: Cidr) => BigInt(prefix)),
  define("cidr -> masked(): cidr", maskOf),
  define(
    "cidr -> containsIP(string): bool",
    (range: Cidr, text: string) => orFailure((ip: Ip) => range.contains(ip))(parseIp(text)),
    "cidr_contains_ip_string"
  ),
  define("cidr -> containsIP(ip): bool", (range: Cidr, ip: Ip) => range.contains(ip)),
  define(
    "cidr -> containsCIDR(string): bool",
    (range: Cidr, text: string) => orFailure((part: Cidr) => within(range, part))(parseCidr(text)),
    "cidr_contains_cidr_string"
  ),
  define("cidr -> containsCIDR(cidr): bool", within)
]
