/** The formats of strings that are checked; others are for people to read. Source: CustomResourceDefinition v1, `format`. */
import { isIPv4, isIPv6 } from "node:net"

const matches = (pattern: RegExp) => (text: string) => pattern.test(text)

const isDate = (text: string) => {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

const isDateTime = (text: string) => {
  const [, day, hour] =
    /^(\d{4}-\d\d-\d\d)[Tt](\d\d):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-]\d\d:[0-5]\d)$/.exec(text) ?? []
  return day !== undefined && isDate(day) && Number(hour) < 24
}

const isCidr = (text: string) => {
  const [address = "", bits = "", ...more] = text.split("/")
  if (more.length > 0 || !/^\d{1,3}$/.test(bits)) return false
  return isIPv4(address) ? Number(bits) <= 32 : isIPv6(address) && Number(bits) <= 128
}

/** As Go writes durations, or as people do: `1h30m`, `3 days`. */
const units = "ns|us|µs|μs|ms|s|m|h|d|w|nano|nanos|nanosecond|nanoseconds|micro|micros|microsecond|microseconds|milli|millis"
const longUnits =
  "millisecond|milliseconds|sec|secs|second|seconds|min|mins|minute|minutes|hr|hour|hours|day|days|wk|week|weeks"
const duration = new RegExp(`^[-+]?(?:0|(?:\\d+(?:\\.\\d*)?|\\.\\d+)\\s*(?:${units}|${longUnits})(?:\\s*))+$`)

const base64 = matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
const uuid = (version: string) =>
  matches(new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, "i"))
const hostname = matches(
  /^(?=.{1,253}\.?$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i
)

const formats: { readonly [format: string]: (text: string) => boolean } = {
  bsonobjectid: matches(/^[0-9a-f]{24}$/i),
  byte: (text) => text !== "" && base64(text),
  cidr: isCidr,
  creditcard: matches(/^\d{13,19}$/),
  date: isDate,
  "date-time": isDateTime,
  datetime: isDateTime,
  duration: matches(duration),
  email: matches(/^[^\s@<>()[\],;:"]+@[^\s@<>()[\],;:"]+$/),
  hexcolor: matches(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
  hostname,
  ip: (text) => isIPv4(text) || isIPv6(text),
  ipv4: isIPv4,
  ipv6: isIPv6,
  isbn: matches(/^(?:97[89][- ]?)?(?:\d[- ]?){9}[\dX]$/),
  isbn10: matches(/^(?:\d[- ]?){9}[\dX]$/),
  isbn13: matches(/^(?:\d[- ]?){13}$/),
  mac: matches(/^(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i),
  rgbcolor: matches(/^rgb\(\s*(?:\d{1,3}\s*,\s*){2}\d{1,3}\s*\)$/),
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  uri: (text) => /^(?:[a-z][a-z0-9+.-]*:|\/)\S*$/i.test(text),
  uuid: uuid("[0-9a-f]"),
  uuid3: uuid("3"),
  uuid4: uuid("4"),
  uuid5: uuid("5"),
  "k8s-short-name": matches(/^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/),
  "k8s-long-name": matches(/^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
}

/** Nothing: it is not checked. */
export const find = (format: string): ((text: string) => boolean) | undefined =>
  Object.hasOwn(formats, format) ? formats[format] : undefined
