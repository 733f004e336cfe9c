/**
 * What is known of a value before it is there: its type, how large it can be, and how its JSON is read. Made of an API schema
 * (custom kinds) or of a shape (any kind). Source: Kubernetes' documentation, "Validation rules", "Type checking" and "Resource
 * use by validation functions"; the constants are those by which upstream estimates.
 */
import type { Schema } from "effect"
import type { Shape } from "../../kernel/resource/Shape.ts"
import { escape } from "./Escape.ts"
import * as Type from "./Types.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

export interface Declared {
  readonly type: Type.Type
  /** The most characters, bytes, items or entries it can have. */
  readonly maxElements: number
  /** The fewest bytes it can have as JSON. */
  readonly minSize: number
  /** Of a list's items, or a map's values. */
  readonly item?: Declared
  /** Of an object, by the name that expressions use. */
  readonly fields?: ReadonlyMap<string, Field>
  /** A list that is compared without order: a set (no keys), or a map by these keys. */
  readonly unordered?: ReadonlyArray<string>
  /** `date-time` and `date` are timestamps, `duration` and `byte` are what they say. */
  readonly format?: "date-time" | "date" | "duration" | "byte"
}
export interface Field {
  /** As the API has it. */
  readonly name: string
  readonly declared: Declared
}

const maxRequest = 3 * 1024 * 1024
const maxText = maxRequest - 2
const maxTime = 32
const dateSize = 12

const scalar = (type: Type.Type, minSize: number, maxElements = 1): Declared => ({ type, minSize, maxElements })
const texts = scalar(Type.string, 2, maxText)

const maxItems = (minSize: number) => Math.floor((maxRequest - 2) / (minSize + 1))
const maxEntries = (minSize: number) => Math.floor((maxRequest - 2) / (minSize + 6))

/** The largest number of times that a value of this size fits into one request. */
export const cardinality = (minSize: number) => Math.floor(maxRequest / (minSize + 1))

const count = (value: Json | undefined) => (typeof value === "number" ? Math.max(value, 0) : undefined)
export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const listOf = (item: Declared, most: number | undefined, unordered?: ReadonlyArray<string>): Declared => ({
  type: Type.list(item.type),
  item,
  minSize: 2,
  maxElements: most ?? maxItems(item.minSize),
  ...(unordered !== undefined && { unordered })
})
const mapOf = (item: Declared, most: number | undefined): Declared => ({
  type: Type.map(Type.string, item.type),
  item,
  minSize: 2,
  maxElements: most ?? maxEntries(item.minSize)
})

interface Property {
  readonly name: string
  readonly declared: Declared | undefined
  readonly required: boolean
}
const objectOf = (name: string, properties: ReadonlyArray<Property>): Declared => {
  let minSize = 2
  const fields = new Map<string, Field>()
  for (const { declared, name, required } of properties) {
    if (declared === undefined) continue
    const word = escape(name)
    if (word !== undefined) fields.set(word, { name, declared })
    if (required) minSize += name.length + declared.minSize + 4
  }
  const type = Type.object(name, new Map([...fields].map(([word, { declared }]) => [word, declared.type])))
  return { type, fields, minSize, maxElements: maxText }
}

/** Nothing for what expressions cannot see: parts without a schema. `name` tells object types apart. */
export const ofSchema = (schema: JsonObject, name: string, isRoot = false): Declared | undefined => {
  if (schema["x-kubernetes-int-or-string"] === true) {
    const longest = count(schema["maxLength"])
    return scalar(Type.dyn, 1, longest === undefined ? maxText : longest * 4)
  }
  const { type } = schema
  if (isRoot || type === "object") return ofObject(schema, name, isRoot)
  switch (type) {
    case "array": {
      const { items } = schema
      if (!isObject(items)) return undefined
      const item = ofSchema(items, `${name}.@idx`, items["x-kubernetes-embedded-resource"] === true)
      return item && listOf(item, count(schema["maxItems"]), unorderedBy(schema))
    }
    case "string":
      return ofText(schema)
    case "boolean":
      return scalar(Type.bool, 4)
    case "number":
      return scalar(Type.double, 1)
    case "integer":
      return scalar(Type.int, 1)
    default:
      return undefined
  }
}

const unorderedBy = (schema: JsonObject): ReadonlyArray<string> | undefined => {
  const keys = schema["x-kubernetes-list-map-keys"]
  switch (schema["x-kubernetes-list-type"]) {
    case "set":
      return []
    case "map":
      return Array.isArray(keys) ? keys.map(String) : []
    default:
      return undefined
  }
}

const ofText = (schema: JsonObject): Declared => {
  const longest = count(schema["maxLength"])
  const { enum: words, format } = schema
  switch (format) {
    case "byte":
      return { ...scalar(Type.bytes, 2, longest ?? maxText), format }
    case "duration":
      return { ...scalar(Type.duration, 3, maxTime), format }
    case "date":
      return { ...scalar(Type.timestamp, dateSize, dateSize), format }
    case "date-time":
      return { ...scalar(Type.timestamp, 21, maxTime), format }
    default:
  }
  if (longest !== undefined) return scalar(Type.string, 2, longest * 4)
  if (!Array.isArray(words) || words.length === 0) return texts
  const sizes = words.map((word) => (typeof word === "string" ? Buffer.byteLength(word) : 0))
  return scalar(Type.string, 2, Math.max(...sizes))
}

const ofObject = (schema: JsonObject, name: string, isRoot: boolean): Declared | undefined => {
  const { additionalProperties, properties, required } = schema
  if (isObject(additionalProperties) && !isRoot) {
    const isEmbedded = additionalProperties["x-kubernetes-embedded-resource"] === true
    const value = ofSchema(additionalProperties, `${name}.@elem`, isEmbedded)
    return value && mapOf(value, count(schema["maxProperties"]))
  }
  const needed = new Set(Array.isArray(required) ? required : [])
  const known = Object.entries(isObject(properties) ? properties : {}).map(([field, property]): Property => {
    const inner = isObject(property) ? property : {}
    const declared = ofSchema(inner, `${name}.${field}`, inner["x-kubernetes-embedded-resource"] === true)
    return { name: field, declared, required: needed.has(field) && inner["default"] === undefined }
  })
  return objectOf(name, isRoot ? withMetadata(known, name) : known)
}

/** These every object has, whether the schema says so or not. */
const withMetadata = (known: ReadonlyArray<Property>, name: string): ReadonlyArray<Property> => {
  const given = ["apiVersion", "kind", "metadata"]
  const text = (name: string): Property => ({ name, declared: texts, required: false })
  const metadata = objectOf(`${name}.metadata`, [text("name"), text("generateName")])
  return [
    ...known.filter(({ name }) => !given.includes(name)),
    text("apiVersion"),
    text("kind"),
    { name: "metadata", declared: metadata, required: false }
  ]
}

/** Of a kind that has a shape; shapes may contain themselves, objects do so lazily. `depth` bounds what is looked at. */
export const ofShape = (shape: Shape, name: string, depth = 12): Declared => {
  switch (shape.type) {
    case "object": {
      if (depth === 0 || shape.preserveUnknown === true) return scalar(Type.dyn, 1, maxText)
      const properties = [...shape.fields].map(([field, { shape, required }]): Property => {
        return { name: field, declared: ofShape(shape, `${name}.${field}`, depth - 1), required }
      })
      return objectOf(name, properties)
    }
    case "map":
      return mapOf(ofShape(shape.value, `${name}.@elem`, depth), shape.maxProperties)
    case "list": {
      const unordered = shape.list === "atomic" ? undefined : shape.keys
      return listOf(ofShape(shape.item, `${name}.@idx`, depth), shape.maxItems, unordered)
    }
    case "string":
      return ofFormat(shape.format)
    case "integer":
      return scalar(Type.int, 1)
    case "number":
      return scalar(Type.double, 1)
    case "boolean":
      return scalar(Type.bool, 4)
    default:
      return scalar(Type.dyn, 1, maxText)
  }
}
const ofFormat = (format: string | undefined): Declared => {
  if (format === "date-time" || format === "micro-time")
    return { ...scalar(Type.timestamp, 21, maxTime), format: "date-time" }
  return format === "byte" ? { ...scalar(Type.bytes, 2, maxText), format } : texts
}
