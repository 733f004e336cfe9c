/** What is wrong with a value, as OpenAPI's validator of Kubernetes words it. */
import type { Schema } from "effect"
import type { Cause } from "../../../kernel/client/Errors.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"

type Json = Schema.Json

export const typeOf = (value: Json | undefined): string => {
  if (value === null || value === undefined) return "null"
  if (Array.isArray(value)) return "array"
  return typeof value === "number" ? (Number.isSafeInteger(value) ? "integer" : "number") : typeof value
}

const named = (path: string) => (path === "" ? "<nil>" : path)

export const inBody = (path: string, value: Json, why: string): Cause =>
  Causes.invalid(named(path), value, `${path} in body ${why}`)

/** `shown`: the value itself where its type is right and its format is not. */
export const mistyped = (path: string, shown: string, type: string): Cause => ({
  field: named(path),
  type: "FieldValueTypeInvalid",
  detail: `Invalid value: ${JSON.stringify(shown)}: ${path} in body must be of type ${type}: ${JSON.stringify(shown)}`
})

/** Of what is told without a field. */
export const whole = (why: string): Cause => Causes.invalid("<nil>", "", why)

const words = (value: Json) => JSON.stringify(typeof value === "string" ? value : JSON.stringify(value))
export const notOneOf = (path: string, value: Json, allowed: ReadonlyArray<Json>): Cause => ({
  field: named(path),
  type: "FieldValueNotSupported",
  detail: `Unsupported value: ${JSON.stringify(value)}: supported values: ${allowed.map(words).join(", ")}`
})

export const key = (path: string, name: string) => (path === "" ? name : `${path}.${name}`)
