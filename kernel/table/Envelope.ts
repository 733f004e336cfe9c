/**
 * What the bytes of a log's entry are: a CBOR envelope around the JSON bytes of an object in its storage version, with the
 * place where `resourceVersion` is spliced in. What is fed is what is served: no replica encodes it again.
 */
import { Schema } from "effect"
import type { WireObject } from "../client/Api.ts"
import { apiVersion, type Kind, type Resource } from "../resource/Kind.ts"
import type { Entry } from "../store/Log.ts"
import * as Layout from "./Layout.ts"
import { type Rules, Row } from "./Row.ts"

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

interface Opening {
  /** The text up to where `resourceVersion` belongs. */
  readonly text: string
  readonly begin: Uint8Array
}
const openings = new WeakMap<Kind<Resource, never>, Opening>()
const openingOf = (kind: Kind<Resource, never>): Opening => {
  const before = openings.get(kind)
  if (before !== undefined) return before
  const gv = apiVersion(kind.versions[0])
  const text = `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(gv)},"metadata":{`
  const about = { gv, rvAt: text.length, ...(kind.form !== undefined && { form: kind.form }) }
  const made = { text, begin: Layout.beginning(about) }
  openings.set(kind, made)
  return made
}

/** What was sealed in this process, by its bytes, until the feed brings these: nobody has to parse what he has. */
const sealed = new WeakMap<Uint8Array, { readonly type: WireObject; readonly meta: WireObject; readonly rest: WireObject }>()

/** The bytes of an object's entry. A `resourceVersion` in it is dropped: that is the entry's seq. */
export const seal = (kind: Kind<Resource, never>, object: WireObject): Uint8Array => {
  const { begin, text } = openingOf(kind)
  const { apiVersion: _a, kind: _k, metadata, ...rest } = object
  const { resourceVersion: _r, ...meta } = Object(metadata)
  const bytes = Layout.write(begin, text + JSON.stringify({ metadata: meta, ...rest }).slice(`{"metadata":{`.length))
  // Events and leases are written more often than they are read.
  if (kind.log === "objects" && isJson(meta) && isJson(rest))
    sealed.set(bytes, { type: { kind: kind.kind, apiVersion: apiVersion(kind.versions[0]) }, meta, rest })
  return bytes
}

/** Whether it is what its text says: what is undefined is not there for whoever reads the text. */
const isJson = (value: unknown): boolean => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true
    case "number":
      return Number.isFinite(value)
    case "object":
      if (value === null) return true
      if (Array.isArray(value)) return value.every(isJson)
      for (const key in value) if (!isJson(Reflect.get(value, key))) return false
      return true
    default:
      return false
  }
}

/** The object that was sealed, as of now. */
const fresh = (bytes: Uint8Array, seq: number): WireObject | undefined => {
  const found = sealed.get(bytes)
  if (found === undefined) return undefined
  sealed.delete(bytes)
  const { meta, rest, type } = found
  return { ...type, metadata: { resourceVersion: `${seq}`, ...meta }, ...rest }
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
    const { form, obj, rvAt } = Layout.read(bytes)
    row.form = form
    return splice(obj, rvAt, seq)
  }
  const object = fresh(bytes, seq)
  const more = { ...(rules !== undefined && { rules }), ...(object !== undefined && { object }) }
  const about = { namespace, name, revision: seq, size: bytes.length, bytes: json, ...more }
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
