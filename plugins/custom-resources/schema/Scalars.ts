/** The limits of texts and numbers in a schema. */
import { Result, type Schema } from "effect"
import * as Formats from "./Formats.ts"
import * as Pattern from "./Pattern.ts"
import type { Check } from "./Values.ts"
import * as Words from "./Words.ts"

type JsonObject = Schema.JsonObject
type Text = (value: string, path: string) => ReturnType<typeof Words.inBody> | undefined

const number = (value: Schema.Json | undefined) => (typeof value === "number" ? value : undefined)

/** In characters, and not in the halves that JavaScript counts; counted only where that can matter. */
const isLonger = (value: string, limit: number) => value.length > limit && Array.from(value).length > limit
const isShorter = (value: string, limit: number) => Array.from(value).length < limit

const texts = ({ format, maxLength, minLength, pattern, type }: JsonObject): ReadonlyArray<Text> => {
  const [least, most] = [number(minLength), number(maxLength)]
  const expression = typeof pattern === "string" && pattern !== "" ? Pattern.compile(pattern) : undefined
  const isOfFormat = typeof format === "string" && type === "string" ? Formats.find(format) : undefined
  const all: ReadonlyArray<Text | undefined> = [
    most === undefined
      ? undefined
      : (value, path) =>
          isLonger(value, most)
            ? { field: path, type: "FieldValueTooLong", detail: `Too long: may not be more than ${most} bytes` }
            : undefined,
    least === undefined
      ? undefined
      : (value, path) =>
          isShorter(value, least) ? Words.inBody(path, value, `should be at least ${least} chars long`) : undefined,
    expression === undefined || Result.isFailure(expression)
      ? undefined
      : (value, path) =>
          expression.success.test(value) ? undefined : Words.inBody(path, value, `should match '${pattern}'`),
    isOfFormat && ((value, path) => (isOfFormat(value) ? undefined : Words.mistyped(path, value, String(format))))
  ]
  return all.filter((check): check is Text => check !== undefined)
}

const isMultiple = (value: number, factor: number) => {
  const quotient = value / factor
  return Math.abs(quotient - Math.round(quotient)) < 1e-9
}

const int32 = 2 ** 31

/** Why a number is no such integer. */
const integers = ({ format, type }: JsonObject): Check | undefined => {
  if (type !== "integer") return undefined
  const words = format === "int32" || format === "int64" ? `with format ${format}` : "(default format)"
  return (value, _old, path, causes) => {
    if (typeof value !== "number") return
    const fits = Number.isInteger(value) && Math.abs(value) < 2 ** 63
    if (!fits || (format === "int32" && (value >= int32 || value < -int32)))
      causes.push(Words.whole(`Checked value must be of type integer ${words} in ${path}`))
  }
}

const numbers = ({ exclusiveMaximum, exclusiveMinimum, maximum, minimum, multipleOf }: JsonObject): Check | undefined => {
  const [least, most, factor] = [number(minimum), number(maximum), number(multipleOf)]
  if (least === undefined && most === undefined && factor === undefined) return undefined
  const [above, below] = [exclusiveMinimum === true, exclusiveMaximum === true]
  return (value, _old, path, causes) => {
    if (typeof value !== "number") return
    if (factor !== undefined && !isMultiple(value, factor))
      causes.push(Words.inBody(path, value, `should be a multiple of ${factor}`))
    if (most !== undefined && (value > most || (below && value === most)))
      causes.push(Words.inBody(path, value, `should be less than ${below ? "" : "or equal to "}${most}`))
    if (least !== undefined && (value < least || (above && value === least)))
      causes.push(Words.inBody(path, value, `should be greater than ${above ? "" : "or equal to "}${least}`))
  }
}

export const scalars = (schema: JsonObject): ReadonlyArray<Check> => {
  const checks = texts(schema)
  const text: Check = (value, _old, path, causes) => {
    if (typeof value !== "string") return
    for (const check of checks) {
      const cause = check(value, path)
      if (cause !== undefined) causes.push(cause)
    }
  }
  const [whole, limits] = [integers(schema), numbers(schema)]
  return [...(checks.length > 0 ? [text] : []), ...(whole ? [whole] : []), ...(limits ? [limits] : [])]
}
