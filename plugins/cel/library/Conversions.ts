/** From one type to another: `int("1")`, `string(1.5)`, `type(x)`, and how large something is. */
import {
  type Dict,
  Duration,
  fail,
  isInt64,
  isUint64,
  length,
  type List,
  Timestamp,
  TypeValue,
  typeName,
  Uint,
  type Value
} from "../Values.ts"
import { define, type Overload } from "./Function.ts"
import { parseDuration, parseTimestamp, showDuration, showTimestamp } from "./Times.ts"

const overflow = fail("integer overflow")
const unsignedOverflow = fail("unsigned integer overflow")
const mismatch = (from: string, to: string) => fail(`type conversion error from '${from}' to '${to}'`)
const second = 1_000_000_000n

const int = (value: bigint) => (isInt64(value) ? value : overflow)
const uint = (value: bigint) => (isUint64(value) ? new Uint(value) : unsignedOverflow)

const doubleToInt = (value: number): Value =>
  Number.isFinite(value) && value > -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : overflow
const doubleToUint = (value: number): Value =>
  Number.isFinite(value) && value >= 0 && value < 2 ** 64 ? new Uint(BigInt(Math.trunc(value))) : unsignedOverflow
const textToInt = (text: string): Value =>
  /^[+-]?[0-9]+$/.test(text) && isInt64(BigInt(text.replace("+", "")))
    ? BigInt(text.replace("+", ""))
    : mismatch("string", "int")
const textToUint = (text: string): Value =>
  /^[0-9]+$/.test(text) && isUint64(BigInt(text)) ? new Uint(BigInt(text)) : mismatch("string", "uint")
const textToDouble = (text: string): Value => {
  if (/^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(text)) return Number(text)
  const [, sign, word] = /^([+-]?)(inf|infinity|nan)$/i.exec(text) ?? []
  if (word === undefined) return mismatch("string", "double")
  return word.toLowerCase() === "nan" ? Number.NaN : sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}
const truths = new Map([
  ...["1", "t", "true", "TRUE", "True", "T"].map((word) => [word, true] as const),
  ...["0", "f", "false", "FALSE", "False", "F"].map((word) => [word, false] as const)
])

/** The shortest text, as Go's %g. */
export const showDouble = (value: number): string => {
  if (Number.isNaN(value)) return "NaN"
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf"
  if (Object.is(value, -0)) return "-0"
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e")
  const power = Number(exponent)
  if (power >= -4 && power < 6) return plain(mantissa, power)
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`
}
const plain = (mantissa: string, power: number) => {
  const [, sign = "", whole = "", point = ""] = /^(-?)(\d)(?:\.(\d+))?$/.exec(mantissa) ?? []
  const digits = whole + point
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`
  if (digits.length <= power + 1) return sign + digits.padEnd(power + 1, "0")
  return `${sign}${digits.slice(0, power + 1)}.${digits.slice(power + 1)}`
}

const bytesToText = (bytes: Uint8Array): Value => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // Not UTF-8, which is the error.
    return fail("invalid UTF-8 in bytes, cannot convert to string")
  }
}

const identity = (value: Value) => value
const fromInt = (value: bigint): Value => {
  const nanos = value * second
  return nanos < -62_135_596_800n * second || nanos >= 253_402_300_800n * second
    ? fail("timestamp overflow")
    : new Timestamp(nanos)
}
const floor = (nanos: bigint) => (nanos >= 0n ? nanos / second : -((-nanos + second - 1n) / second))

const conversions: ReadonlyArray<Overload> = [
  define("type(A): type<A>", (value: Value) => new TypeValue(typeName(value))),
  define("bool(bool): bool", identity),
  define("bool(string): bool", (text: string) => truths.get(text) ?? mismatch("string", "bool")),
  define("bytes(bytes): bytes", identity),
  define("bytes(string): bytes", (text: string) => Buffer.from(text), "string_to_bytes"),
  define("double(double): double", identity),
  define("double(int): double", (value: bigint) => Number(value)),
  define("double(string): double", textToDouble),
  define("double(uint): double", ({ value }: Uint) => Number(value)),
  define("duration(duration): duration", identity),
  define("duration(int): duration", (value: bigint) => {
    const nanos = value
    return new Duration(nanos)
  }),
  define(
    "duration(string): duration",
    (text: string) => parseDuration(text) ?? mismatch("string", "google.protobuf.Duration")
  ),
  define("dyn(A): dyn", identity),
  define("int(int): int", identity),
  define("int(double): int", doubleToInt),
  define("int(duration): int", ({ nanos }: Duration) => nanos),
  define("int(string): int", textToInt),
  define("int(timestamp): int", ({ nanos }: Timestamp) => floor(nanos)),
  define("int(uint): int", ({ value }: Uint) => int(value)),
  define("string(string): string", identity),
  define("string(bool): string", (value: boolean) => String(value)),
  define("string(bytes): string", bytesToText, "bytes_to_string"),
  define("string(double): string", showDouble),
  define("string(duration): string", showDuration),
  define("string(int): string", (value: bigint) => String(value)),
  define("string(timestamp): string", showTimestamp),
  define("string(uint): string", ({ value }: Uint) => String(value)),
  define("timestamp(timestamp): timestamp", identity),
  define("timestamp(int): timestamp", fromInt),
  define(
    "timestamp(string): timestamp",
    (text: string) => parseTimestamp(text) ?? mismatch("string", "google.protobuf.Timestamp")
  ),
  define("uint(uint): uint", identity),
  define("uint(double): uint", doubleToUint),
  define("uint(int): uint", uint),
  define("uint(string): uint", textToUint)
]

const sizes: ReadonlyArray<readonly [string, (value: never) => Value]> = [
  ["bytes", (value: Uint8Array) => BigInt(value.length)],
  ["list<A>", (value: List) => BigInt(value.size)],
  ["map<A, B>", (value: Dict) => BigInt(value.size)],
  ["string", (value: string) => BigInt(length(value))]
]

export const overloads: ReadonlyArray<Overload> = [
  ...conversions,
  ...sizes.flatMap(([type, size]) => [define(`size(${type}): int`, size), define(`${type} -> size(): int`, size)])
]
