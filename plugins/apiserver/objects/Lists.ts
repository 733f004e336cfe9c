/** Lists as bytes: joined from those of their rows, and never encoded as a whole. */
import { Clock, Effect } from "effect"
import type { At, Listed } from "../../../kernel/pipeline/Pipeline.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import type { Form } from "../Accept.ts"
import { type Answer, jsonType } from "../Answer.ts"
import { notAcceptable } from "../Refused.ts"
import { bytesOf, partialOf } from "./Encoding.ts"
import * as Table from "./Table.ts"

const utf8 = new TextEncoder()
const comma = utf8.encode(",")
const end = utf8.encode("]}")

const metadataOf = ({ continue: token, remaining, revision }: Listed) => ({
  resourceVersion: `${revision}`,
  ...(token !== undefined && { continue: token }),
  ...(remaining !== undefined && { remainingItemCount: remaining })
})

const joined = function* (head: object, rows: Iterable<Row>, bytes: (row: Row) => Uint8Array): Generator<Uint8Array> {
  yield utf8.encode(`${JSON.stringify(head).slice(0, -1)},"items":[`)
  let isFirst = true
  for (const row of rows) {
    if (!isFirst) yield comma
    isFirst = false
    yield bytes(row)
  }
  yield end
}

const parts = (code: number, parts: Iterable<Uint8Array>): Answer => ({ _tag: "Parts", code, type: jsonType, parts })

export const answer = Effect.fnUntraced(function* (at: At, form: Form, query: URLSearchParams, listed: Listed) {
  const { kind } = at.served
  const metadata = metadataOf(listed)
  switch (form.as) {
    case "Object": {
      const head = { kind: `${kind.kind}List`, apiVersion: Kind.apiVersion(at.version), metadata }
      return parts(
        200,
        joined(head, listed.rows, (row) => bytesOf(at, row))
      )
    }
    case "PartialList": {
      const head = { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${form.version}`, metadata }
      return parts(
        200,
        joined(head, listed.rows, (row) => partialOf(row, form.version))
      )
    }
    case "Table": {
      const include = yield* Effect.fromResult(Table.include(query))
      const now = yield* Clock.currentTimeMillis
      return parts(200, Table.parts({ serves: at, include, version: form.version, now }, listed.rows, metadata))
    }
    case "Partial":
      return yield* notAcceptable(
        `you requested PartialObjectMetadata, but the requested object is a list (*${kind.kind}List)`
      )
  }
})
