/**
 * Objects of a kind in another of its versions: by the kind's own functions, or by whoever it has to ask (`Kind.convert`). What was
 * converted by others is kept with its row, so that encoding stays synchronous.
 */
import { Effect, Queue } from "effect"
import type { WireObject } from "../client/Api.ts"
import { type ApiError, internalError } from "../client/Errors.ts"
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

type Form = Pick<At, "served" | "version">

/** Whether nobody has to be asked for it. What cannot be read at all is for its reader to find out. */
const isReady =
  ({ served: { kind }, version }: Form) =>
  (row: Row): boolean => {
    if (row.lost !== undefined) return true
    const name = apiVersion(version)
    const { apiVersion: found, kind: is } = row.wire
    return is !== kind.kind || found === name || row.inVersion(name) !== undefined
  }

/** Before rows are encoded: those that somebody else has to convert are asked for together, each once. */
export const prepare = (form: Form, rows: ReadonlyArray<Row>): Answer<void> =>
  Effect.suspend(() => {
    const { kind } = form.served
    if (kind.convert === undefined) return Effect.void
    const ready = isReady(form)
    const needed = rows.filter((row) => !ready(row))
    if (needed.length === 0) return Effect.void
    const objects = needed.map((row) => row.wire)
    return Effect.map(kind.convert(objects, form.version), (converted) => {
      needed.forEach((row, index) => row.keepVersion(apiVersion(form.version), converted[index] ?? row.wire))
    })
  })

/** Until all of it is converted that is there at one moment: that at which this is over. */
export const prepareAll = (form: Form, rows: () => ReadonlyArray<Row>): Answer<void> =>
  Effect.suspend(() => {
    const now = rows()
    return now.every(isReady(form)) ? Effect.void : Effect.andThen(prepare(form, now), prepareAll(form, rows))
  })

/** Tells one after another what it is given, each when its rows are converted. If they cannot be, that is told last. */
export const inOrder = Effect.fnUntraced(function* (form: Form, failed: (error: ApiError) => void) {
  const queue = yield* Queue.unbounded<Answer<void>>()
  yield* Effect.forever(Effect.flatten(Queue.take(queue))).pipe(
    Effect.catch((error) =>
      Effect.sync(() =>
        failed(error._tag === "Unavailable" ? internalError(`the objects cannot be converted: ${error.message}`) : error)
      )
    ),
    Effect.forkScoped
  )
  return (rows: ReadonlyArray<Row>, tell: () => void) => {
    Queue.offerUnsafe(queue, Effect.andThen(prepare(form, rows), Effect.sync(tell)))
  }
})

const utf8 = new TextEncoder()

/** A row as writers see it: in the storage version, also if it lies in the log in another. */
export const current = (kind: Any, row: Row): Answer<Row> => {
  const [storage] = kind.versions
  if (kind.convert === undefined || row.wire["apiVersion"] === apiVersion(storage)) return Effect.succeed(row)
  return Effect.map(oneToVersion(kind, row.wire, storage), (object) => {
    const bytes = utf8.encode(JSON.stringify(object))
    const { name, namespace, revision } = row
    return new Row({ namespace, name, revision, isConverted: true, bytes: () => bytes })
  })
}
