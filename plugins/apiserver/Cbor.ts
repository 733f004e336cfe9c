/**
 * CBOR for clients that ask for it: objects as one item behind the tag that says what they are, watches as a sequence of items.
 * Source: KEP-4222; RFC 8949, RFC 8742.
 */
import { Encoder } from "cbor-x"
import type { Schema } from "effect"

export const mediaType = "application/cbor"
export const watchType = "application/cbor-seq"

const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false })

/** Copied out of the encoder's pool, because it is kept. */
export const itemOf = (value: Schema.Json): Uint8Array => new Uint8Array(encoder.encode(value))

/** Tag 55799: this is CBOR. */
const mark = Uint8Array.of(0xd9, 0xd9, 0xf7)
export const document = (item: Uint8Array): Uint8Array => Buffer.concat([mark, item])

const mapOf = (size: number) => Uint8Array.of(0xa0 | size)
const arrayOf = (size: number) => {
  const head = Buffer.alloc(5)
  head.writeUInt8(0x9a)
  head.writeUInt32BE(size, 1)
  return head
}

/** A list of so many items that are encoded already. */
export const list = function* (
  about: { readonly apiVersion: string; readonly kind: string; readonly metadata: Schema.JsonObject },
  size: number,
  items: Iterable<Uint8Array>
): Generator<Uint8Array> {
  yield mark
  yield mapOf(4)
  for (const [name, value] of Object.entries(about)) {
    yield itemOf(name)
    yield itemOf(value)
  }
  yield itemOf("items")
  yield arrayOf(size)
  yield* items
}

const [type, object] = [itemOf("type"), itemOf("object")]

/** One event of a watch. */
export const event = (what: string, item: Uint8Array): Uint8Array =>
  Buffer.concat([mapOf(2), type, itemOf(what), object, item])
