/**
 * What the bytes of a log's entry are: a CBOR envelope around the JSON bytes of an object in its storage version, with the
 * place where `resourceVersion` is spliced in. What is fed is what is served: no replica encodes it again.
 */
import { decode, encode } from "cbor-x"
import { Result, Schema } from "effect"
import type { WireObject } from "../client/Api.ts"
import { apiVersion, type Kind, type Resource } from "../resource/Kind.ts"
import { Bytes } from "../plugin/Contract.ts"
import type { Entry } from "../store/Log.ts"
import { type Rules, Row } from "./Row.ts"

const Envelope = Schema.Struct({
  /** The version of this layout. */
  v: Schema.Literal(1),
  /** The API version of `obj`. */
  gv: Schema.String,
  rvAt: Schema.Int,
  /** The rules by which `obj` was decoded, of kinds whose rules can change. */
  form: Schema.optionalKey(Schema.String),
  obj: Bytes
})
const decodeEnvelope = Schema.decodeUnknownResult(Envelope)

/** An object that is there and cannot be read: thrown at whoever reads it, and at nobody else. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", {
  key: Schema.String,
  revision: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `the object ${this.key} (revision ${this.revision}) cannot be read from the store: ${this.reason}`
  }
}

/** With what bytes begin that say why there are no others. No envelope does: those are maps. */
const lostMark = Buffer.from("kl:lost:", "latin1")
/** The bytes of an entry that cannot be read. */
export const unreadable = (reason: string): Uint8Array => new Uint8Array(Buffer.concat([lostMark, Buffer.from(reason)]))
/** Why the bytes of an entry cannot be read; nothing if they can. */
export const reasonOf = (bytes: Uint8Array): string | undefined => {
  if (bytes[0] !== lostMark[0] || bytes.length < lostMark.length) return undefined
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return all.subarray(0, lostMark.length).equals(lostMark) ? all.toString("utf8", lostMark.length) : undefined
}

const text = new TextEncoder()

/** The bytes of an object's entry. A `resourceVersion` in it is dropped: that is the entry's seq. */
export const seal = (kind: Kind<Resource, never>, object: WireObject): Uint8Array => {
  const gv = apiVersion(kind.versions[0])
  const { apiVersion: _a, kind: _k, metadata, ...rest } = object
  const { resourceVersion: _r, ...meta } = Object(metadata)
  const head = `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(gv)},"metadata":{`
  const tail = JSON.stringify({ metadata: meta, ...rest }).slice(`{"metadata":{`.length)
  // Copied out of the encoder's pool: what is kept, or sent to a thread, would be the whole pool.
  const about = { v: 1, gv, rvAt: head.length, ...(kind.form !== undefined && { form: kind.form }) }
  return new Uint8Array(encode({ ...about, obj: text.encode(head + tail) }))
}

/** Puts `"resourceVersion":"…",` where the envelope says. Metadata is never empty: every object has a name. */
const splice = (json: Uint8Array, at: number, revision: number): Uint8Array => {
  const word = text.encode(`"resourceVersion":"${revision}",`)
  const whole = new Uint8Array(json.length + word.length)
  whole.set(json.subarray(0, at))
  whole.set(word, at)
  whole.set(json.subarray(at), at + word.length)
  return whole
}

const pathOf = (key: string) => {
  const [storage = "", namespace = "", ...name] = key.split("/")
  return { storage, namespace, name: name.join("/") }
}

export const storageOf = (key: string) => key.slice(0, key.indexOf("/"))
export const keyOf = (storage: string, namespace: string, name: string) => `${storage}/${namespace}/${name}`

/** What an entry says, read when it is asked for. An entry that is no envelope was not written by us: a defect. */
export const open = ({ bytes, key, seq }: Pick<Entry, "bytes" | "key" | "seq">, rules?: Rules): Row => {
  const { name, namespace } = pathOf(key)
  const json = (row: Row) => {
    const { form, obj, rvAt } = Result.getOrThrow(decodeEnvelope(decode(bytes)))
    row.form = form
    return splice(obj, rvAt, seq)
  }
  const about = { namespace, name, revision: seq, size: bytes.length, bytes: json, ...(rules !== undefined && { rules }) }
  const reason = reasonOf(bytes)
  return new Row(reason === undefined ? about : { ...about, lost: new Unreadable({ key, revision: seq, reason }) })
}

/** A row that is not in the log: the answer to a dry run. */
export const unsaved = (
  kind: Kind<Resource, never>,
  object: WireObject,
  {
    namespace,
    name,
    revision
  }: {
    readonly namespace: string
    readonly name: string
    readonly revision: number
  }
): Row => open({ bytes: seal(kind, object), key: keyOf(kind.storage, namespace, name), seq: revision })
