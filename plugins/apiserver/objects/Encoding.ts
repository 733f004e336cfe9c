/**
 * Rows as bytes of the wire: in the version that a client speaks, or their metadata alone. Made once for each row and form,
 * and shared by all who read it; the storage version is what the log brought, and is not encoded at all.
 */
import { Predicate, type Schema } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { At } from "../../../kernel/pipeline/Pipeline.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import * as Shape from "../../../kernel/resource/Shape.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import * as Cbor from "../Cbor.ts"
import * as Protobuf from "../protobuf/Protobuf.ts"

const utf8 = new TextEncoder()
export const encode = (value: unknown): Uint8Array => utf8.encode(JSON.stringify(value))

/** What the path of a request says about the form of its objects. */
export type Serves = Pick<At, "served" | "version">

const isStorage = ({ served, version }: Serves) => version === served.kind.versions[0]

/** Rows of a subresource may be of another kind (Scale), which has no other versions. */
const isOwn = ({ served }: Serves, wire: WireObject) => wire["kind"] === served.kind.kind

export const wireOf = (serves: Serves, row: Row): WireObject => {
  const { wire } = row
  if (!isOwn(serves, wire)) return wire
  if (serves.served.kind.convert !== undefined) return row.inVersion(Kind.apiVersion(serves.version)) ?? wire
  if (isStorage(serves)) return wire
  const { apiVersion: _storage, kind: _kind, ...object } = wire
  const converted: Schema.JsonObject = serves.version.convert?.to(object) ?? object
  return { kind: serves.served.kind.kind, apiVersion: Kind.apiVersion(serves.version), ...converted }
}

/** Whether it lies in the log as it is asked for. What others have to convert may lie there in any version. */
const lies = (serves: Serves, row: Row) =>
  serves.served.kind.convert === undefined ? isStorage(serves) : row.wire["apiVersion"] === Kind.apiVersion(serves.version)

export const bytesOf = (serves: Serves, row: Row): Uint8Array => {
  if (lies(serves, row)) return row.json
  return row.encoded(Kind.apiVersion(serves.version), (row) => encode(wireOf(serves, row)))
}

const metadataOf = (row: Row): Schema.Json => (Predicate.isObject(row.wire["metadata"]) ? row.wire["metadata"] : {})

type MetaVersion = "v1" | "v1beta1"
export const partialType = (version: MetaVersion) => ({
  kind: "PartialObjectMetadata",
  apiVersion: `meta.k8s.io/${version}`
})

/** A PartialObjectMetadata of meta.k8s.io. */
export const partialOf = (row: Row, version: MetaVersion): Uint8Array =>
  row.encoded(`partial/${version}`, (row) => encode({ ...partialType(version), metadata: metadataOf(row) }))

/** Both without their envelopes. */
export const messageOf = (serves: Serves, row: Row): Uint8Array =>
  row.encoded(`protobuf/${Kind.apiVersion(serves.version)}`, (row) => Protobuf.itemOf(wireOf(serves, row)))
export const partialMessageOf = (row: Row, version: MetaVersion): Uint8Array =>
  row.encoded("protobuf/partial", (row) => Protobuf.itemOf({ ...partialType(version), metadata: metadataOf(row) }))

/** Both without the tag in front. */
export const cborOf = (serves: Serves, row: Row): Uint8Array =>
  row.encoded(`cbor/${Kind.apiVersion(serves.version)}`, (row) => Cbor.itemOf(wireOf(serves, row)))
export const partialCborOf = (row: Row, version: MetaVersion): Uint8Array =>
  row.encoded(`cbor/partial/${version}`, (row) => Cbor.itemOf({ ...partialType(version), metadata: metadataOf(row) }))

const isCustom = ({ version }: Serves) => {
  const shape = Shape.of(version.schema())
  return shape.type === "object" && shape.definition === undefined
}

/** As it stands in a list. */
export const cborItemOf = (serves: Serves): ((row: Row) => Uint8Array) => {
  if (isCustom(serves)) return (row) => cborOf(serves, row)
  const key = `cbor/item/${Kind.apiVersion(serves.version)}`
  return (row) =>
    row.encoded(key, (row) => {
      const { apiVersion: _a, kind: _k, ...rest } = wireOf(serves, row)
      return Cbor.itemOf(rest)
    })
}

const begins = (bytes: Uint8Array, start: Uint8Array) => {
  for (let at = 0; at < start.length; at++) if (bytes[at] !== start[at]) return false
  return true
}

/**
 * The items of a list, whose text goes on after `lead`. They do not say what they are, since the list does; only those of
 * custom kinds do.
 */
export const itemsOf = (serves: Serves): { readonly lead: string; readonly item: (row: Row) => Uint8Array } => {
  if (isCustom(serves)) return { lead: "", item: (row) => bytesOf(serves, row) }
  const { served, version } = serves
  const head = encode({ kind: served.kind.kind, apiVersion: Kind.apiVersion(version) })
  // The brace at its end is a comma where more follows.
  const named = head.with(head.length - 1, 0x2c)
  return {
    lead: "{",
    item: (row) => {
      const bytes = bytesOf(serves, row)
      return bytes.subarray(begins(bytes, named) ? named.length : 1)
    }
  }
}
