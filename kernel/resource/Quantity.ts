/**
 * Amounts such as `100m`, `1.5Gi` or `2e3`: exact numbers with nine digits after the point, and the family of suffixes in
 * which they were written. Source: "Quantity" of the API reference (resource.Quantity).
 */
import { Result } from "effect"

export interface Quantity {
  /** In billionths. */
  readonly nanos: bigint
  readonly format: "BinarySI" | "DecimalSI" | "DecimalExponent"
}

const unit = 1_000_000_000n
export const zero: Quantity = { nanos: 0n, format: "DecimalSI" }

const decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"]
const decimalOf = new Map(decimal.map((suffix, index) => [suffix, 3 * index - 9]))
const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
const binaryOf = new Map(binary.map((suffix, index) => [suffix, index]).slice(1) as Array<[string, number]>)

const syntax = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))([A-Za-z]*)([+-]?\d+)?$/
const malformed = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
/** The largest amount that is kept; anything beyond is cut to it. */
const limit = ((1n << 63n) - 1n) * unit

/** What is finer than a billionth is rounded away from zero. */
const scaled = (digits: bigint, fraction: number, factor: bigint, exponent: number) => {
  const shift = exponent + 9 - fraction
  const value = digits * factor
  if (shift >= 0) return value * 10n ** BigInt(Math.min(shift, 60))
  return divideUp(value, 10n ** BigInt(Math.min(-shift, 60)))
}
const divideUp = (value: bigint, by: bigint) => (value + by - 1n) / by

/** The same few amounts stand in most objects. */
const known = new Map<string, Result.Result<Quantity, string>>()
const most = 4096

export const parse = (text: string): Result.Result<Quantity, string> => {
  const before = known.get(text)
  if (before !== undefined) return before
  const read = readIn(text)
  if (known.size >= most) known.clear()
  // Texts of any length come from outside.
  if (text.length <= 32) known.set(text, read)
  return read
}

const readIn = (text: string): Result.Result<Quantity, string> => {
  const [match, sign, whole = "", point = "", only, suffix = "", exponent] = syntax.exec(text) ?? []
  if (match === undefined) return Result.fail(malformed)
  const fraction = only ?? point
  const digits = BigInt(whole + fraction)
  const quantity = (format: Quantity["format"], factor: bigint, power: number) => {
    const nanos = scaled(digits, fraction.length, factor, power)
    const cut = nanos > limit ? limit : nanos
    // What is less than one has no binary suffix to be shown with.
    const small = format === "BinarySI" && cut < unit && cut > 0n
    return Result.succeed({ nanos: sign === "-" ? -cut : cut, format: small ? "DecimalSI" : format } satisfies Quantity)
  }
  if (exponent !== undefined)
    return suffix === "e" || suffix === "E"
      ? quantity("DecimalExponent", 1n, Number(exponent))
      : Result.fail("unable to parse quantity's suffix")
  const power = decimalOf.get(suffix)
  if (power !== undefined) return quantity("DecimalSI", 1n, power)
  const two = binaryOf.get(suffix)
  return two === undefined ? Result.fail("unable to parse quantity's suffix") : quantity("BinarySI", 1024n ** BigInt(two), 0)
}

/** Of a text that passed the API's door; nothing is zero. */
export const of = (text: string | undefined): Quantity => (text === undefined ? zero : Result.getOrThrow(parse(text)))

const withDecimal = (nanos: bigint, format: Quantity["format"]) => {
  let [mantissa, exponent] = [nanos, -9]
  while (exponent < 18 && mantissa % 1000n === 0n) {
    mantissa /= 1000n
    exponent += 3
  }
  const suffix = format === "DecimalSI" ? decimal[exponent / 3 + 3] : exponent === 0 ? "" : `e${exponent}`
  return `${mantissa}${suffix}`
}

/** The canonical text: no fraction, and the largest suffix that allows it. */
export const format = ({ format, nanos }: Quantity): string => {
  if (nanos === 0n) return "0"
  const whole = nanos / unit
  if (format !== "BinarySI" || nanos % unit !== 0n || (whole > -1024n && whole < 1024n))
    return withDecimal(nanos, format === "DecimalExponent" ? format : "DecimalSI")
  let [mantissa, step] = [whole, 0]
  while (step < 6 && mantissa % 1024n === 0n) {
    mantissa /= 1024n
    step++
  }
  return `${mantissa}${binary[step]}`
}

/** As the API stores it: `1024Mi` is `1Gi`, `0.5` is `500m`. */
export const canonical = (text: string): Result.Result<string, string> => Result.map(parse(text), format)

/** The sum is shown as the first is, unless that is zero. */
export const add = (a: Quantity, b: Quantity): Quantity => ({
  nanos: a.nanos + b.nanos,
  format: a.nanos === 0n ? b.format : a.format
})
export const subtract = (a: Quantity, b: Quantity): Quantity => add(a, { ...b, nanos: -b.nanos })
export const compare = (a: Quantity, b: Quantity): -1 | 0 | 1 => (a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0)
export const equals = (a: Quantity, b: Quantity) => a.nanos === b.nanos

const roundUp = (nanos: bigint, to: bigint) => Number(nanos > 0n ? divideUp(nanos, to) : -divideUp(-nanos, to))

/** Whole units, rounded away from zero: bytes, counts. */
export const value = ({ nanos }: Quantity) => roundUp(nanos, unit)
/** Thousandths, rounded away from zero: of a CPU. */
export const milli = ({ nanos }: Quantity) => roundUp(nanos, 1_000_000n)

export const fromValue = (value: number, format: Quantity["format"] = "DecimalSI"): Quantity => ({
  nanos: BigInt(value) * unit,
  format
})
export const fromMilli = (milli: number, format: Quantity["format"] = "DecimalSI"): Quantity => ({
  nanos: BigInt(milli) * 1_000_000n,
  format
})
