/** What is wrong with a schema: it has to be structural, so that objects can be pruned and filled in. Words as upstream has them. */
import { Result, type Schema } from "effect"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Pattern from "../schema/Pattern.ts"
import { isObject } from "../schema/Values.ts"

type JsonObject = Schema.JsonObject
type Found = Array<Causes.Causes[number]>

const types = ["array", "boolean", "integer", "number", "object", "string"]
const isSet = (value: unknown) =>
  value !== undefined && value !== null && value !== false && value !== "" && !(Array.isArray(value) && value.length === 0)
const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])
const fieldsOf = (schema: JsonObject): ReadonlyArray<readonly [string, JsonObject]> =>
  Object.entries(isObject(schema["properties"]) ? schema["properties"] : {}).flatMap(([name, one]) =>
    isObject(one) ? [[name, one] as const] : []
  )
const text = (value: unknown) => (typeof value === "string" ? value : "")

const unsupported = ["definitions", "dependencies", "id", "patternProperties", "$ref", "additionalItems"]

const common = (schema: JsonObject, at: string, found: Found) => {
  for (const word of unsupported)
    if (isSet(schema[word])) found.push(Causes.forbidden(`${at}.${word}`, `${word} is not supported`))
  if (schema["uniqueItems"] === true)
    found.push(
      Causes.forbidden(
        `${at}.uniqueItems`,
        "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
      )
    )
  if (isObject(schema["additionalProperties"]) && isSet(schema["properties"]) && fieldsOf(schema).length > 0)
    found.push(Causes.forbidden(`${at}.additionalProperties`, "additionalProperties and properties are mutual exclusive"))
  if (typeof schema["pattern"] === "string") {
    const pattern = Pattern.compile(schema["pattern"])
    if (Result.isFailure(pattern))
      found.push(
        Causes.invalid(
          `${at}.pattern`,
          schema["pattern"],
          `must be a valid regular expression, but isn't: ${pattern.failure}`
        )
      )
  }
}

const typed = (schema: JsonObject, at: string, found: Found, isRoot: boolean) => {
  const type = text(schema["type"])
  const isFree = schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true
  if (type === "") {
    if (isSet(schema["$ref"])) return
    if (isRoot) found.push(Causes.required(`${at}.type`, "must not be empty at the root"))
    else if (!isFree)
      found.push(
        Causes.required(
          `${at}.type`,
          `must not be empty for specified ${at.endsWith(".items") ? "array items" : "object fields"}`
        )
      )
    return
  }
  if (!types.includes(type)) found.push(Causes.notSupported(`${at}.type`, type, types))
  if (type === "null")
    found.push(Causes.forbidden(`${at}.type`, "type cannot be set to null, use nullable as an alternative"))
  if (isRoot && type !== "object") found.push(Causes.invalid(`${at}.type`, type, "must be object at the root"))
  if (type === "array" && schema["items"] === undefined) found.push(Causes.required(`${at}.items`, "must be specified"))
  if (Array.isArray(schema["items"]))
    found.push(Causes.forbidden(`${at}.items`, "items must be a schema object and not an array"))
}

const embedded = (schema: JsonObject, at: string, found: Found) => {
  if (schema["x-kubernetes-preserve-unknown-fields"] === false)
    found.push(Causes.invalid(`${at}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined"))
  if (schema["x-kubernetes-embedded-resource"] !== true) return
  if (schema["x-kubernetes-preserve-unknown-fields"] !== true && fieldsOf(schema).length === 0)
    found.push(
      Causes.required(
        `${at}.properties`,
        "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
      )
    )
  const type = text(schema["type"])
  if (type !== "object" && type !== "")
    found.push(Causes.invalid(`${at}.type`, type, "must be object if x-kubernetes-embedded-resource is true"))
}

const listTypes = ["atomic", "set", "map"]
const scalar = new Set(["string", "integer", "number", "boolean"])

const keyed = (items: JsonObject, keys: ReadonlyArray<string>, at: string, found: Found) => {
  const fields = new Map(fieldsOf(items))
  if (text(items["type"]) !== "object")
    found.push(
      Causes.invalid(
        `${at}.items.type`,
        text(items["type"]),
        "must be object if parent array's x-kubernetes-list-type is map"
      )
    )
  if (new Set(keys).size < keys.length)
    found.push(Causes.invalid(`${at}.x-kubernetes-list-map-keys`, keys, "must not contain duplicate entries"))
  for (const key of keys) {
    const field = fields.get(key)
    if (field === undefined) {
      const names = "entries must all be names of item properties"
      if (text(items["type"]) === "object") found.push(Causes.invalid(`${at}.x-kubernetes-list-map-keys`, keys, names))
      continue
    }
    if (!scalar.has(text(field["type"])))
      found.push(
        Causes.invalid(
          `${at}.items.properties[${key}].type`,
          text(field["type"]),
          "must be a scalar type if parent array's x-kubernetes-list-type is map"
        )
      )
    if (field["default"] === undefined && !listOf(items["required"]).includes(key))
      found.push(
        Causes.required(
          `${at}.items.properties[${key}].default`,
          "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
        )
      )
  }
}

const lists = (schema: JsonObject, at: string, found: Found) => {
  const { "x-kubernetes-list-map-keys": keys, "x-kubernetes-list-type": how, "x-kubernetes-map-type": map } = schema
  const [type, names] = [text(schema["type"]), listOf(keys).map(String)]
  if (how !== undefined && !listTypes.includes(text(how)))
    found.push(Causes.notSupported(`${at}.x-kubernetes-list-type`, how, listTypes))
  if (how !== undefined && type !== "array")
    found.push(Causes.invalid(`${at}.type`, type, "must be array if x-kubernetes-list-type is specified"))
  if (names.length > 0 && how !== "map")
    found.push(Causes.required(`${at}.x-kubernetes-list-type`, "must be map if x-kubernetes-list-map-keys is non-empty"))
  if (how === "map" && names.length === 0)
    found.push(Causes.required(`${at}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is map"))
  const items = isObject(schema["items"]) ? schema["items"] : undefined
  if (how === "map" && items !== undefined) keyed(items, names, at, found)
  if (how === "set" && items !== undefined) {
    const [field, word] =
      items["type"] === "object" ? ["x-kubernetes-map-type", true] : ["x-kubernetes-list-type", items["type"] === "array"]
    const what = items["type"] === "object" ? "set" : "set"
    if (word && items[field] !== "atomic")
      found.push(
        Causes.invalid(
          `${at}.items.${field}`,
          items[field] ?? null,
          `must be atomic as item of a list with x-kubernetes-list-type=${what}`
        )
      )
  }
  if (map !== undefined && map !== "atomic" && map !== "granular")
    found.push(Causes.notSupported(`${at}.x-kubernetes-map-type`, map, ["atomic", "granular"]))
  if (map !== undefined && type !== "object")
    found.push(Causes.invalid(`${at}.type`, type, "must be object if x-kubernetes-map-type is specified"))
}

/** What only the schema itself may say, and no part of a composition. */
const inner: ReadonlyArray<readonly [word: string, must: string]> = [
  ["additionalProperties", "must be undefined to be structural"],
  ["default", "must be undefined to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["title", "must be empty to be structural"],
  ["type", "must be empty to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"]
]

const composed = (schema: JsonObject, at: string, found: Found, mayType: boolean) => {
  for (const [word, must] of inner)
    if (schema[word] !== undefined && !(word === "type" && mayType)) found.push(Causes.forbidden(`${at}.${word}`, must))
  if (isObject(schema["items"])) composed(schema["items"], `${at}.items`, found, false)
  for (const [name, one] of fieldsOf(schema)) composed(one, `${at}.properties[${name}]`, found, false)
  compositions(schema, at, found, false)
}

/** `mayType`: an int-or-string is usually described by a composition of both. */
const compositions = (schema: JsonObject, at: string, found: Found, mayType: boolean) => {
  for (const word of ["allOf", "anyOf", "oneOf"])
    listOf(schema[word]).forEach((one, index) => {
      // It is an element of the schema's JSON, hence an object of JSON.
      const part = Object(one) as JsonObject
      composed(part, `${at}.${word}[${index}]`, found, mayType)
    })
  if (isObject(schema["not"])) composed(schema["not"], `${at}.not`, found, false)
}

const roots = (schema: JsonObject, at: string, found: Found) => {
  if (schema["nullable"] === true) found.push(Causes.forbidden(`${at}.nullable`, "nullable cannot be true at the root"))
  if (schema["additionalProperties"] !== undefined)
    found.push(Causes.forbidden(`${at}.additionalProperties`, "must not be used at the root"))
  const fields = new Map(fieldsOf(schema))
  for (const name of ["apiVersion", "kind"]) {
    const type = fields.get(name)?.["type"]
    if (type !== undefined && type !== "string")
      found.push(Causes.invalid(`${at}.properties[${name}].type`, type, "must be string"))
  }
  const metadata = fields.get("metadata")
  if (metadata === undefined) return
  const field = `${at}.properties[metadata]`
  if (metadata["type"] !== "object") found.push(Causes.invalid(`${field}.type`, metadata["type"], "must be object"))
  if (fieldsOf(metadata).some(([name]) => name !== "name" && name !== "generateName"))
    found.push(
      Causes.forbidden(
        field,
        "must not specify anything other than name and generateName, but metadata is implicitly specified"
      )
    )
  if (metadata["default"] !== undefined)
    found.push(Causes.forbidden(`${field}.default`, "must not be set in top-level metadata"))
}

const walk = (schema: JsonObject, at: string, found: Found, isRoot: boolean) => {
  common(schema, at, found)
  typed(schema, at, found, isRoot)
  embedded(schema, at, found)
  lists(schema, at, found)
  if (isRoot) roots(schema, at, found)
  compositions(schema, at, found, schema["x-kubernetes-int-or-string"] === true)
  const { additionalProperties, items } = schema
  if (isObject(items)) walk(items, `${at}.items`, found, false)
  if (isObject(additionalProperties)) walk(additionalProperties, `${at}.additionalProperties`, found, false)
  for (const [name, one] of fieldsOf(schema)) {
    if (!(isRoot && name === "metadata")) walk(one, `${at}.properties[${name}]`, found, false)
  }
}

export const problems = (schema: JsonObject, at: string): Causes.Causes => {
  const found: Found = []
  walk(schema, at, found, true)
  return found
}
