/** What a manifest says of a package's configuration: JSON Schema, draft 2020-12 (https://json-schema.org/draft/2020-12/schema). */
import { JsonSchema, Option, Schema, SchemaRepresentation } from "effect"

const made = Option.liftThrowable((schema: JsonSchema.JsonSchema) =>
  SchemaRepresentation.fromJsonSchemaDocument(JsonSchema.fromSchemaDraft2020_12(schema), { patterns: "apply" })
)

const types = ["array", "boolean", "integer", "null", "number", "object", "string"]
/** Keywords whose value is a schema, schemas by name, or a list of schemas. */
const one = ["items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else"]
const named = ["properties", "patternProperties", "$defs", "dependentSchemas"]
const several = ["allOf", "anyOf", "oneOf", "prefixItems"]

interface Mistake {
  readonly path: ReadonlyArray<string>
  readonly issue: string
}

const isRecord = (value: Schema.Json | undefined): value is { readonly [key: string]: Schema.Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Of those keywords by which a mistyped schema would let everything pass. */
const mistakesIn = (schema: Schema.Json, path: ReadonlyArray<string>): ReadonlyArray<Mistake> => {
  if (typeof schema === "boolean") return []
  if (!isRecord(schema)) return [{ path, issue: "a schema is an object, or true, or false" }]
  return Object.entries(schema).flatMap(([key, value]) => {
    const at = [...path, key]
    if (one.includes(key)) return mistakesIn(value, at)
    if (named.includes(key))
      return isRecord(value)
        ? Object.entries(value).flatMap(([name, each]) => mistakesIn(each, [...at, name]))
        : [{ path: at, issue: "an object of schemas is expected" }]
    if (several.includes(key))
      return Array.isArray(value)
        ? value.flatMap((each: Schema.Json, index) => mistakesIn(each, [...at, String(index)]))
        : [{ path: at, issue: "a list of schemas is expected" }]
    const said: ReadonlyArray<Schema.Json> = Array.isArray(value) ? value : [value]
    if (key === "type" && !said.every((type) => typeof type === "string" && types.includes(type)))
      return [{ path: at, issue: `expected of ${types.join(", ")}` }]
    if (key === "required" && !(Array.isArray(value) && said.every((name) => typeof name === "string")))
      return [{ path: at, issue: "a list of names is expected" }]
    return []
  })
}

/** The Schema that it says; none if it cannot be read. */
export const schemaOf = (configuration: ConfigurationSchema) => made(configuration)

export const ConfigurationSchema = Schema.Record(Schema.String, Schema.Json).check(
  Schema.makeFilter((schema) => {
    const mistakes = mistakesIn(schema, [])
    if (mistakes.length > 0) return mistakes
    return (
      Option.isSome(made(schema)) ||
      "it cannot be read as JSON Schema (draft 2020-12): is each pattern a regular expression?"
    )
  })
)
export type ConfigurationSchema = typeof ConfigurationSchema.Type
