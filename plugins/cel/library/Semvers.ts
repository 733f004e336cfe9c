/** `semver('1.2.3')`. Source: semver.org 2.0.0. */
import * as Type from "../Types.ts"
import { fail, Opaque, type Value } from "../Values.ts"
import { declare, define, type Overload } from "./Function.ts"

const type = declare("semver", Type.struct("kubernetes.Semver"))

export class Semver extends Opaque {
  readonly type = type
  readonly numbers: readonly [bigint, bigint, bigint]
  readonly pre: ReadonlyArray<string>
  constructor(numbers: readonly [bigint, bigint, bigint], pre: ReadonlyArray<string>) {
    super()
    this.numbers = numbers
    this.pre = pre
  }
  equals(other: Opaque) {
    return other instanceof Semver && order(this, other) === 0
  }
}

const number = "(0|[1-9][0-9]*)"
const identifiers = String.raw`[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*`
const syntax = new RegExp(String.raw`^${number}\.${number}\.${number}(?:-(${identifiers}))?(?:\+(${identifiers}))?$`)

export const parse = (text: string): Semver | undefined => {
  const [match, major = "0", minor = "0", patch = "0", pre] = syntax.exec(text) ?? []
  if (match === undefined) return undefined
  const parts = pre === undefined ? [] : pre.split(".")
  if (parts.some((part) => /^0[0-9]+$/.test(part))) return undefined
  const numbers = [BigInt(major), BigInt(minor), BigInt(patch)] as const
  return numbers.some((one) => BigInt.asUintN(64, one) !== one) ? undefined : new Semver(numbers, parts)
}

const order = (a: Semver, b: Semver): number => {
  for (const place of [0, 1, 2] as const)
    if (a.numbers[place] !== b.numbers[place]) return a.numbers[place] < b.numbers[place] ? -1 : 1
  // What has a pre-release is before what has none.
  if (a.pre.length === 0 || b.pre.length === 0) return Math.sign(b.pre.length - a.pre.length)
  for (let index = 0; index < Math.min(a.pre.length, b.pre.length); index++) {
    const difference = orderParts(a.pre[index] ?? "", b.pre[index] ?? "")
    if (difference !== 0) return difference
  }
  return Math.sign(a.pre.length - b.pre.length)
}
const orderParts = (a: string, b: string) => {
  const [x, y] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)]
  if (x && y) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0
  if (x !== y) return x ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

/** Without `v` and leading zeros, and with the numbers that are left out. */
const normalize = (text: string): string => {
  const [first = "", second, ...rest] = (text.startsWith("v") ? text.slice(1) : text).split(".")
  const third = rest.length === 0 ? undefined : rest.join(".")
  const parts = [first, second, third].filter((part) => part !== undefined)
  const trimmed = parts.map((part) => (part.length > 1 ? part.replace(/^0+/, "").replace(/^(?![0-9])/, "0") : part))
  if (trimmed.length < 3 && /[+-]/.test(trimmed.at(-1) ?? "")) return ""
  while (trimmed.length < 3) trimmed.push("0")
  return trimmed.join(".")
}

const mistake = (text: string) => fail(text === "" ? "Version string empty" : "No Major.Minor.Patch elements found")
const read = (text: string, isLoose: boolean): Value => parse(isLoose ? normalize(text) : text) ?? mistake(text)
const is = (text: string, isLoose: boolean) => parse(isLoose ? normalize(text) : text) !== undefined

export const overloads: ReadonlyArray<Overload> = [
  define("semver(string): semver", (text: string) => read(text, false)),
  define("semver(string, bool): semver", read),
  define("isSemver(string): bool", (text: string) => is(text, false)),
  define("isSemver(string, bool): bool", is),
  define("semver -> isGreaterThan(semver): bool", (a: Semver, b: Semver) => order(a, b) > 0),
  define("semver -> isLessThan(semver): bool", (a: Semver, b: Semver) => order(a, b) < 0),
  define("semver -> compareTo(semver): int", (a: Semver, b: Semver) => BigInt(order(a, b))),
  define("semver -> major(): int", ({ numbers }: Semver) => numbers[0]),
  define("semver -> minor(): int", ({ numbers }: Semver) => numbers[1]),
  define("semver -> patch(): int", ({ numbers }: Semver) => numbers[2])
]
