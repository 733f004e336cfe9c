/**
 * Rows as bytes of the wire: in the version that a client speaks, or their metadata alone. Made once for each row and form,
 * and shared by all who read it; the storage version is what the log brought, and is not encoded at all.
 */
import { Predicate, type Schema } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { At } from "../../../kernel/pipeline/Pipeline.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { Row } from "../../../kernel/table/Row.ts"

const utf8 = new TextEncoder()
export const encode = (value: unknown): Uint8Array => utf8.encode(JSON.stringify(value))

/** What the path of a request says about the form of its objects. */
export type Serves = Pick<At, "served" | "version">

const isStorage = ({ served, version }: Serves) => version === served.kind.versions[0]

/** Rows of a subresource may be of another kind (Scale), which has no other versions. */
const isOwn = ({ served }: Serves, wire: WireObject) => wire["kind"] === served.kind.kind

export const wireOf = (serves: Serves, row: Row): WireObject => {
  const { wire } = row
  if (isStorage(serves) || !isOwn(serves, wire)) return wire
  const { apiVersion: _storage, kind: _kind, ...object } = wire
  const converted: Schema.JsonObject = serves.version.convert?.to(object) ?? object
  return { apiVersion: Kind.apiVersion(serves.version), kind: serves.served.kind.kind, ...converted }
}

export const bytesOf = (serves: Serves, row: Row): Uint8Array => {
  if (isStorage(serves)) return row.json
  return row.encoded(Kind.apiVersion(serves.version), (row) => encode(wireOf(serves, row)))
}

const metadataOf = (row: Row): Schema.Json => (Predicate.isObject(row.wire["metadata"]) ? row.wire["metadata"] : {})

/** A PartialObjectMetadata of meta.k8s.io. */
export const partialOf = (row: Row, version: "v1" | "v1beta1"): Uint8Array =>
  row.encoded(`partial/${version}`, (row) =>
    encode({ kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: metadataOf(row) })
  )
