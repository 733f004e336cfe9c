/** An Effect Schema as the structural schema of a CustomResourceDefinition: nothing is named elsewhere, and all stands where it counts. */
import { Schema } from "effect"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What structural schemas do not have: fields that are not named are pruned there. */
const left = new Set(["$schema", "$defs", "definitions", "additionalProperties", "allOf", "$ref", "const"])

const walk = (schema: Json | undefined, named: JsonObject): JsonObject => {
  if (!isObject(schema)) return { "x-kubernetes-preserve-unknown-fields": true }
  const { additionalProperties, allOf, const: only, items, properties, $ref } = schema
  if (typeof $ref === "string") return walk(named[$ref.slice($ref.lastIndexOf("/") + 1)], named)
  const kept: { [key: string]: Json } = {}
  for (const [key, value] of Object.entries(schema)) if (!left.has(key)) kept[key] = value
  // A check of a value stands beside its type.
  if (Array.isArray(allOf)) for (const part of allOf) if (isObject(part)) Object.assign(kept, walk(part, named))
  if (only !== undefined) kept["enum"] = [only]
  if (isObject(additionalProperties)) kept["additionalProperties"] = walk(additionalProperties, named)
  if (isObject(items)) kept["items"] = walk(items, named)
  if (isObject(properties))
    kept["properties"] = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, walk(one, named)]))
  return kept
}

export const of = (schema: Schema.Codec<unknown, unknown>): JsonObject => {
  // Both are documents of JSON Schema, and so JSON.
  const document = Schema.toJsonSchemaDocument(schema)
  const json = (value: unknown): Json => JSON.parse(JSON.stringify(value))
  const named = json(document.definitions)
  return walk(json(document.schema), isObject(named) ? named : {})
}
