/** How one watch writes its events: as lines of JSON, as messages of protobuf with their lengths, or as a sequence of CBOR. */
import { Effect, type Schema } from "effect"
import type { At, WatchEvent } from "../../../kernel/pipeline/Pipeline.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import type { Form } from "../Accept.ts"
import { jsonType } from "../Answer.ts"
import * as Cbor from "../Cbor.ts"
import { envelope } from "../protobuf/Envelope.ts"
import * as Protobuf from "../protobuf/Protobuf.ts"
import { notAcceptable } from "../Refused.ts"
import { bytesOf, cborOf, messageOf, partialCborOf, partialMessageOf, partialOf, partialType } from "./Encoding.ts"
import * as Table from "./Table.ts"

type JsonObject = Schema.JsonObject

export interface Frames {
  readonly type: string
  /** Frames of the same key say the same of the same events; without one each watch says something else. */
  readonly key?: string
  readonly event: (event: WatchEvent) => Iterable<Uint8Array>
  readonly bookmark: (metadata: JsonObject) => Uint8Array
  readonly failed: (status: JsonObject) => Uint8Array
}

const utf8 = new TextEncoder()
const heads = {
  ADDED: utf8.encode('{"type":"ADDED","object":'),
  MODIFIED: utf8.encode('{"type":"MODIFIED","object":'),
  DELETED: utf8.encode('{"type":"DELETED","object":')
}
const tail = utf8.encode("}\n")

const line = (type: string, object: string) => utf8.encode(`{"type":"${type}","object":${object}}\n`)

const lines = (object: (row: Row) => Iterable<Uint8Array>, bookmark: (metadata: JsonObject) => string): Frames => ({
  type: jsonType,
  event: ({ row, type }) => [heads[type], ...object(row), tail],
  bookmark: (metadata) => line("BOOKMARK", bookmark(metadata)),
  failed: (status) => line("ERROR", JSON.stringify(status))
})

interface Type {
  readonly kind: string
  readonly apiVersion: string
}
const plain = (type: Type, bytes: (row: Row) => Uint8Array) =>
  lines(
    (row) => [bytes(row)],
    (metadata) => JSON.stringify({ ...type, metadata })
  )

const messages = (type: Type, message: (row: Row) => Uint8Array): Frames => {
  const whole = (object: JsonObject) => Protobuf.encodeBody(object) ?? new Uint8Array()
  return {
    type: Protobuf.watchType,
    event: ({ row, type: what }) => [Protobuf.frame(what, envelope({ ...type, raw: message(row) }))],
    bookmark: (metadata) => Protobuf.frame("BOOKMARK", whole({ ...type, metadata })),
    failed: (status) => Protobuf.frame("ERROR", whole(status))
  }
}

const items = (type: Type, item: (row: Row) => Uint8Array): Frames => ({
  type: Cbor.watchType,
  event: ({ row, type: what }) => [Cbor.event(what, item(row))],
  bookmark: (metadata) => Cbor.event("BOOKMARK", Cbor.itemOf({ ...type, metadata })),
  failed: (status) => Cbor.event("ERROR", Cbor.itemOf(status))
})

/** As they are in JSON, and then said otherwise. */
const asCbor = (frames: Frames): Frames => {
  const again = (bytes: Uint8Array) => Cbor.itemOf(JSON.parse(Buffer.from(bytes).toString()))
  return {
    type: Cbor.watchType,
    event: (event) => [again(Buffer.concat([...frames.event(event)]))],
    bookmark: (metadata) => again(frames.bookmark(metadata)),
    failed: (status) => again(frames.failed(status))
  }
}

const tables = (at: At, version: Form["version"], include: Table.Include): Frames => {
  let isTitled = true
  // A frame is made when something happens, outside of any fiber that could be asked for the time.
  const style = () => ({ serves: at, include, version, now: Date.now() })
  const object = (row: Row) => {
    const titled = isTitled
    isTitled = false
    return Table.parts(style(), [row], { resourceVersion: `${row.revision}` }, titled)
  }
  return lines(object, (metadata) => Table.bookmark(style(), metadata))
}

const made = Effect.fnUntraced(function* (at: At, { as, format, version }: Form, query: URLSearchParams) {
  if (format === "yaml")
    return yield* notAcceptable(
      `only the following media types are accepted: ${jsonType};stream=watch, ${Protobuf.watchType}`
    )
  const isProtobuf = format === "protobuf"
  const isCbor = format === "cbor"
  switch (as) {
    case "Object": {
      const type = { kind: at.served.kind.kind, apiVersion: Kind.apiVersion(at.version) }
      if (isCbor) return items(type, (row) => cborOf(at, row))
      return isProtobuf ? messages(type, (row) => messageOf(at, row)) : plain(type, (row) => bytesOf(at, row))
    }
    case "Partial": {
      const type = partialType(version)
      if (isCbor) return items(type, (row) => partialCborOf(row, version))
      return isProtobuf
        ? messages(type, (row) => partialMessageOf(row, version))
        : plain(type, (row) => partialOf(row, version))
    }
    case "Table": {
      const frames = tables(at, version, yield* Effect.fromResult(Table.include(query)))
      return isCbor ? asCbor(frames) : frames
    }
    case "PartialList":
      return yield* notAcceptable("you requested PartialObjectMetadataList, but the requested object is not a list")
  }
})

export const of = (at: At, form: Form, query: URLSearchParams) =>
  Effect.map(made(at, form, query), (frames): Frames => {
    // The first of a watch's Tables has titles.
    if (form.as === "Table") return frames
    return { ...frames, key: `${form.format} ${form.as} ${form.version} ${Kind.apiVersion(at.version)}` }
  })
