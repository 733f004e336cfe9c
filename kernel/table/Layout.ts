/**
 * How an entry lies in its bytes: a CBOR map whose last field is the text of the object. All entries of a kind begin alike, so that
 * beginning is made, and understood, once: what is left of writing and reading one is the text.
 */
import { decode, encode } from "cbor-x"
import { Result, Schema } from "effect"
import { Bytes } from "../plugin/Contract.ts"

const Envelope = Schema.Struct({
  /** The version of this layout. */
  v: Schema.Literal(1),
  /** The API version of `obj`. */
  gv: Schema.String,
  /** Where in `obj` the `resourceVersion` is spliced in. */
  rvAt: Schema.Int,
  /** The rules by which `obj` was decoded, of kinds whose rules can change. */
  form: Schema.optionalKey(Schema.String),
  obj: Bytes
})
type Envelope = typeof Envelope.Type
const decodeEnvelope = Schema.decodeUnknownResult(Envelope)

type About = Omit<Envelope, "obj" | "v">

/** CBOR's head of a string of bytes, behind whose tag nothing but the bytes comes. Source: RFC 8949. */
const headOf = (length: number): ReadonlyArray<number> => {
  if (length < 24) return [0x40 | length]
  if (length < 0x100) return [0x58, length]
  if (length < 0x10000) return [0x59, length >> 8, length & 0xff]
  return [0x5a, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff]
}

/** Up to the text and its length: an envelope of nothing, whose last byte says that there is nothing. */
export const beginning = (about: About): Uint8Array => {
  const empty = encode({ v: 1, ...about, obj: new Uint8Array(0) })
  return new Uint8Array(empty.subarray(0, -1))
}

/** Bytes of their own, and not of a pool: what is kept, or sent to a thread, would be the whole pool. */
export const write = (begin: Uint8Array, text: string): Uint8Array => {
  const length = Buffer.byteLength(text)
  const head = headOf(length)
  const bytes = new Uint8Array(begin.length + head.length + length)
  bytes.set(begin)
  bytes.set(head, begin.length)
  Buffer.from(bytes.buffer).write(text, begin.length + head.length)
  return bytes
}

interface Known extends About {
  readonly begin: Uint8Array
}
/** The beginnings that were met last. */
let known: ReadonlyArray<Known> = []
const most = 256

const begins = (bytes: Uint8Array, { begin }: Known) => {
  // Kinds differ at the end: in where the text is spliced.
  for (let at = begin.length - 1; at >= 0; at--) if (bytes[at] !== begin[at]) return false
  return true
}

/** Where the text begins behind a head that says how long it is; nothing if that is not all there is. */
const textAt = (bytes: Uint8Array, at: number) => {
  for (const more of [1, 2, 3, 5]) {
    const head = headOf(bytes.length - at - more)
    if (head.length === more && head.every((byte, index) => bytes[at + index] === byte)) return at + more
  }
  return undefined
}

/** What no writer of ours has written is a defect. */
export const read = (bytes: Uint8Array): About & { readonly obj: Uint8Array } => {
  const found = known.find((one) => begins(bytes, one))
  const start = found === undefined ? undefined : textAt(bytes, found.begin.length)
  if (found !== undefined && start !== undefined) return { ...found, obj: bytes.subarray(start) }
  const { v: _, obj, ...about } = Result.getOrThrow(decodeEnvelope(decode(bytes)))
  const begin = bytes.slice(0, beginning(about).length)
  if (found === undefined && begins(bytes, { ...about, begin: beginning(about) }))
    known = [{ ...about, begin }, ...known.slice(0, most - 1)]
  return { ...about, obj }
}
