/**
 * Objects of a kind in another of its versions: by the kind's own functions, or by whoever it has to ask (`Kind.convert`). What was
 * converted by others is kept with its row, so that encoding stays synchronous.
 */
import { Effect } from "effect"
import type { WireObject } from "../client/Api.ts"
import type { ApiError } from "../client/Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import { type Any, apiVersion, type Version } from "../resource/Kind.ts"
import { Row } from "../table/Row.ts"
import type { At } from "./Pipeline.ts"

type Answer<A> = Effect.Effect<A, ApiError | Unavailable>

/** Of an object in the storage version. */
const local = (kind: Any, object: WireObject, version: Version): WireObject => {
  if (version === kind.versions[0]) return object
  const { apiVersion: _, kind: _k, ...body } = object
  return { kind: kind.kind, apiVersion: apiVersion(version), ...(version.convert?.to(body) ?? body) }
}

/** Objects as the log has them, in any version of their kind. */
export const toVersion = (
  kind: Any,
  objects: ReadonlyArray<WireObject>,
  version: Version
): Answer<ReadonlyArray<WireObject>> => {
  if (kind.convert === undefined) return Effect.succeed(objects.map((object) => local(kind, object, version)))
  const name = apiVersion(version)
  const others = objects.filter((object) => object["apiVersion"] !== name)
  if (others.length === 0) return Effect.succeed(objects)
  return Effect.map(kind.convert(others, version), (converted) => {
    const byObject = new Map(others.map((object, index) => [object, converted[index] ?? object]))
    return objects.map((object) => byObject.get(object) ?? object)
  })
}

export const oneToVersion = (kind: Any, object: WireObject, version: Version): Answer<WireObject> =>
  Effect.map(toVersion(kind, [object], version), ([converted]) => converted ?? object)

/** Before rows are encoded: those that somebody else has to convert are asked for together, each once. */
export const prepare = (
  { served: { kind }, version }: Pick<At, "served" | "version">,
  rows: ReadonlyArray<Row>
): Answer<void> =>
  Effect.suspend(() => {
    if (kind.convert === undefined) return Effect.void
    const name = apiVersion(version)
    const needed = rows.filter((row) => {
      const { apiVersion, kind: found } = row.wire
      return found === kind.kind && apiVersion !== name && row.inVersion(name) === undefined
    })
    if (needed.length === 0) return Effect.void
    const objects = needed.map((row) => row.wire)
    return Effect.map(kind.convert(objects, version), (converted) => {
      needed.forEach((row, index) => row.keepVersion(name, converted[index] ?? row.wire))
    })
  })

const utf8 = new TextEncoder()

/** A row as writers see it: in the storage version, also if it lies in the log in another. */
export const current = (kind: Any, row: Row): Answer<Row> => {
  const [storage] = kind.versions
  if (kind.convert === undefined || row.wire["apiVersion"] === apiVersion(storage)) return Effect.succeed(row)
  return Effect.map(oneToVersion(kind, row.wire, storage), (object) => {
    const bytes = utf8.encode(JSON.stringify(object))
    return new Row({ namespace: row.namespace, name: row.name, revision: row.revision, bytes: () => bytes })
  })
}
