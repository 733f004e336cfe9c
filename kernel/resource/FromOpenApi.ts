/**
 * The shape of a custom kind, from the structural schema in its definition. What only relates values to one another (`allOf`,
 * `not`, CEL rules) is no part of a shape. Source: CustomResourceDefinition v1, "Structural schemas".
 */
import type { Schema } from "effect"
import { ObjectMetaDraft } from "./Metadata.ts"
import * as Shape from "./Shape.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const text = (value: Json | undefined) => (typeof value === "string" ? value : undefined)
const number = (value: Json | undefined) => (typeof value === "number" ? value : undefined)
const list = (value: Json | undefined): ReadonlyArray<Json> | undefined => (Array.isArray(value) ? value : undefined)

/** Without what is not given. */
const given = <A extends object>(fields: { readonly [K in keyof A]: A[K] | undefined }): A =>
  // Exactly the fields that are not undefined are left, which is what an optional field is; hence the cast.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as A

interface Common {
  readonly custom?: boolean
  readonly nullable?: boolean
  readonly enum?: ReadonlyArray<Json>
  readonly description?: string
}
const common = (schema: JsonObject) =>
  given<Common>({
    custom: true,
    nullable: schema["nullable"] === true ? true : undefined,
    enum: list(schema["enum"]),
    description: text(schema["description"])
  })

/** `schema` describes the whole object; of its metadata it can only narrow names, which is left to Kubernetes' own rules. */
export const kind = (schema: JsonObject): Shape.Shape => {
  const shape = of(schema)
  if (shape.type !== "object") return shape
  const fields = new Map(shape.fields).set("metadata", metadata())
  for (const name of ["apiVersion", "kind"]) fields.delete(name)
  return { ...shape, fields }
}
const metadata = (): Shape.FieldShape => ({ shape: Shape.of(ObjectMetaDraft()), required: false, default: {} })

const of = (schema: JsonObject): Shape.Shape => {
  const about = common(schema)
  if (schema["x-kubernetes-int-or-string"] === true) return { type: "int-or-string", ...about }
  switch (schema["type"]) {
    case "object":
      return object(schema, about)
    case "array":
      return array(schema, about)
    case "string":
      return {
        type: "string",
        ...about,
        ...given<Pick<Shape.StringShape, "customFormat" | "pattern" | "minLength" | "maxLength">>({
          customFormat: text(schema["format"]),
          pattern: text(schema["pattern"]),
          minLength: number(schema["minLength"]),
          maxLength: number(schema["maxLength"])
        })
      }
    case "integer":
    case "number":
      return { type: schema["type"], ...about, ...numeric(schema) }
    case "boolean":
      return { type: "boolean", ...about }
    default:
      return { type: "free", ...about }
  }
}

const numeric = (schema: JsonObject) => {
  const format = text(schema["format"])
  return given<Omit<Shape.NumberShape, "type">>({
    format: format === "int32" || format === "int64" || format === "double" ? format : undefined,
    minimum: number(schema["minimum"]),
    maximum: number(schema["maximum"]),
    exclusiveMinimum: schema["exclusiveMinimum"] === true ? true : undefined,
    exclusiveMaximum: schema["exclusiveMaximum"] === true ? true : undefined,
    multipleOf: number(schema["multipleOf"])
  })
}

const array = (schema: JsonObject, about: Common): Shape.ListShape => {
  const { items } = schema
  const how = text(schema["x-kubernetes-list-type"])
  return {
    type: "list",
    item: isObject(items) ? of(items) : { type: "free", custom: true },
    list: how === "set" || how === "map" ? how : "atomic",
    keys: (list(schema["x-kubernetes-list-map-keys"]) ?? []).map(String),
    ...about,
    ...given<Pick<Shape.ListShape, "minItems" | "maxItems">>({
      minItems: number(schema["minItems"]),
      maxItems: number(schema["maxItems"])
    })
  }
}

const object = (schema: JsonObject, about: Common): Shape.ObjectShape | Shape.MapShape => {
  const { additionalProperties, properties } = schema
  const atomic = schema["x-kubernetes-map-type"] === "atomic"
  if (isObject(additionalProperties) || additionalProperties === true) {
    const value: Shape.Shape = isObject(additionalProperties) ? of(additionalProperties) : { type: "free", custom: true }
    const limits = given<Pick<Shape.MapShape, "minProperties" | "maxProperties">>({
      minProperties: number(schema["minProperties"]),
      maxProperties: number(schema["maxProperties"])
    })
    return { type: "map", value, atomic, ...about, ...limits }
  }
  const embedded = schema["x-kubernetes-embedded-resource"] === true
  return {
    type: "object",
    fields: new Map([...(embedded ? embeddedFields() : []), ...fieldsOf(isObject(properties) ? properties : {}, schema)]),
    atomic,
    ...about,
    ...(embedded && { embedded }),
    ...(schema["x-kubernetes-preserve-unknown-fields"] === true && { preserveUnknown: true })
  }
}

const fieldsOf = (properties: JsonObject, schema: JsonObject): ReadonlyArray<[string, Shape.FieldShape]> => {
  const required = new Set(list(schema["required"]))
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isObject(property)) return []
    const { default: value } = property
    const shape = of(property)
    return [
      [name, value === undefined ? { shape, required: required.has(name) } : { shape, required: false, default: value }]
    ]
  })
}

const embeddedFields = (): ReadonlyArray<[string, Shape.FieldShape]> => [
  ["apiVersion", { shape: { type: "string", custom: true, minLength: 1 }, required: true }],
  ["kind", { shape: { type: "string", custom: true, minLength: 1 }, required: true }],
  ["metadata", metadata()]
]
