/**
 * Decodes what is no container: checks its JSON type and form, and puts it into the one form in which the API shows it.
 * Source: API conventions, "Primitive types"; RFC 3339; RFC 4648.
 */
import { Result, type Schema } from "effect"
import type { Mistakes } from "./Mistakes.ts"
import * as Quantity from "./Quantity.ts"
import {
  goType,
  type ListShape,
  type MapShape,
  type NumberShape,
  type ObjectShape,
  type Shape,
  type StringShape
} from "./Shape.ts"

type Walk = (input: unknown, mistakes: Mistakes) => Schema.Json | undefined

export const walk = (shape: Exclude<Shape, ObjectShape | MapShape | ListShape>): Walk => {
  switch (shape.type) {
    case "string":
      return shape.enum === undefined ? string(shape) : word(string(shape), shape.enum)
    case "integer":
    case "number":
      return number(shape)
    case "boolean":
      return (input, mistakes) => (typeof input === "boolean" ? input : mistakes.mismatch(input, "bool"))
    case "int-or-string":
      return (input, mistakes) => (typeof input === "string" || isInt32(input) ? input : mistakes.mismatch(input, "int32"))
    case "free":
      return free
  }
}

/** It stands in the midst of JSON, hence the cast. */
export const free = (input: unknown) => input as Schema.Json

const isInt32 = (input: unknown): input is number => typeof input === "number" && (input | 0) === input

const number = (shape: NumberShape): Walk => {
  const expected = goType(shape)
  const is = shape.type === "number" ? isNumber : shape.format === "int32" ? isInt32 : isInteger
  return (input, mistakes) => (is(input) ? input : mistakes.mismatch(input, expected))
}
const isNumber = (input: unknown): input is number => typeof input === "number"
const isInteger = (input: unknown): input is number => Number.isInteger(input)

const string = ({ format }: StringShape): Walk => {
  switch (format) {
    case "quantity":
      return quantity
    case "byte":
      return formed(base64, notBase64, "[]uint8")
    case "date-time":
      return formed(time, notATime("2006-01-02T15:04:05Z07:00"))
    case "micro-time":
      return formed(microTime, notATime("2006-01-02T15:04:05.000000Z07:00"))
    default:
      return (input, mistakes) => (typeof input === "string" ? input : mistakes.mismatch(input, "string"))
  }
}
const word =
  (walk: Walk, words: ReadonlyArray<Schema.Json>): Walk =>
  (input, mistakes) => {
    const text = walk(input, mistakes)
    return text === undefined || words.includes(text) ? text : mistakes.unsupported(text, words)
  }
const notATime = (layout: string) => (text: string) => {
  const year = /^\d{4}/.test(text) ? "" : ' as "2006"'
  return `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(text)}${year}`
}
const notBase64 = (text: string) => {
  const illegal = text.search(/[^A-Za-z0-9+/=\r\n]/)
  return `illegal base64 data at input byte ${illegal === -1 ? text.length - (text.length % 4) : illegal}`
}

/** `form` gives the text as the API shows it, or `undefined` if it is not of the form. */
const formed =
  (form: (text: string) => string | undefined, why: (text: string) => string, expected = "string"): Walk =>
  (input, mistakes) => {
    if (typeof input !== "string") return mistakes.mismatch(input, expected)
    return form(input) ?? mistakes.malformed(why(input))
  }

/** A cluster has few different amounts, and each of them in thousands of Pods. */
const amounts = new Map<string, string>()
const quantity: Walk = (input, mistakes) => {
  const text = typeof input === "string" || typeof input === "number" ? String(input) : "no text"
  const known = amounts.get(text)
  if (known !== undefined) return known
  const parsed = Quantity.canonical(text.trim())
  if (Result.isFailure(parsed)) return mistakes.malformed(parsed.failure)
  if (amounts.size >= 4096) amounts.clear()
  amounts.set(text, parsed.success)
  return parsed.success
}

/** Line breaks are allowed in it, and dropped. */
const base64 = (text: string): string | undefined => {
  const plain = /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]/g, "") : text
  return plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain) ? plain : undefined
}

const anyTime = /^(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** The instant in UTC to the second, and the digits after it. `undefined` also for February 30th. */
const instant = (text: string) => {
  const [, seconds, digits = "", zone] = anyTime.exec(text) ?? []
  if (seconds === undefined || zone === undefined) return undefined
  const local = new Date(`${seconds}Z`)
  // Days that do not exist are moved into the next month.
  if (Number.isNaN(local.getTime()) || !local.toISOString().startsWith(seconds)) return undefined
  return { utc: zone === "Z" ? seconds : new Date(seconds + zone).toISOString().slice(0, 19), digits }
}

/** A year's days that every month has, to the second and in UTC: nearly all times, and nothing to do for them. */
const plain = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/
const time = (text: string): string | undefined => {
  if (plain.test(text)) return text
  const found = instant(text)
  return found && `${found.utc}Z`
}
const microTime = (text: string): string | undefined => {
  const found = instant(text)
  return found && `${found.utc}.${found.digits.slice(0, 6).padEnd(6, "0")}Z`
}
