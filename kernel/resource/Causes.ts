/**
 * What is wrong with a field, in Kubernetes' words: one function a type of cause. `detail` is the message without the field.
 * Source: API conventions, "Validation"; the messages are those that clients match against.
 */
import type { Cause } from "../client/Errors.ts"

export type Causes = ReadonlyArray<Cause>

const shown = (value: unknown) => (value === undefined ? "null" : JSON.stringify(value))
const worded = (words: string, detail: string) => (detail === "" ? words : `${words}: ${detail}`)

export const required = (field: string, detail = ""): Cause => ({
  field,
  type: "FieldValueRequired",
  detail: worded("Required value", detail)
})
export const invalid = (field: string, value: unknown, detail: string): Cause => ({
  field,
  type: "FieldValueInvalid",
  detail: worded(`Invalid value: ${shown(value)}`, detail)
})
export const notSupported = (field: string, value: unknown, supported: ReadonlyArray<string>): Cause => ({
  field,
  type: "FieldValueNotSupported",
  detail: `Unsupported value: ${shown(value)}: supported values: ${supported.map((one) => JSON.stringify(one)).join(", ")}`
})
export const forbidden = (field: string, detail: string): Cause => ({
  field,
  type: "FieldValueForbidden",
  detail: worded("Forbidden", detail)
})
export const duplicate = (field: string, value: unknown): Cause => ({
  field,
  type: "FieldValueDuplicate",
  detail: `Duplicate value: ${shown(value)}`
})
export const tooLong = (field: string, bytes: number): Cause => ({
  field,
  type: "FieldValueTooLong",
  detail: `Too long: may not be more than ${bytes} bytes`
})
export const tooMany = (field: string, count: number, limit: number): Cause => ({
  field,
  type: "FieldValueTooMany",
  detail: `Too many: ${count}: must have at most ${limit} items`
})
export const notFound = (field: string, value: unknown): Cause => ({
  field,
  type: "FieldValueNotFound",
  detail: `Not found: ${shown(value)}`
})

/** One `invalid` for each of a syntax rule's messages. */
export const broken = (field: string, value: string, messages: ReadonlyArray<string>): Causes =>
  messages.map((message) => invalid(field, value, message))

export const immutable = (field: string, value: unknown): Cause => invalid(field, value, "field is immutable")
