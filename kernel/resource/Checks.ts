/** What a custom kind says of its values beyond their type. Wording: OpenAPI's validator, as Kubernetes shows it. */
import type { Schema } from "effect"
import type { Mistakes } from "./Mistakes.ts"
import type { ListShape, MapShape, NumberShape, ObjectShape, Shape, StringShape } from "./Shape.ts"

type Json = Schema.Json
type Check = (value: Json, mistakes: Mistakes) => void
type Walk = (input: unknown, mistakes: Mistakes) => Json | undefined

/** The walk itself if there is nothing to check after it. */
export const checked = (shape: Shape, walk: Walk): Walk => {
  const checks = checksOf(shape)
  const { nullable = false } = shape
  if (checks.length === 0 && !nullable) return walk
  return (input, mistakes) => {
    if (nullable && input === null) return null
    const value = walk(input, mistakes)
    if (value !== undefined) for (const check of checks) check(value, mistakes)
    return value
  }
}

const checksOf = (shape: Shape): ReadonlyArray<Check> => {
  const words = shape.enum
  const isWord: Check = (value, mistakes) => {
    const text = JSON.stringify(value)
    if (words !== undefined && !words.some((word) => JSON.stringify(word) === text)) mistakes.unsupported(value, words)
  }
  return [...(words === undefined ? [] : [isWord]), ...typed(shape)]
}

const typed = (shape: Shape): ReadonlyArray<Check> => {
  switch (shape.type) {
    case "string":
      return string(shape)
    case "integer":
    case "number":
      return number(shape)
    case "list":
      return list(shape)
    case "object":
    case "map":
      return properties(shape)
    default:
      return []
  }
}

/** One for each limit that is given. */
const limit = <A>(given: A | undefined, check: (limit: A) => Check) => (given === undefined ? [] : [check(given)])

const string = ({ customFormat, maxLength, minLength, pattern }: StringShape) => [
  ...limit(maxLength, (most) => (value, mistakes) => {
    if (length(value) > most) mistakes.tooLong(most)
  }),
  ...limit(minLength, (least) => (value, mistakes) => {
    if (length(value) < least) mistakes.inBody(value, `should be at least ${least} chars long`)
  }),
  ...limit(pattern, (source) => {
    const expression = new RegExp(source, "u")
    return (value, mistakes) => {
      if (!expression.test(String(value))) mistakes.inBody(value, `should match '${source}'`)
    }
  }),
  ...limit(customFormat, (format) => (value, mistakes) => {
    if (formats[format]?.(String(value)) === false)
      mistakes.inBody(value, `must be of type ${format}: ${JSON.stringify(value)}`)
  })
]
/** In characters, and not in the halves that JavaScript counts. */
const length = (value: Json) => Array.from(String(value)).length

/** Formats that are not here are for people to read. */
const formats: { readonly [format: string]: (text: string) => boolean } = {
  byte: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
  "date-time": (text) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
  ipv4: (text) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text),
  ipv6: (text) => /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`),
  uuid: (text) => /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(text)
}

const number = ({ exclusiveMaximum, exclusiveMinimum, maximum, minimum, multipleOf }: NumberShape) => [
  ...limit(minimum, (least) => (value, mistakes) => {
    const isOut = Number(value) < least || (exclusiveMinimum === true && value === least)
    if (isOut) mistakes.inBody(value, `should be greater than ${exclusiveMinimum === true ? "" : "or equal to "}${least}`)
  }),
  ...limit(maximum, (most) => (value, mistakes) => {
    const isOut = Number(value) > most || (exclusiveMaximum === true && value === most)
    if (isOut) mistakes.inBody(value, `should be less than ${exclusiveMaximum === true ? "" : "or equal to "}${most}`)
  }),
  ...limit(multipleOf, (factor) => (value, mistakes) => {
    if (!Number.isInteger(Number(value) / factor)) mistakes.inBody(value, `should be a multiple of ${factor}`)
  })
]

const list = ({ maxItems, minItems }: ListShape) => counted(minItems, maxItems, "items")
const properties = (shape: ObjectShape | MapShape) =>
  shape.type === "map" ? counted(shape.minProperties, shape.maxProperties, "properties") : []

const counted = (least: number | undefined, most: number | undefined, what: string) => [
  ...limit(most, (limit) => (value, mistakes) => {
    if (count(value) > limit) mistakes.tooMany(count(value), limit)
  }),
  ...limit(least, (limit) => (value, mistakes) => {
    if (count(value) < limit) mistakes.inBody(count(value), `should have at least ${limit} ${what}`)
  })
]
const count = (value: Json) => (typeof value === "object" && value !== null ? Object.keys(value).length : 0)
