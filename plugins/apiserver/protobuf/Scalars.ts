/**
 * What is one value in JSON: the scalars of protobuf, and the messages that stand for a time, an amount or any JSON. Source:
 * API conventions; the protobuf files of apimachinery.
 */
import type { Schema } from "effect"
import type protobuf from "protobufjs/minimal.js"

type Json = Schema.Json
type Reader = protobuf.Reader
type Writer = protobuf.Writer

/** `read` is given where the value ends, if it is a message. `undefined`: nothing. */
interface Codec {
  readonly wire: 0 | 1 | 2 | 5
  readonly read: (reader: Reader, end: number) => Json | undefined
  /** Writes it after its tag, with its length if it is a message. */
  readonly write: (writer: Writer, value: Json) => unknown
  /** What a value that was left out of a list or a map is. */
  readonly empty: Json
}

/** 64 bits come as an object where a number cannot hold them: the API's numbers are JSON's. */
const integer = (value: unknown) => (typeof value === "number" ? value : Number(String(value)))
const numberOf = (value: Json) => (typeof value === "number" ? value : 0)
const textOf = (value: Json) => (typeof value === "string" ? value : String(value))
const utf8 = new TextDecoder("utf-8", { fatal: true })

const bytes: Codec = {
  wire: 2,
  read: (reader) => Buffer.from(reader.bytes()).toString("base64"),
  write: (writer, value) => writer.bytes(Buffer.from(textOf(value), "base64")),
  empty: ""
}
const plain: { readonly [type: string]: Codec } = {
  string: { wire: 2, read: (reader) => reader.string(), write: (writer, value) => writer.string(textOf(value)), empty: "" },
  bool: { wire: 0, read: (reader) => reader.bool(), write: (writer, value) => writer.bool(value === true), empty: false },
  int32: { wire: 0, read: (reader) => reader.int32(), write: (writer, value) => writer.int32(numberOf(value)), empty: 0 },
  int64: {
    wire: 0,
    read: (reader) => integer(reader.int64()),
    write: (writer, value) => writer.int64(numberOf(value)),
    empty: 0
  },
  double: { wire: 1, read: (reader) => reader.double(), write: (writer, value) => writer.double(numberOf(value)), empty: 0 },
  bytes
}

/** The fields of a small message, by number. */
const each = (reader: Reader, end: number, fields: { readonly [id: number]: () => void }) => {
  while (reader.pos < end) {
    const tag = reader.uint32()
    const read = fields[tag >>> 3]
    if (read === undefined) reader.skipType(tag & 7)
    else read()
  }
}
const message = (read: Codec["read"], write: (writer: Writer, value: Json) => void, empty: Json = null): Codec => ({
  wire: 2,
  read,
  write: (writer, value) => {
    writer.fork()
    write(writer, value)
    return writer.ldelim()
  },
  empty
})

/** Nothing in it is no time at all, which in JSON is null. */
const timeWith = (print: (seconds: string, nanos: number) => string) =>
  message(
    (reader, end) => {
      let [seconds, nanos] = [0, 0]
      const isNothing = reader.pos === end
      each(reader, end, { 1: () => (seconds = integer(reader.int64())), 2: () => (nanos = reader.int32()) })
      const date = new Date(seconds * 1000)
      if (isNothing || Number.isNaN(date.getTime())) return undefined
      return print(date.toISOString().slice(0, 19), nanos)
    },
    (writer, value) => {
      const text = textOf(value)
      const fraction = /\.(\d+)/.exec(text)?.[1] ?? ""
      writer.uint32(8).int64(Math.floor(Date.parse(text) / 1000))
      writer.uint32(16).int32(Number(fraction.slice(0, 9).padEnd(9, "0")))
    }
  )

const quantity = message(
  (reader, end) => {
    let text = "0"
    each(reader, end, { 1: () => (text = reader.string()) })
    return text
  },
  (writer, value) => writer.uint32(10).string(textOf(value)),
  "0"
)

const intOrString = message(
  (reader, end) => {
    let [isText, number, text] = [false, 0, ""]
    each(reader, end, {
      1: () => (isText = integer(reader.int64()) === 1),
      2: () => (number = reader.int32()),
      3: () => (text = reader.string())
    })
    return isText ? text : number
  },
  (writer, value) => {
    const isText = typeof value === "string"
    writer.uint32(8).int64(isText ? 1 : 0)
    writer.uint32(16).int32(numberOf(value))
    writer.uint32(26).string(isText ? value : "")
  },
  0
)

/** Extra values of a user, and the verbs of a resource. */
const items = message(
  (reader, end) => {
    const list: Array<string> = []
    each(reader, end, { 1: () => list.push(reader.string()) })
    return list
  },
  (writer, value) => {
    for (const item of Array.isArray(value) ? value : []) writer.uint32(10).string(textOf(item))
  },
  []
)

/** As Go writes JSON, which is compared byte by byte where it stands in objects: a template in a ControllerRevision. */
const textFor = (value: Json) =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** JSON's own text. `open` reads what is no JSON: objects in an envelope of their own. */
export const jsonWith = (open: (bytes: Uint8Array) => Json | undefined) =>
  message(
    (reader, end) => {
      let raw: Uint8Array | undefined
      each(reader, end, { 1: () => (raw = reader.bytes()) })
      if (raw === undefined || raw.length === 0) return undefined
      return open(raw) ?? JSON.parse(utf8.decode(raw))
    },
    (writer, value) => writer.uint32(10).bytes(Buffer.from(textFor(value)))
  )

export const codecs: { readonly [type: string]: Codec } = {
  ...plain,
  time: timeWith((seconds) => `${seconds}Z`),
  microTime: timeWith((seconds, nanos) => `${seconds}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z`),
  quantity,
  intOrString,
  items,
  json: jsonWith(() => undefined)
}
export type { Codec }
