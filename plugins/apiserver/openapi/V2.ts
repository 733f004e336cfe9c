/**
 * The one document of OpenAPI v2 (Swagger 2.0), made of the documents of v3 of all groups: for older clients and tools that read no
 * other. Source: OpenAPI 2.0; the extensions of Kubernetes are the same in both.
 */
import { Predicate, type Schema } from "effect"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

const isObject = (value: unknown): value is JsonObject => Predicate.isObject(value) && !Array.isArray(value)
const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const listOf = (value: Json | undefined): Schema.JsonArray => (Array.isArray(value) ? value : [])

const refPrefix = "#/components/schemas/"
const pointed = (ref: Json) => `#/definitions/${String(ref).slice(refPrefix.length)}`

/** Schemas of v2 have one type and no alternatives. */
const lacking = new Set(["default", "nullable", "oneOf", "anyOf", "not", "allOf", "$ref"])
const united: { readonly [format: string]: string } = { "int-or-string": "string" }

const schemaOf = (schema: JsonObject): JsonObject => {
  const [only] = listOf(schema["allOf"])
  const ref = schema["$ref"] ?? objectOf(only)["$ref"]
  const rest = Object.entries(schema).flatMap(([word, value]): ReadonlyArray<readonly [string, Json]> => {
    if (lacking.has(word)) return []
    if (word === "properties") return [[word, mapped(value)]]
    if (word === "items" || (word === "additionalProperties" && isObject(value))) return [[word, schemaOf(objectOf(value))]]
    return [[word, value]]
  })
  const all = Object.fromEntries(rest)
  if (ref !== undefined) {
    const { type: _, ...words } = all
    return { ...words, $ref: pointed(ref) }
  }
  if (schema["oneOf"] === undefined || all["type"] !== undefined) return all
  return { ...all, type: united[String(all["format"])] ?? "string" }
}
const mapped = (schemas: Json): JsonObject =>
  Object.fromEntries(Object.entries(objectOf(schemas)).map(([name, schema]) => [name, schemaOf(objectOf(schema))]))

const kinds = "x-kubernetes-group-version-kind"
/**
 * A kind that may have whatever fields: kubectl takes those that are named for all that there are, so none is. Source: the
 * apiextensions API server's document of v2.
 */
const definitionOf = (schema: JsonObject): JsonObject =>
  schema[kinds] !== undefined && schema["x-kubernetes-preserve-unknown-fields"] === true
    ? { type: "object", [kinds]: schema[kinds] }
    : schemaOf(schema)

const parameterOf = (parameter: Json): JsonObject => {
  const { schema, ...rest } = objectOf(parameter)
  return { ...rest, ...schemaOf(objectOf(schema)) }
}

const produced = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]
const streamed = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"]

/** Of content in several media types the schema is the same in each. */
const contentOf = (holder: Json | undefined) => {
  const content = objectOf(objectOf(holder)["content"])
  const [type] = Object.keys(content)
  return {
    types: Object.keys(content),
    schema: type === undefined ? undefined : objectOf(objectOf(content[type])["schema"])
  }
}

const responseOf = (response: Json): JsonObject => {
  const { schema } = contentOf(response)
  const { description = "OK" } = objectOf(response)
  return { description, ...(schema !== undefined && { schema: schemaOf(schema) }) }
}

const operationOf = (operation: JsonObject): JsonObject => {
  const { parameters, requestBody, responses, ...rest } = operation
  const body = contentOf(requestBody)
  const sent = body.schema === undefined ? [] : [{ name: "body", in: "body", required: true, schema: schemaOf(body.schema) }]
  const isList = rest["x-kubernetes-action"] === "list"
  return {
    ...rest,
    consumes: body.types.length === 0 ? ["*/*"] : body.types,
    produces: isList ? [...produced, ...streamed] : produced,
    schemes: ["https"],
    parameters: [...sent, ...listOf(parameters).map(parameterOf)],
    responses: Object.fromEntries(
      Object.entries(objectOf(responses)).map(([code, response]) => [code, responseOf(response)])
    )
  }
}

const pathOf = (item: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      name === "parameters" ? listOf(value).map(parameterOf) : operationOf(objectOf(value))
    ])
  )

/** `documents`: of v3, one for each group and version. */
export const document = (documents: ReadonlyArray<JsonObject>, title: JsonObject): JsonObject => {
  const paths: { [path: string]: Json } = {}
  const definitions: { [name: string]: Json } = {}
  for (const { components, paths: some } of documents) {
    for (const [path, item] of Object.entries(objectOf(some))) paths[path] = pathOf(objectOf(item))
    for (const [name, schema] of Object.entries(objectOf(objectOf(components)["schemas"])))
      definitions[name] ??= definitionOf(objectOf(schema))
  }
  return {
    swagger: "2.0",
    info: title,
    paths,
    definitions,
    securityDefinitions: {
      BearerToken: { description: "Bearer Token authentication", type: "apiKey", name: "authorization", in: "header" }
    },
    security: [{ BearerToken: [] }]
  }
}
