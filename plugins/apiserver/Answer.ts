/** What a request is answered with, and how it gets onto the wire. */
import { Effect } from "effect"
import type { OutgoingHttpHeaders } from "node:http"
import { stringify } from "yaml"
import { formatOf } from "./Accept.ts"
import * as Cbor from "./Cbor.ts"
import * as Compression from "./Compression.ts"
import { type Exchange, isPretty } from "./Exchange.ts"
import * as Protobuf from "./protobuf/Protobuf.ts"
import { type DoorError, noPage, statusOf } from "./Refused.ts"
import * as Slices from "./Slices.ts"

export type Answer =
  | {
      readonly _tag: "Whole"
      readonly code: number
      readonly type: string
      readonly body: string | Uint8Array
      readonly headers?: OutgoingHttpHeaders
    }
  /** Bytes that together are one text, written in slices. */
  | {
      readonly _tag: "Parts"
      readonly code: number
      readonly type: string
      readonly parts: Iterable<Uint8Array>
      readonly headers?: OutgoingHttpHeaders
    }
  /** Whoever answered has written it all. */
  | { readonly _tag: "Sent"; readonly code: number }

export const jsonType = "application/json"

export const whole = (code: number, body: string | Uint8Array, headers?: OutgoingHttpHeaders, type = jsonType): Answer => ({
  _tag: "Whole",
  code,
  type,
  body,
  ...(headers === undefined ? {} : { headers })
})
export const json = (code: number, value: unknown, headers?: OutgoingHttpHeaders) =>
  whole(code, JSON.stringify(value), headers)
export const text = (code: number, body: string) => whole(code, body, undefined, "text/plain; charset=utf-8")
export const sent = (code: number): Answer => ({ _tag: "Sent", code })

export const failure = (error: DoorError): Answer => {
  if (error === noPage)
    return whole(noPage.code, `${noPage.detail}\n`, { "x-content-type-options": "nosniff" }, "text/plain; charset=utf-8")
  const status = statusOf(error)
  const details = status["details"]
  const retryAfter =
    typeof details === "object" && details !== null && "retryAfterSeconds" in details ? details.retryAfterSeconds : undefined
  return json(status.code, status, typeof retryAfter === "number" ? { "retry-after": `${retryAfter}` } : undefined)
}

/** Larger JSON is written as it is, whoever asks: reading it again would hold up everybody else. */
const reshapeLimit = 1 << 20

/** For people and for those who asked for YAML, protobuf or CBOR, the same read again and written in another way. */
const shaped = (
  exchange: Exchange,
  type: string,
  body: string | Uint8Array
): { readonly type: string; readonly body: string | Uint8Array } => {
  if (type !== jsonType || body.length > reshapeLimit || body.length === 0) return { type, body }
  const format = formatOf(exchange.incoming.headers.accept)
  if (format === "json" && !isPretty(exchange)) return { type, body }
  const value: unknown = JSON.parse(typeof body === "string" ? body : Buffer.from(body).toString())
  if (format === "cbor") return { type: Cbor.mediaType, body: Cbor.document(Cbor.itemOf(Object(value))) }
  if (format === "protobuf") {
    // What has no message, such as a Table, is sent as it is.
    const message = Protobuf.encodeBody(Object(value))
    return message === undefined ? { type, body } : { type: Protobuf.mediaType, body: message }
  }
  if (format === "yaml") return { type: "application/yaml", body: stringify(value, { lineWidth: 0 }) }
  return { type, body: `${JSON.stringify(value, null, 2)}\n` }
}

const common = { "cache-control": "no-cache, private" }

const after = function* (slice: ReadonlyArray<Uint8Array>, parts: Iterator<Uint8Array>) {
  yield* slice
  for (let next = parts.next(); next.done !== true; next = parts.next()) yield next.value
}

const sendParts = Effect.fnUntraced(function* (exchange: Exchange, answer: Answer & { readonly _tag: "Parts" }) {
  const { outgoing } = exchange
  const parts = answer.parts[Symbol.iterator]()
  const { done, slice } = Slices.takeSlice(parts)
  if (done) return yield* sendWhole(exchange, { ...answer, _tag: "Whole", body: Buffer.concat(slice) })
  const zip = Compression.accepts(exchange) ? Compression.start(outgoing) : undefined
  const headers = { ...common, "content-type": answer.type, ...answer.headers }
  outgoing.writeHead(answer.code, zip === undefined ? headers : { ...headers, ...Compression.headers(answer.headers) })
  const target = zip ?? outgoing
  yield* Slices.send(outgoing, target, after(slice, parts))
  target.end()
})

const writeWhole = (
  { method, outgoing }: Exchange,
  { code, headers }: Answer & { readonly _tag: "Whole" },
  type: string,
  body: string | Uint8Array,
  further?: OutgoingHttpHeaders
) => {
  outgoing.writeHead(code, {
    ...common,
    "content-type": type,
    "content-length": typeof body === "string" ? Buffer.byteLength(body) : body.length,
    ...headers,
    ...further
  })
  outgoing.end(method === "HEAD" ? undefined : body)
}

const sendWhole = (exchange: Exchange, answer: Answer & { readonly _tag: "Whole" }): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { body, type } = shaped(exchange, answer.type, answer.body)
    if (body.length < Compression.threshold || !Compression.accepts(exchange))
      return Effect.sync(() => writeWhole(exchange, answer, type, body))
    return Effect.map(Compression.whole(body), (bytes) =>
      writeWhole(exchange, answer, type, bytes, Compression.headers(answer.headers))
    )
  })

export const send = (exchange: Exchange, answer: Answer): Effect.Effect<void> => {
  switch (answer._tag) {
    case "Whole":
      return sendWhole(exchange, answer)
    case "Parts":
      return sendParts(exchange, answer)
    case "Sent":
      return Effect.void
  }
}
