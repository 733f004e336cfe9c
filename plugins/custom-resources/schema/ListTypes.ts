/** Lists that are sets have each item once, lists that are maps each key; and objects in objects say what they are. */
import type { Schema } from "effect"
import type { Cause } from "../../../kernel/client/Errors.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { isObject } from "./Values.ts"
import * as Words from "./Words.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject
type Walk = (value: Json, path: string, causes: Array<Cause>) => void

const stable = (value: Json | undefined): string =>
  isObject(value)
    ? `{${Object.keys(value)
        .toSorted()
        .map((key) => `${JSON.stringify(key)}:${stable(value[key])}`)
        .join()}}`
    : Array.isArray(value)
      ? `[${value.map(stable).join()}]`
      : (JSON.stringify(value) ?? "null")

const duplicates = (schema: JsonObject): Walk | undefined => {
  const { "x-kubernetes-list-map-keys": keys, "x-kubernetes-list-type": type } = schema
  if (type !== "set" && type !== "map") return undefined
  const names = Array.isArray(keys) ? keys.map(String) : []
  const keyOf = (item: Json) => {
    if (type === "set") return item
    return Object.fromEntries(
      names.flatMap((name) => (isObject(item) && item[name] !== undefined ? [[name, item[name]]] : []))
    )
  }
  return (value, path, causes) => {
    if (!Array.isArray(value)) return
    const seen = new Set<string>()
    value.forEach((item, index) => {
      const key = keyOf(item)
      const text = stable(key)
      if (seen.has(text)) causes.push(Causes.duplicate(`${path}[${index}]`, key))
      seen.add(text)
    })
  }
}

const embedded = (schema: JsonObject): Walk | undefined => {
  if (schema["x-kubernetes-embedded-resource"] !== true) return undefined
  return (value, path, causes) => {
    if (!isObject(value)) return
    for (const name of ["apiVersion", "kind"]) {
      const word = value[name]
      if (word === undefined) causes.push(Causes.required(Words.key(path, name)))
      else if (word === "") causes.push(Causes.invalid(Words.key(path, name), word, "must not be empty"))
    }
  }
}

const children = (schema: JsonObject, which: (schema: JsonObject) => Walk | undefined): Walk | undefined => {
  const { additionalProperties, items, properties } = schema
  const fields = Object.entries(isObject(properties) ? properties : {}).flatMap(([name, one]) => {
    const walk = isObject(one) ? compile(one, which) : undefined
    return walk === undefined ? [] : [[name, walk] as const]
  })
  const item = isObject(items) ? compile(items, which) : undefined
  const values = isObject(additionalProperties) ? compile(additionalProperties, which) : undefined
  if (fields.length === 0 && item === undefined && values === undefined) return undefined
  return (value, path, causes) => {
    if (Array.isArray(value)) value.forEach((one, index) => item?.(one, `${path}[${index}]`, causes))
    if (!isObject(value)) return
    for (const [name, walk] of fields) {
      const inner = value[name]
      if (inner !== undefined) walk(inner, Words.key(path, name), causes)
    }
    if (values === undefined) return
    for (const [name, inner] of Object.entries(value)) values(inner, `${path}[${name}]`, causes)
  }
}

/** Nothing where there is nothing to look at: most schemas have no such lists. */
const compile = (schema: JsonObject, which: (schema: JsonObject) => Walk | undefined): Walk | undefined => {
  const [own, inner] = [which(schema), children(schema, which)]
  if (own === undefined || inner === undefined) return own ?? inner
  return (value, path, causes) => {
    own(value, path, causes)
    inner(value, path, causes)
  }
}

export const lists = (schema: JsonObject) => compile(schema, duplicates)
export const embeddedResources = (schema: JsonObject) => compile(schema, embedded)
