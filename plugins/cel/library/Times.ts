/** Timestamps and durations: their texts, and their parts, in UTC or a zone. */
import { define, type Overload } from "./Function.ts"
import { Duration, fail, isInt64, Timestamp, type Value } from "../Values.ts"
import { earliest, latest } from "./Arithmetic.ts"

const units: { readonly [unit: string]: bigint } = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n
}
const second = 1_000_000_000n

/** `1h30m`, `-1.5s`, `0`. */
export const parseDuration = (text: string): Duration | undefined => {
  const [match, sign, parts = ""] =
    /^([+-]?)(0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text) ?? []
  if (match === undefined) return undefined
  let nanos = 0n
  for (const [, whole = "", point = "", unit = ""] of parts.matchAll(/([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = units[unit] ?? 0n
    nanos += BigInt(whole === "" ? "0" : whole) * scale
    if (point !== "") nanos += (BigInt(point) * scale) / 10n ** BigInt(point.length)
  }
  const signed = sign === "-" ? -nanos : nanos
  return isInt64(signed) ? new Duration(signed) : undefined
}

/** RFC 3339, as Go reads it. */
export const parseTimestamp = (text: string): Timestamp | undefined => {
  const [match, date, time, fraction = "", zone = ""] =
    /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/.exec(text) ?? []
  if (match === undefined) return undefined
  const millis = Date.parse(`${date}T${time}${zone}`)
  const local = Date.parse(`${date}T${time}Z`)
  // Date rolls 30 February over to March; that is no date here.
  if (Number.isNaN(millis) || new Date(local).toISOString().slice(0, 10) !== date) return undefined
  const nanos = BigInt(millis) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"))
  return nanos < earliest || nanos > latest ? undefined : new Timestamp(nanos)
}
/** `2006-01-02`, which schemas call `date`. */
export const parseDate = (text: string): Timestamp | undefined =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseTimestamp(`${text}T00:00:00Z`) : undefined

const floorDivide = (value: bigint, by: bigint) => (value >= 0n ? value / by : -((-value + by - 1n) / by))
const millisOf = ({ nanos }: Timestamp) => Number(floorDivide(nanos, 1_000_000n))

const decimals = (nanos: bigint) => {
  const digits = String(nanos).padStart(9, "0").replace(/0+$/, "")
  return digits === "" ? "" : `.${digits}`
}
export const showTimestamp = (value: Timestamp) => {
  const seconds = floorDivide(value.nanos, second)
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${decimals(value.nanos - seconds * second)}Z`
}
/** Seconds, with a fraction if need be. */
export const showDuration = ({ nanos }: Duration) => {
  const size = nanos < 0n ? -nanos : nanos
  return `${nanos < 0n ? "-" : ""}${size / second}${decimals(size % second)}s`
}

/** As a Date whose UTC parts are those of the zone; nothing if there is no such zone. */
const inZone = (time: Timestamp, zone: string): Date | undefined => {
  const millis = millisOf(time)
  if (zone === "" || zone === "UTC") return new Date(millis)
  const [match, sign, hours, minutes] = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone) ?? []
  if (match !== undefined)
    return new Date(millis + (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000)
  const shift = shiftOf(zone, millis)
  return shift === undefined ? undefined : new Date(millis + shift)
}
const shiftOf = (timeZone: string, millis: number): number | undefined => {
  try {
    const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" })
    const name = format.formatToParts(millis).find(({ type }) => type === "timeZoneName")?.value ?? "GMT"
    const [, sign = "+", hours = "0", minutes = "0", seconds = "0"] = /GMT([+-])(\d+):(\d+)(?::(\d+))?/.exec(name) ?? []
    return (sign === "-" ? -1000 : 1000) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds))
  } catch {
    // There is no such zone, which the caller says.
    return undefined
  }
}

const day = 86_400_000
const parts: { readonly [name: string]: (date: Date) => number } = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDayOfYear: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / day),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDate: (date) => date.getUTCDate(),
  getDayOfWeek: (date) => date.getUTCDay(),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds()
}
const ofTimestamps = Object.entries(parts).flatMap(([name, part]): ReadonlyArray<Overload> => {
  const read = (time: Timestamp, zone: string): Value => {
    const date = inZone(time, zone)
    return date === undefined ? fail(`unknown time zone ${zone}`) : BigInt(part(date))
  }
  return [
    define(`timestamp -> ${name}(): int`, (time: Timestamp) => read(time, "")),
    define(`timestamp -> ${name}(string): int`, read)
  ]
})

const ofDurations: ReadonlyArray<Overload> = [
  define("duration -> getHours(): int", ({ nanos }: Duration) => nanos / (3600n * second)),
  define("duration -> getMinutes(): int", ({ nanos }: Duration) => nanos / (60n * second)),
  define("duration -> getSeconds(): int", ({ nanos }: Duration) => nanos / second),
  define("duration -> getMilliseconds(): int", ({ nanos }: Duration) => nanos / 1_000_000n)
]

export const overloads: ReadonlyArray<Overload> = [...ofTimestamps, ...ofDurations]
