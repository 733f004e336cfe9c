/** Objects between protobuf and the wire's JSON, in one walk along the table of messages, in both directions. */
import type { Schema } from "effect"
import protobuf from "protobufjs/minimal.js"
import { envelope, isEnvelope, open } from "./Envelope.ts"
import { type Field, find, type Message, ofKind } from "./Messages.ts"
import { type Codec, codecs, jsonWith } from "./Scalars.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject
type Reader = protobuf.Reader
type Writer = protobuf.Writer
interface Output {
  [name: string]: Json
}

/** What is wrong with a body, in words for its sender. */
export class Malformed extends Error {}

/** Only a CRD's schema is deep, and none of that size. */
const deepest = 100
let depth = 0

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const read = (reader: Reader, end: number, message: Message, output: Output): Output => {
  if (++depth > deepest) throw new Malformed("it is nested too deeply")
  while (reader.pos < end) {
    const tag = reader.uint32()
    const field = message.fields.get(tag >>> 3)
    if (field === undefined) reader.skipType(tag & 7)
    else readField(reader, tag & 7, field, output)
  }
  if (reader.pos !== end) throw new Malformed(`${message.name} does not end where it should`)
  depth--
  return output
}

const readField = (reader: Reader, wire: number, field: Field, output: Output) => {
  const codec = codecOf(field.type)
  const end = wire === 2 ? lengthAhead(reader) : 0
  if (field.many === "map") {
    const map = output[field.name]
    const entries: Output = isObject(map) ? map : {}
    output[field.name] = entries
    return readEntry(reader, end, codec, entries)
  }
  if (field.many === "list") {
    const before = output[field.name]
    const list: Array<Json> = Array.isArray(before) ? before : []
    output[field.name] = list
    // Numbers may come packed.
    if (wire === 2 && codec.wire !== 2) {
      reader.uint32()
      while (reader.pos < end) list.push(codec.read(reader, end) ?? codec.empty)
    } else list.push(readOne(reader, wire, codec) ?? codec.empty)
    return
  }
  if (field.name === "") {
    const message = find(field.type)
    if (message === undefined || wire !== 2) throw new Malformed(`a message was expected for ${field.type}`)
    reader.uint32()
    read(reader, end, message, output)
    return
  }
  const value = readOne(reader, wire, codec)
  if (value !== undefined && (field.kept || !isEmpty(value))) output[field.name] = value
}

const isEmpty = (value: Json) =>
  value === "" || value === 0 || value === false || (isObject(value) && Object.keys(value).length === 0)

/** Where what is announced by a length ends, without moving on. */
const lengthAhead = (reader: Reader) => {
  const { pos } = reader
  const length = reader.uint32()
  const end = reader.pos + length
  if (end > reader.len) throw new Malformed("it ends too early")
  reader.pos = pos
  return end
}

const readOne = (reader: Reader, wire: number, codec: Codec) => {
  if (wire !== codec.wire) throw new Malformed("a field is of another type")
  if (!isMessage(codec)) return codec.read(reader, reader.len)
  const end = lengthAhead(reader)
  reader.uint32()
  return codec.read(reader, end)
}
/** Strings and bytes read their length themselves. */
const isMessage = (codec: Codec) => codec.wire === 2 && codec !== codecs["string"] && codec !== codecs["bytes"]

const readEntry = (reader: Reader, end: number, codec: Codec, entries: Output) => {
  reader.uint32()
  let [key, value] = ["", codec.empty]
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag >>> 3 === 1) key = reader.string()
    else if (tag >>> 3 === 2) value = readOne(reader, tag & 7, codec) ?? codec.empty
    else reader.skipType(tag & 7)
  }
  if (key === "__proto__") throw new Malformed("a map has a key that cannot be one")
  entries[key] = value
}

const write = (writer: Writer, message: Message, object: JsonObject): Writer => {
  for (const field of message.fields.values()) {
    if (field.name === "") {
      const inner = find(field.type)
      if (inner !== undefined) write(writer.uint32(tagOf(field.id, 2)).fork(), inner, object).ldelim()
      continue
    }
    const value = object[field.name]
    if (value !== undefined && value !== null) writeField(writer, field, value)
  }
  return writer
}
const tagOf = (id: number, wire: number) => ((id << 3) | wire) >>> 0

const writeField = (writer: Writer, { id, many, type }: Field, value: Json) => {
  const codec = codecOf(type)
  if (many === "list") {
    for (const item of Array.isArray(value) ? value : []) codec.write(writer.uint32(tagOf(id, codec.wire)), item)
  } else if (many === "map") {
    for (const [key, inner] of Object.entries(isObject(value) ? value : {})) {
      writer.uint32(tagOf(id, 2)).fork().uint32(10).string(key)
      codec.write(writer.uint32(tagOf(2, codec.wire)), inner)
      writer.ldelim()
    }
  } else codec.write(writer.uint32(tagOf(id, codec.wire)), value)
}

const messages = new Map<string, Codec>()
const codecOf = (type: string): Codec => {
  const known = codecs[type] ?? special[type] ?? messages.get(type)
  if (known !== undefined) return known
  const message = find(type)
  if (message === undefined) throw new Error(`there is no message ${type}`)
  const codec: Codec = {
    wire: 2,
    read: (reader, end) => read(reader, end, message, {}),
    write: (writer, value) => write(writer.fork(), message, isObject(value) ? value : {}).ldelim(),
    empty: {}
  }
  messages.set(type, codec)
  return codec
}

/** Three messages of a CRD's schema stand for either a schema or something else. */
const schemaOr = (other: { readonly id: number; readonly type: string; readonly many: boolean }): Codec => ({
  wire: 2,
  read: (reader, end) => {
    let schema: Json | undefined
    const rest: Array<Json> = []
    while (reader.pos < end) {
      const tag = reader.uint32()
      const isSchema = tag >>> 3 !== other.id
      const value = readOne(reader, tag & 7, codecOf(isSchema ? schemaType : other.type))
      if (isSchema) schema = value
      else if (value !== undefined) rest.push(value)
    }
    return schema ?? (other.many ? rest : rest[0])
  },
  write: (writer, value) => {
    const isOther = other.many ? Array.isArray(value) : typeof value === "boolean"
    const codec = codecOf(isOther ? other.type : schemaType)
    const id = isOther ? other.id : other.id === 1 ? 2 : 1
    writer.fork()
    for (const one of Array.isArray(value) ? value : [value]) codec.write(writer.uint32(tagOf(id, codec.wire)), one)
    return writer.ldelim()
  },
  empty: {}
})
const schemaType = "apiextensions.v1.JSONSchemaProps"

const special: { readonly [type: string]: Codec } = {
  raw: jsonWith((bytes) => (isEnvelope(bytes) ? decodeWithin(bytes) : undefined)),
  schemaOrBool: schemaOr({ id: 1, type: "bool", many: false }),
  schemaOrArray: schemaOr({ id: 2, type: schemaType, many: true }),
  schemaOrStrings: schemaOr({ id: 2, type: "string", many: true })
}

/** With `apiVersion` and `kind`. Throws what it cannot read. */
export const decode = (bytes: Uint8Array): JsonObject => {
  depth = 0
  return decodeWithin(bytes)
}
const decodeWithin = (bytes: Uint8Array): JsonObject => {
  const { apiVersion, kind, raw } = open(bytes)
  const message = ofKind(apiVersion, kind)
  if (message === undefined)
    throw new Malformed(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`)
  return read(protobuf.Reader.create(raw), raw.length, message, { apiVersion, kind })
}

const typeOf = ({ apiVersion, kind }: JsonObject) =>
  typeof apiVersion === "string" && typeof kind === "string" ? { apiVersion, kind } : undefined

/** Without its envelope, as it stands in lists. `undefined`: there is no message for it, as for custom kinds. */
export const encodeMessage = (object: JsonObject): Uint8Array | undefined => {
  const type = typeOf(object)
  const message = type && (ofKind(type.apiVersion, type.kind) ?? listOf(type.apiVersion, type.kind))
  return message && write(protobuf.Writer.create(), message, object).finish()
}

export const encode = (object: JsonObject): Uint8Array | undefined => {
  const type = typeOf(object)
  const raw = encodeMessage(object)
  return type && raw && envelope({ ...type, raw })
}

/** All lists have the same form. */
const listOf = (apiVersion: string, kind: string): Message | undefined => {
  const item = kind.endsWith("List") ? ofKind(apiVersion, kind.slice(0, -"List".length)) : undefined
  if (item === undefined) return undefined
  const field = (id: number, name: string, many: Field["many"], type: string): [number, Field] => [
    id,
    { id, name, many, type, kept: false }
  ]
  return {
    name: `${item.name}List`,
    fields: new Map([field(1, "metadata", "one", "meta.v1.ListMeta"), field(2, "items", "list", item.name)])
  }
}
