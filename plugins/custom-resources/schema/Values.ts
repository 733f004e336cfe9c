/**
 * Whether values are as a schema says: compiled from it once, so that an object costs one walk. An update may keep what was wrong
 * before: a value that is as it was is not looked at (ratcheting). Source: OpenAPI v3 as CustomResourceDefinition v1 has it; KEP-4008.
 */
import type { Schema } from "effect"
import type { Cause } from "../../../kernel/client/Errors.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import { scalars } from "./Scalars.ts"
import * as Words from "./Words.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

/** `old`: the value in its place before, if an object is replaced and the two can be told to be the same. */
export type Check = (value: Json, old: Json | undefined, path: string, causes: Array<Cause>) => void

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isList = (value: Json | undefined): value is ReadonlyArray<Json> => Array.isArray(value)
const count = (value: Json | undefined) => (typeof value === "number" ? value : undefined)

const typesOf = (schema: JsonObject): ReadonlyArray<string> => {
  if (schema["x-kubernetes-int-or-string"] === true) return ["integer", "string"]
  return typeof schema["type"] === "string" && schema["type"] !== "" ? [schema["type"]] : []
}

const typed = (schema: JsonObject): Check | undefined => {
  const types = typesOf(schema)
  if (types.length === 0) return undefined
  const { format } = schema
  return (value, _old, path, causes) => {
    const is = Words.typeOf(value)
    if (types.includes(is) || (is === "integer" && types.includes("number"))) return
    const isSized = typeof value === "number" && (format === "int32" || format === "int64") && types.length === 1
    causes.push(isSized ? Words.mistyped(path, "float64", String(format)) : Words.mistyped(path, is, types.join(",")))
  }
}

const schemasIn = (value: Json | undefined) => (isList(value) ? value.filter(isObject).map(compile) : [])

/** The causes of one check alone. */
const run = (check: Check, value: Json, path: string) => {
  const causes: Array<Cause> = []
  check(value, undefined, path, causes)
  return causes
}

const composed = (schema: JsonObject): ReadonlyArray<Check> => {
  const [anyOf, oneOf, allOf] = [schemasIn(schema["anyOf"]), schemasIn(schema["oneOf"]), schemasIn(schema["allOf"])]
  const not = isObject(schema["not"]) ? compile(schema["not"]) : undefined
  const quoted = (path: string) => JSON.stringify(path)
  const any: Check = (value, _old, path, causes) => {
    const each = anyOf.map((check) => run(check, value, path))
    if (each.some((found) => found.length === 0)) return
    causes.push(Words.whole(`${quoted(path)} must validate at least one schema (anyOf)`), ...(each[0] ?? []))
  }
  const one: Check = (value, _old, path, causes) => {
    const each = oneOf.map((check) => run(check, value, path))
    const valid = each.filter((found) => found.length === 0).length
    if (valid === 1) return
    const found = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`
    causes.push(Words.whole(`${quoted(path)} must validate one and only one schema (oneOf). ${found}`))
    if (valid === 0) causes.push(...(each[0] ?? []))
  }
  const all: Check = (value, _old, path, causes) => {
    const each = allOf.map((check) => run(check, value, path))
    const valid = each.filter((found) => found.length === 0).length
    if (valid === allOf.length) return
    causes.push(...each.flat())
    causes.push(Words.whole(`${quoted(path)} must validate all the schemas (allOf)${valid === 0 ? ". None validated" : ""}`))
  }
  const none: Check = (value, _old, path, causes) => {
    if (not !== undefined && run(not, value, path).length === 0)
      causes.push(Words.whole(`${quoted(path)} must not validate the schema (not)`))
  }
  return [
    ...(anyOf.length > 0 ? [any] : []),
    ...(oneOf.length > 0 ? [one] : []),
    ...(allOf.length > 0 ? [all] : []),
    ...(not === undefined ? [] : [none])
  ]
}

const tooMany = (path: string, value: number, limit: number): Cause => ({
  field: path === "" ? "<nil>" : path,
  type: "FieldValueTooMany",
  detail: `Too many: ${value}: must have at most ${limit} items`
})

/** Of the items of a list before: by their keys where it is a map; otherwise a place in a list is no identity. */
const before = (schema: JsonObject, old: Json | undefined): ((item: Json) => Json | undefined) => {
  const keys = schema["x-kubernetes-list-map-keys"]
  if (schema["x-kubernetes-list-type"] !== "map" || !isList(keys) || !isList(old)) return () => undefined
  const keyOf = (item: Json) => JSON.stringify(keys.map((key) => (isObject(item) ? item[String(key)] : undefined)))
  const found = new Map(old.map((item) => [keyOf(item), item]))
  return (item) => found.get(keyOf(item))
}

const list = (schema: JsonObject): Check | undefined => {
  const item = isObject(schema["items"]) ? compile(schema["items"]) : undefined
  const [least, most] = [count(schema["minItems"]), count(schema["maxItems"])]
  const isUnique = schema["uniqueItems"] === true
  if (item === undefined && least === undefined && most === undefined && !isUnique) return undefined
  return (value, old, path, causes) => {
    if (!isList(value)) return
    if (item !== undefined) {
      const was = old === undefined ? undefined : before(schema, old)
      value.forEach((one, index) => item(one, was?.(one), `${path}[${index}]`, causes))
    }
    if (least !== undefined && value.length < least)
      causes.push(Words.inBody(path, value.length, `should have at least ${least} items`))
    if (most !== undefined && value.length > most) causes.push(tooMany(path, value.length, most))
    if (isUnique && new Set(value.map((one) => JSON.stringify(one))).size < value.length)
      causes.push(Words.inBody(path, value, "shouldn't contain duplicates"))
  }
}

const object = (schema: JsonObject): Check | undefined => {
  const { additionalProperties, maxProperties, minProperties, properties, required } = schema
  const fields = new Map(
    Object.entries(isObject(properties) ? properties : {}).flatMap(([name, one]) =>
      isObject(one) ? [[name, compile(one)] as const] : []
    )
  )
  const others = isObject(additionalProperties) ? compile(additionalProperties) : undefined
  const needed = isList(required) ? required.map(String) : []
  const [least, most] = [count(minProperties), count(maxProperties)]
  if (fields.size === 0 && others === undefined && needed.length === 0 && least === undefined && most === undefined)
    return undefined
  return (value, old, path, causes) => {
    if (!isObject(value)) return
    const size = least === undefined && most === undefined ? 0 : Object.keys(value).length
    if (least !== undefined && size < least)
      causes.push(Words.inBody(path, size, `should have at least ${least} properties`))
    if (most !== undefined && size > most) causes.push(tooMany(path, size, most))
    for (const name of needed)
      if (value[name] === undefined)
        causes.push({ field: Words.key(path, name), type: "FieldValueRequired", detail: "Required value" })
    for (const name in value) {
      const inner = value[name]
      const check = fields.get(name) ?? others
      if (check === undefined || inner === undefined) continue
      check(inner, isObject(old) ? old[name] : undefined, Words.key(path, name), causes)
    }
  }
}

const enumerated = (schema: JsonObject): Check | undefined => {
  const allowed = schema["enum"]
  if (!isList(allowed)) return undefined
  return (value, _old, path, causes) => {
    if (!allowed.some((one) => equal(one, value))) causes.push(Words.notOneOf(path, value, allowed))
  }
}

export const compile = (schema: JsonObject): Check => {
  let checks: ReadonlyArray<Check> | undefined
  const isNullable = schema["nullable"] === true
  const make = () =>
    [typed(schema), ...composed(schema), ...scalars(schema), list(schema), enumerated(schema), object(schema)].filter(
      (check): check is Check => check !== undefined
    )
  return (value, old, path, causes) => {
    if (value === null && isNullable) return
    if (old !== undefined && equal(value, old)) return
    for (const check of (checks ??= make())) check(value, old, path, causes)
  }
}
