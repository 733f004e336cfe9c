/** One object as an answer, in the form that was asked for. */
import { Clock, Effect } from "effect"
import type { OutgoingHttpHeaders } from "node:http"
import * as Conversion from "../../../kernel/pipeline/Conversion.ts"
import type { At } from "../../../kernel/pipeline/Pipeline.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import type { Form } from "../Accept.ts"
import { type Answer, whole } from "../Answer.ts"
import { type DoorError, notAcceptable, type Refused } from "../Refused.ts"
import type { BadRequest } from "../../../kernel/client/Errors.ts"
import { envelope } from "../protobuf/Envelope.ts"
import * as Cbor from "../Cbor.ts"
import * as Protobuf from "../protobuf/Protobuf.ts"
import { bytesOf, cborOf, messageOf, partialCborOf, partialMessageOf, partialOf, partialType, wireOf } from "./Encoding.ts"
import * as Table from "./Table.ts"

/** Quotes and backslashes end a warning's text. Source: RFC 7234, "Warning". */
const quoted = (text: string) => `299 - "${text.replaceAll(/[\\"]/g, "\\$&").replaceAll(/\p{Cc}/gu, " ")}"`
export const warned = (warnings: ReadonlyArray<string>): OutgoingHttpHeaders =>
  // A header is bytes to Node.js, which takes them for Latin-1.
  warnings.length === 0 ? {} : { warning: Buffer.from(warnings.map(quoted).join(", ")).toString("latin1") }

/** Node.js writes headers as it writes a body that is text, so a body beside such headers is bytes. */
export const withWarnings = (answer: Answer, warnings: ReadonlyArray<string>): Answer => {
  if (answer._tag === "Sent" || warnings.length === 0) return answer
  const headers = { ...answer.headers, ...warned(warnings) }
  if (answer._tag === "Parts") return { ...answer, headers }
  return { ...answer, body: typeof answer.body === "string" ? Buffer.from(answer.body) : answer.body, headers }
}

const table = Effect.fnUntraced(function* (at: At, form: Form, query: URLSearchParams, row: Row) {
  const include = yield* Effect.fromResult(Table.include(query))
  const now = yield* Clock.currentTimeMillis
  const style = { serves: at, include, version: form.version, now }
  return Buffer.concat([...Table.parts(style, [row], { resourceVersion: row.object.metadata.resourceVersion })])
})

/** What was answered by an action may be of a kind without a message: then it is JSON. */
const simple = (at: At, { format }: Form, row: Row, code: number, warnings: ReadonlyArray<string>) => {
  const headers = warned(warnings)
  if (format === "cbor") return whole(code, Cbor.document(cborOf(at, row)), headers, Cbor.mediaType)
  if (format !== "protobuf") return whole(code, bytesOf(at, row), headers)
  const { apiVersion, kind } = wireOf(at, row)
  const type = { apiVersion: String(apiVersion), kind: String(kind) }
  return Protobuf.knows(type)
    ? whole(code, envelope({ ...type, raw: messageOf(at, row) }), headers, Protobuf.mediaType)
    : whole(code, bytesOf(at, row), headers)
}

const partial = ({ format, version }: Form, row: Row, code: number, warnings: ReadonlyArray<string>) => {
  const headers = warned(warnings)
  if (format === "cbor") return whole(code, Cbor.document(partialCborOf(row, version)), headers, Cbor.mediaType)
  if (format !== "protobuf") return whole(code, partialOf(row, version), headers)
  const message = envelope({ ...partialType(version), raw: partialMessageOf(row, version) })
  return whole(code, message, headers, Protobuf.mediaType)
}

const inForm = (
  at: At,
  form: Form,
  query: URLSearchParams,
  row: Row,
  code: number,
  warnings: ReadonlyArray<string>
): Effect.Effect<Answer, Refused | BadRequest> => {
  switch (form.as) {
    case "Object":
      return Effect.succeed(simple(at, form, row, code, warnings))
    case "Partial":
      return Effect.succeed(partial(form, row, code, warnings))
    case "PartialList":
      return Effect.fail(notAcceptable(`you requested PartialObjectMetadataList, but the requested object is not a list`))
    case "Table":
      return Effect.map(table(at, form, query, row), (body) => whole(code, body, warned(warnings)))
  }
}

export const answer = (
  at: At,
  form: Form,
  query: URLSearchParams,
  row: Row,
  code = 200,
  warnings: ReadonlyArray<string> = []
): Effect.Effect<Answer, DoorError> =>
  at.served.kind.convert === undefined
    ? inForm(at, form, query, row, code, warnings)
    : Effect.andThen(
        Conversion.prepare(at, [row]),
        Effect.suspend(() => inForm(at, form, query, row, code, warnings))
      )
