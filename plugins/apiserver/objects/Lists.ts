/** Lists as bytes: joined from those of their rows, and never encoded as a whole. */
import { Clock, Effect } from "effect"
import * as Conversion from "../../../kernel/pipeline/Conversion.ts"
import type { At, Listed } from "../../../kernel/pipeline/Pipeline.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import type { Form } from "../Accept.ts"
import { type Answer, jsonType } from "../Answer.ts"
import * as Cbor from "../Cbor.ts"
import * as Protobuf from "../protobuf/Protobuf.ts"
import { notAcceptable } from "../Refused.ts"
import { cborItemOf, itemsOf, messageOf, partialCborOf, partialMessageOf, partialOf } from "./Encoding.ts"
import * as Table from "./Table.ts"

const utf8 = new TextEncoder()
const end = utf8.encode("]}")

const metadataOf = ({ continue: token, remaining, revision }: Listed) => ({
  // What is in no log has none.
  ...(revision > 0 && { resourceVersion: `${revision}` }),
  ...(token !== undefined && { continue: token }),
  ...(remaining !== undefined && { remainingItemCount: remaining })
})

/** `lead`: with what each item begins. */
const joined = function* (
  head: object,
  rows: Iterable<Row>,
  item: (row: Row) => Uint8Array,
  lead = ""
): Generator<Uint8Array> {
  yield utf8.encode(`${JSON.stringify(head).slice(0, -1)},"items":[`)
  const [first, next] = [utf8.encode(lead), utf8.encode(`,${lead}`)]
  let before = first
  for (const row of rows) {
    yield before
    before = next
    yield item(row)
  }
  yield end
}

const parts = (parts: Iterable<Uint8Array>, type = jsonType): Answer => ({ _tag: "Parts", code: 200, type, parts })

const messages = function* (rows: Iterable<Row>, item: (row: Row) => Uint8Array): Generator<Uint8Array> {
  for (const row of rows) yield item(row)
}
const protobuf = (head: Parameters<typeof Protobuf.list>[0], rows: Iterable<Row>, item: (row: Row) => Uint8Array) =>
  parts(Protobuf.list(head, messages(rows, item)), Protobuf.mediaType)

const cbor = (head: Parameters<typeof Cbor.list>[0], rows: ReadonlyArray<Row>, item: (row: Row) => Uint8Array) =>
  parts(Cbor.list(head, rows.length, messages(rows, item)), Cbor.mediaType)

export const answer = Effect.fnUntraced(function* (at: At, form: Form, query: URLSearchParams, listed: Listed) {
  const { kind } = at.served
  // Before anything is sent: a list that lacks an object would say that it is gone.
  const lost = listed.rows.find((row) => row.lost !== undefined)?.lost
  if (lost !== undefined) return yield* Effect.die(lost)
  yield* Conversion.prepare(at, listed.rows)
  const metadata = metadataOf(listed)
  switch (form.as) {
    case "Object": {
      const head = { kind: kind.listKind ?? `${kind.kind}List`, apiVersion: Kind.apiVersion(at.version), metadata }
      if (form.format === "protobuf") return protobuf(head, listed.rows, (row) => messageOf(at, row))
      if (form.format === "cbor") return cbor(head, listed.rows, cborItemOf(at))
      const { item, lead } = itemsOf(at)
      return parts(joined(head, listed.rows, item, lead))
    }
    case "PartialList": {
      const head = { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${form.version}`, metadata }
      if (form.format === "protobuf") return protobuf(head, listed.rows, (row) => partialMessageOf(row, form.version))
      if (form.format === "cbor") return cbor(head, listed.rows, (row) => partialCborOf(row, form.version))
      return parts(joined(head, listed.rows, (row) => partialOf(row, form.version)))
    }
    case "Table": {
      const include = yield* Effect.fromResult(Table.include(query))
      const now = yield* Clock.currentTimeMillis
      return parts(Table.parts({ serves: at, include, version: form.version, now }, listed.rows, metadata))
    }
    case "Partial":
      return yield* notAcceptable(
        `you requested PartialObjectMetadata, but the requested object is a list (*${kind.kind}List)`
      )
  }
})
