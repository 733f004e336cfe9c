/**
 * The document of OpenAPI v2 as the message in which clients of Go read it. Source: OpenAPIv2.proto of gnostic, whose numbers stand
 * in the tables below; what has no field of its own is an extension, in YAML.
 */
import { Predicate, type Schema } from "effect"
import protobuf from "protobufjs/minimal.js"

type Json = Schema.Json
type JsonObject = Schema.JsonObject
type Writer = protobuf.Writer

export const mediaType = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
/** As the upstream API server names it in its answers: an @ is none of a media type's letters. */
export const answered = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

type Write = (writer: Writer, id: number, value: Json) => void
interface Field {
  readonly id: number
  readonly write: Write
}
type Message = () => { readonly fields: { readonly [name: string]: Field }; readonly extension?: number }

const isObject = (value: Json): value is JsonObject => Predicate.isObject(value) && !Array.isArray(value)
const entries = (value: Json) => Object.entries(isObject(value) ? value : {})
const items = (value: Json): Schema.JsonArray => (Array.isArray(value) ? value : [value])

const tag = (writer: Writer, id: number, wire: number) => writer.uint32(((id << 3) | wire) >>> 0)
const within = (writer: Writer, id: number, fill: () => void) => {
  tag(writer, id, 2).fork()
  fill()
  writer.ldelim()
}

const text: Write = (writer, id, value) => void tag(writer, id, 2).string(String(value))
const flag: Write = (writer, id, value) => void (value === true && tag(writer, id, 0).bool(true))
const whole: Write = (writer, id, value) => void tag(writer, id, 0).int64(Number(value))
const real: Write = (writer, id, value) => void tag(writer, id, 1).double(Number(value))
const texts: Write = (writer, id, value) => {
  for (const one of items(value)) text(writer, id, one)
}
/** JSON is YAML. */
const any: Write = (writer, id, value) => within(writer, id, () => text(writer, 2, `${JSON.stringify(value)}\n`))
const anys: Write = (writer, id, value) => {
  for (const one of items(value)) any(writer, id, one)
}

const put = (writer: Writer, message: Message, value: Json) => {
  const { extension, fields } = message()
  const others = entries(value).filter(([name, inner]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    field?.write(writer, field.id, inner)
    return field === undefined && name.startsWith("x-")
  })
  if (extension === undefined) return
  for (const [name, inner] of others)
    within(writer, extension, () => {
      text(writer, 1, name)
      any(writer, 2, inner)
    })
}
const one =
  (message: Message): Write =>
  (writer, id, value) =>
    within(writer, id, () => put(writer, message, value))
/** A message with nothing but this in a field of it. */
const wrapped =
  (inner: Write, at = 1): Write =>
  (writer, id, value) =>
    within(writer, id, () => inner(writer, at, value))
/** Names and what they stand for, each pair a message in the field `at`. */
const named =
  (inner: Write, at = 1): Write =>
  (writer, id, value) =>
    within(writer, id, () => {
      for (const [name, item] of entries(value))
        within(writer, at, () => {
          text(writer, 1, name)
          inner(writer, 2, item)
        })
    })

const field = (id: number, write: Write): Field => ({ id, write })

const schemaWrite: Write = (writer, id, value) => one(schema)(writer, id, value)
const schema: Message = () => schemaFields
const schemaFields = {
  extension: 31,
  fields: {
    $ref: field(1, text),
    format: field(2, text),
    title: field(3, text),
    description: field(4, text),
    default: field(5, any),
    multipleOf: field(6, real),
    maximum: field(7, real),
    exclusiveMaximum: field(8, flag),
    minimum: field(9, real),
    exclusiveMinimum: field(10, flag),
    maxLength: field(11, whole),
    minLength: field(12, whole),
    pattern: field(13, text),
    maxItems: field(14, whole),
    minItems: field(15, whole),
    uniqueItems: field(16, flag),
    maxProperties: field(17, whole),
    minProperties: field(18, whole),
    required: field(19, texts),
    enum: field(20, anys),
    additionalProperties: field(21, (writer, id, value) =>
      within(writer, id, () => (isObject(value) ? schemaWrite(writer, 1, value) : flag(writer, 2, value)))
    ),
    type: field(22, wrapped(texts)),
    items: field(23, wrapped(schemaWrite)),
    properties: field(25, named(schemaWrite)),
    example: field(30, any)
  }
}

const body: Message = () => ({
  extension: 6,
  fields: {
    description: field(1, text),
    name: field(2, text),
    in: field(3, text),
    required: field(4, flag),
    schema: field(5, schemaWrite)
  }
})
const common = { required: field(1, flag), in: field(2, text), description: field(3, text), name: field(4, text) }
const inQuery: Message = () => ({
  fields: { ...common, type: field(6, text), format: field(7, text), uniqueItems: field(20, flag) }
})
const inPath: Message = () => ({
  fields: { ...common, type: field(5, text), format: field(6, text), uniqueItems: field(19, flag) }
})

/** An item is a parameter, which is a body or not, and then one of a query or of a path. */
const parameter: Write = (writer, id, value) => {
  const where = isObject(value) ? value["in"] : undefined
  const isPath = where === "path"
  const bare: Write = (writer, id, value) =>
    within(writer, id, () => one(isPath ? inPath : inQuery)(writer, isPath ? 4 : 3, value))
  within(writer, id, () =>
    within(writer, 1, () => (where === "body" ? one(body)(writer, 1, value) : bare(writer, 2, value)))
  )
}
const parameters: Write = (writer, id, value) => {
  for (const item of items(value)) parameter(writer, id, item)
}

const response: Message = () => ({
  extension: 5,
  fields: { description: field(1, text), schema: field(2, wrapped(schemaWrite)) }
})

const operation: Message = () => ({
  extension: 13,
  fields: {
    tags: field(1, texts),
    summary: field(2, text),
    description: field(3, text),
    operationId: field(5, text),
    produces: field(6, texts),
    consumes: field(7, texts),
    parameters: field(8, parameters),
    responses: field(9, named(wrapped(one(response)))),
    schemes: field(10, texts),
    deprecated: field(11, flag)
  }
})

const methods = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 }
const path: Message = () => ({
  extension: 10,
  fields: {
    ...Object.fromEntries(Object.entries(methods).map(([method, id]) => [method, field(id, one(operation))])),
    parameters: field(9, parameters)
  }
})

const key: Message = () => ({
  extension: 5,
  fields: { type: field(1, text), name: field(2, text), in: field(3, text), description: field(4, text) }
})

const document: Message = () => ({
  extension: 16,
  fields: {
    swagger: field(1, text),
    info: field(
      2,
      one(() => ({ extension: 7, fields: { title: field(1, text), version: field(2, text) } }))
    ),
    paths: field(8, named(one(path), 2)),
    definitions: field(9, named(schemaWrite)),
    security: field(12, (writer, id, value) => {
      for (const item of items(value)) named(wrapped(texts))(writer, id, item)
    }),
    securityDefinitions: field(13, named(wrapped(one(key), 2)))
  }
})

export const encode = (value: JsonObject): Uint8Array => {
  const writer = protobuf.Writer.create()
  put(writer, document, value)
  return writer.finish()
}
