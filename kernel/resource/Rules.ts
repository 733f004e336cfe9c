/** What is asked of single fields by many kinds. Each answers with causes, none if all is right; what is absent is right. */
import { isIP, isIPv4 } from "node:net"
import * as Causes from "./Causes.ts"
import * as Names from "./Names.ts"

type Text = string | undefined

/** Causes are made only if something is wrong. */
export const when = (isWrong: boolean, ...causes: ReadonlyArray<() => Causes.Causes[number]>): Causes.Causes =>
  isWrong ? causes.map((cause) => cause()) : []

export const each = <A>(
  items: ReadonlyArray<A> | undefined,
  field: string,
  check: (item: A, field: string, index: number) => Causes.Causes
): Causes.Causes => items?.flatMap((item, index) => check(item, `${field}[${index}]`, index)) ?? []

/** What is there, and is an object. */
export const inside = <A>(value: A | undefined, check: (value: A) => Causes.Causes): Causes.Causes =>
  value === undefined ? [] : check(value)

export const required = (field: string, value: Text | ReadonlyArray<unknown>, detail = ""): Causes.Causes =>
  when(value === undefined || value.length === 0, () => Causes.required(field, detail))

/** Several required texts of one object: `{ [name]: value }`. */
export const allRequired = (field: string, values: { readonly [name: string]: Text }): Causes.Causes =>
  Object.entries(values).flatMap(([name, value]) => required(`${field}.${name}`, value))

/** An empty one is missing. */
export const oneOf = (field: string, value: Text, supported: ReadonlyArray<string>): Causes.Causes =>
  value === "" ? [Causes.required(field)] : enumerated(field, value, supported)

/** An empty one is wrong. */
export const enumerated = (field: string, value: Text, supported: ReadonlyArray<string>): Causes.Causes =>
  when(value !== undefined && !supported.includes(value), () => Causes.notSupported(field, value, supported))

export const named = (field: string, value: Text, rule: Names.Rule): Causes.Causes =>
  value === undefined ? [] : Causes.broken(field, value, rule(value))
/** An empty one is absent. */
export const namedIfGiven = (field: string, value: Text, rule: Names.Rule): Causes.Causes =>
  value ? Causes.broken(field, value, rule(value)) : []
export const requiredName = (field: string, value: Text, rule: Names.Rule, detail = ""): Causes.Causes =>
  value ? Causes.broken(field, value, rule(value)) : [Causes.required(field, detail)]

export const nonNegative = (field: string, value: number | undefined): Causes.Causes =>
  when(value !== undefined && value < 0, () => Causes.invalid(field, value, "must be greater than or equal to 0"))
export const positive = (field: string, value: number | undefined): Causes.Causes =>
  when(value !== undefined && value <= 0, () => Causes.invalid(field, value, "must be greater than 0"))
export const between = (field: string, value: number | undefined, min: number, max: number): Causes.Causes =>
  value === undefined ? [] : Names.between(value, min, max).map((why) => Causes.invalid(field, value, why))

/** The second and later of equal texts. */
export const duplicates = (texts: ReadonlyArray<Text>, field: (index: number) => string): Causes.Causes =>
  texts.flatMap((text, index) => (text && texts.indexOf(text) < index ? [Causes.duplicate(field(index), text)] : []))

const notAnAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
export const address = (field: string, value: string): Causes.Causes =>
  when(!isAddress(value), () => Causes.invalid(field, value, octal.test(value) ? "must not have leading 0s" : notAnAddress))
const octal = /^(?=(?:.*\.)?0\d)\d+(?:\.\d+){3}$/
/** Zeros in front of a number are octal to some. */
export const isAddress = (value: string) => isIP(value) > 0 && !value.includes("%")

/** Of this machine, of this link, of nobody, or of many. */
const unreachable = /^(?:0\.0\.0\.0|127\.|169\.254\.|224\.0\.0\.|::$|::1$|fe80:|ff02:)/i
const reasonOf = (ip: string) => {
  if (ip === "0.0.0.0" || ip === "::") return `may not be unspecified (${ip})`
  if (ip.startsWith("127.") || ip === "::1") return "may not be in the loopback range (127.0.0.0/8, ::1/128)"
  if (ip.startsWith("169.254.") || /^fe80:/i.test(ip))
    return "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
  return "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
}

/** That others can reach it there. */
export const reachable = (field: string, ip: string): Causes.Causes =>
  when(unreachable.test(ip), () => Causes.invalid(field, ip, reasonOf(ip)))

/** An address and how many bits of it count. */
export const isCidr = (value: string) => {
  const [address = "", bits = "", ...more] = value.split("/")
  return (
    more.length === 0 && isAddress(address) && /^(0|[1-9]\d*)$/.test(bits) && Number(bits) <= (isIPv4(address) ? 32 : 128)
  )
}
export const cidr = (field: string, value: string): Causes.Causes =>
  when(!isCidr(value), () => Causes.invalid(field, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"))
