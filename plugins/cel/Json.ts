/** Between the wire's JSON and values. Objects and lists are wrapped and read as they are asked for. */
import type { Schema } from "effect"
import { type Declared, isObject } from "./Declared.ts"
import { byKeyword } from "./Escape.ts"
import { parseDate, parseDuration, parseTimestamp, showDuration, showTimestamp } from "./library/Times.ts"
import { Dict, Duration, fail, List, Optional, Timestamp, TypeValue, Uint, type Value } from "./Values.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

class JsonList extends List {
  private readonly json: ReadonlyArray<Json>
  private readonly item: Declared | undefined
  private readonly keys: ReadonlyArray<string> | undefined
  constructor(json: ReadonlyArray<Json>, declared: Declared | undefined) {
    super()
    this.json = json
    this.item = declared?.item
    this.keys = declared?.unordered
  }
  override get unordered() {
    return this.keys
  }
  get size() {
    return this.json.length
  }
  at(index: number): Value {
    return fromJson(this.json[index] ?? null, this.item)
  }
}

class JsonMap extends Dict {
  private readonly json: JsonObject
  private readonly value: Declared | undefined
  constructor(json: JsonObject, declared: Declared | undefined) {
    super()
    this.json = json
    this.value = declared?.item
  }
  get size() {
    return Object.keys(this.json).length
  }
  find(key: Value): Value | undefined {
    if (typeof key !== "string" || !Object.hasOwn(this.json, key)) return undefined
    const value = this.json[key]
    return value === undefined ? undefined : fromJson(value, this.value)
  }
  keys() {
    return Object.keys(this.json)
  }
}

/** An object with declared fields, which expressions call by their escaped names. */
class JsonRecord extends Dict {
  private readonly json: JsonObject
  private readonly declared: Declared
  constructor(json: JsonObject, declared: Declared) {
    super()
    this.json = json
    this.declared = declared
  }
  override get typeName() {
    return this.declared.type.name
  }
  get size() {
    return Object.keys(this.json).length
  }
  find(key: Value): Value | undefined {
    const field = typeof key === "string" ? byKeyword(this.declared.fields, key) : undefined
    if (field === undefined || !Object.hasOwn(this.json, field.name)) return undefined
    const value = this.json[field.name]
    return value === undefined ? undefined : fromJson(value, field.declared)
  }
  keys() {
    return [...(this.declared.fields ?? [])].filter(([, { name }]) => Object.hasOwn(this.json, name)).map(([word]) => word)
  }
}

/** Without a declaration whole numbers are ints, and others doubles. */
export const fromJson = (json: Json, declared?: Declared): Value => {
  if (json === null || typeof json === "boolean") return json
  if (typeof json === "number") {
    if (declared?.type.kind === "double") return json
    return Number.isInteger(json) ? BigInt(json) : json
  }
  if (typeof json === "string") return declared?.format === undefined ? json : fromText(json, declared.format)
  if (!isObject(json)) return new JsonList(json, declared)
  return declared?.fields === undefined ? new JsonMap(json, declared) : new JsonRecord(json, declared)
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/
const fromText = (text: string, format: NonNullable<Declared["format"]>): Value => {
  switch (format) {
    case "byte":
      return base64.test(text) ? Buffer.from(text, "base64") : fail("Invalid base64-encoded string")
    case "date":
      return parseDate(text) ?? fail(`Invalid date formatted string: ${text}`)
    case "date-time":
      return parseTimestamp(text) ?? fail(`Invalid date-time formatted string: ${text}`)
    case "duration":
      return parseDuration(text) ?? fail(`Invalid duration ${JSON.stringify(text)}`)
  }
}

/** Nothing for what JSON cannot say. */
export const toJson = (value: Value): Json | undefined => {
  if (value === null || typeof value !== "object") return typeof value === "bigint" ? Number(value) : value
  if (value instanceof Uint) return Number(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64")
  if (value instanceof Timestamp) return showTimestamp(value)
  if (value instanceof Duration) return showDuration(value)
  if (value instanceof List) return all([...value].map(toJson))
  if (value instanceof Dict) return object(value)
  if (value instanceof Optional) return value.value === undefined ? null : toJson(value.value)
  if (value instanceof TypeValue) return value.name
  return undefined
}
const all = (items: ReadonlyArray<Json | undefined>): Json | undefined =>
  items.every((item) => item !== undefined) ? items : undefined
const object = (value: Dict): Json | undefined => {
  const pairs: Array<readonly [string, Json]> = []
  for (const key of value.keys()) {
    const inner = toJson(value.find(key) ?? null)
    if (typeof key !== "string" || inner === undefined) return undefined
    pairs.push([key, inner])
  }
  return Object.fromEntries(pairs)
}
