/** What is wrong with the defaults of a schema: each has to be as its own part of the schema wants it. */
import type { Schema } from "effect"
import type { Cause } from "../../../kernel/client/Errors.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { compile, isObject } from "../schema/Values.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

/** Whether a value has fields that the schema would prune. */
const hasUnknown = (value: Json, schema: JsonObject): boolean => {
  const { additionalProperties, items, properties } = schema
  if (Array.isArray(value)) return isObject(items) && value.some((one) => hasUnknown(one, items))
  if (!isObject(value) || schema["type"] !== "object") return false
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true || additionalProperties === true
  const fields = isObject(properties) ? properties : {}
  return Object.entries(value).some(([name, one]) => {
    const inner = Object.hasOwn(fields, name) ? fields[name] : additionalProperties
    if (isObject(inner)) return hasUnknown(one, inner)
    return (
      !isOpen && !(schema["x-kubernetes-embedded-resource"] === true && ["apiVersion", "kind", "metadata"].includes(name))
    )
  })
}

const own = (schema: JsonObject, at: string): Causes.Causes => {
  const { default: value } = schema
  if (value === undefined || value === null) return []
  const causes: Array<Cause> = []
  compile(schema)(value, undefined, "", causes)
  if (causes.length > 0)
    return causes.map((cause) => ({ ...cause, field: cause.field === "<nil>" ? at : `${at}.${cause.field}` }))
  return hasUnknown(value, schema) ? [Causes.invalid(at, value, "must not have unknown fields")] : []
}

export const problems = (schema: JsonObject, at: string): Causes.Causes => {
  const { additionalProperties, items, properties } = schema
  return [
    ...own(schema, `${at}.default`),
    ...(isObject(items) ? problems(items, `${at}.items`) : []),
    ...(isObject(additionalProperties) ? problems(additionalProperties, `${at}.additionalProperties`) : []),
    ...Object.entries(isObject(properties) ? properties : {}).flatMap(([name, one]) =>
      isObject(one) && name !== "metadata" ? problems(one, `${at}.properties[${name}]`) : []
    )
  ]
}
