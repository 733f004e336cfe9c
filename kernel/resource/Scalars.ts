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
import * as Times from "./Times.ts"

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
/** Of 64 bits; what is beyond 2^53 is as near as JSON comes in JavaScript. */
const isInteger = (input: unknown): input is number => Number.isInteger(input) && Math.abs(Number(input)) < 2 ** 63

const string = ({ format }: StringShape): Walk => {
  switch (format) {
    case "quantity":
      return quantity
    case "byte":
      return formed(base64, notBase64, "[]uint8")
    case "date-time":
      return formed(Times.time, (text) => Times.unreadable(text))
    case "micro-time":
      return formed(Times.microTime, (text) => Times.unreadable(text, true))
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
