/** `'%s is %d'.format([…])`. Source: cel-go's extension `strings`, "Format". */
import {
  Dict,
  Duration,
  Failure,
  fail,
  List,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  typeName,
  Uint,
  type Value
} from "../Values.ts"
import { showDouble } from "./Conversions.ts"
import { showDuration, showTimestamp } from "./Times.ts"

const clause = /%%|%(?:\.(\d+))?([^%.]|$)|%/gu

export const formatText = (pattern: string, args: List): Value => {
  let used = 0
  let mistake: Failure | undefined
  const text = pattern.replaceAll(clause, (match, precision: string | undefined, verb: string | undefined) => {
    if (match === "%%" || mistake !== undefined) return "%"
    if (verb === undefined || verb === "") {
      mistake = fail("could not parse formatting clause: unexpected end of string")
      return ""
    }
    if (used >= args.size) {
      mistake = fail(`index ${used} out of range`)
      return ""
    }
    const shown = show(verb, precision === undefined ? 6 : Number(precision), args.at(used++))
    if (!(shown instanceof Failure)) return shown
    mistake = fail(`could not parse formatting clause: ${shown.message}`)
    return ""
  })
  return mistake ?? text
}

/** The verbs of a format, in the order of their arguments. */
export const clausesOf = (pattern: string): ReadonlyArray<string> =>
  [...pattern.matchAll(clause)].flatMap(([, , verb]) => (verb === undefined || verb === "" ? [] : [verb]))

const wanted: { readonly [verb: string]: readonly [words: string, kinds: string] } = {
  d: ["decimal clause can only be used on integers", "int uint double"],
  f: ["fixed-point clause can only be used on doubles", "double int uint"],
  e: ["scientific clause can only be used on doubles", "double int uint"],
  b: ["only integers and bools can be formatted as binary", "int uint bool"],
  o: ["octal clause can only be used on integers", "int uint"],
  x: ["only integers, byte buffers, and strings can be formatted as hex", "int uint string bytes"],
  X: ["only integers, byte buffers, and strings can be formatted as hex", "int uint string bytes"]
}
/** What is wrong with an argument whose type is known. */
export const mistakeOf = (verb: string, kind: string, name: string): string | undefined => {
  if (verb === "s") return undefined
  const [words, kinds] = wanted[verb] ?? []
  if (words === undefined || kinds === undefined)
    return `could not parse formatting clause: unrecognized formatting clause "${verb}"`
  if (kind === "dyn" || kinds.split(" ").includes(kind)) return undefined
  return `error during formatting: ${words}, was given ${name}`
}

const mismatch = (verb: string, value: Value, wanted: string) =>
  fail(`error during formatting: ${wanted} clause can only be used on ${verb}, was given ${typeName(value)}`)

const integerOf = (value: Value): bigint | undefined =>
  typeof value === "bigint" ? value : value instanceof Uint ? value.value : undefined

const show = (verb: string, precision: number, value: Value): string | Failure => {
  switch (verb) {
    case "s":
      return plain(value)
    case "d":
      return decimal(value)
    case "f":
    case "e":
      return real(verb, precision, value)
    case "b":
    case "o":
      return based(verb, value)
    case "x":
    case "X":
      return hexadecimal(verb, value)
    default:
      return fail(`unrecognized formatting clause "${verb}"`)
  }
}

const decimal = (value: Value): string | Failure => {
  const whole = integerOf(value)
  if (whole !== undefined) return String(whole)
  return typeof value === "number" ? (special(value) ?? String(value)) : mismatch("integers", value, "decimal")
}
const special = (value: number) =>
  Number.isNaN(value) ? "NaN" : Number.isFinite(value) ? undefined : value > 0 ? "Infinity" : "-Infinity"

const real = (verb: string, precision: number, value: Value): string | Failure => {
  const number = typeof value === "number" ? value : Number(integerOf(value) ?? Number.NaN)
  if (typeof value !== "number" && integerOf(value) === undefined)
    return mismatch("doubles", value, verb === "f" ? "fixed-point" : "scientific")
  const odd = special(number)
  if (odd !== undefined) return odd
  if (verb === "f") return number.toFixed(Math.min(precision, 100))
  const [mantissa, exponent = "+0"] = number.toExponential(Math.min(precision, 100)).split("e")
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`
}

const based = (verb: string, value: Value): string | Failure => {
  const whole = integerOf(value) ?? (verb === "b" && typeof value === "boolean" ? BigInt(value) : undefined)
  if (whole === undefined) return mismatch("integers and bools", value, verb === "b" ? "binary" : "octal")
  return whole.toString(verb === "b" ? 2 : 8)
}

const hexadecimal = (verb: string, value: Value): string | Failure => {
  const whole = integerOf(value)
  const shown =
    whole !== undefined
      ? whole.toString(16)
      : typeof value === "string"
        ? Buffer.from(value).toString("hex")
        : value instanceof Uint8Array
          ? Buffer.from(value).toString("hex")
          : undefined
  if (shown === undefined) return mismatch("integers, byte buffers, and strings", value, "hex")
  return verb === "X" ? shown.toUpperCase() : shown
}

const plain = (value: Value): string | Failure => {
  if (value === null) return "null"
  switch (typeof value) {
    case "string":
      return value
    case "boolean":
    case "bigint":
      return String(value)
    case "number":
      return special(value) ?? showDouble(value)
    default:
      return ofObject(value)
  }
}
const ofObject = (value: Exclude<Value, null | string | boolean | bigint | number>): string | Failure => {
  if (value instanceof Failure) return value
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  if (value instanceof Timestamp) return showTimestamp(value)
  if (value instanceof Duration) return showDuration(value)
  if (value instanceof TypeValue) return value.name
  if (value instanceof List) return all([...value].map(plain), (parts) => `[${parts.join(", ")}]`)
  if (value instanceof Dict) {
    const pairs = [...value.keys()].map((key): readonly [string | Failure, string | Failure] => {
      return [plain(key), plain(value.find(key) ?? null)]
    })
    const parts = pairs.map(([key, inner]) =>
      key instanceof Failure ? key : inner instanceof Failure ? inner : `${key}: ${inner}`
    )
    return all(parts, (shown) => `{${shown.toSorted().join(", ")}}`)
  }
  return value instanceof Optional || value instanceof Opaque
    ? fail(
        `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeName(value)}`
      )
    : fail("no such overload")
}
const all = (parts: ReadonlyArray<string | Failure>, then: (parts: ReadonlyArray<string>) => string) => {
  const texts: Array<string> = []
  for (const part of parts) {
    if (part instanceof Failure) return part
    texts.push(part)
  }
  return then(texts)
}
