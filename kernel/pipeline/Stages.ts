/** The steps that every write passes: decode → admit → decode again → stamp → validate → compare-and-swap. */
import { Clock, Effect, Result, type Schema } from "effect"
import type { WireObject } from "../client/Api.ts"
import { type ApiError, BadRequest, Invalid, NotFound, RequestTooLarge } from "../client/Errors.ts"
import type { Conflict as LogConflict } from "../store/Log.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import * as Apply from "../resource/Apply.ts"
import type { Causes } from "../resource/Causes.ts"
import * as Decoder from "../resource/Decoder.ts"
import { share } from "../resource/JsonEqual.ts"
import { apiVersion, type Resource } from "../resource/Kind.ts"
import * as MetadataRules from "../resource/MetadataRules.ts"
import * as Shape from "../resource/Shape.ts"
import { traced } from "../Traced.ts"
import { keyOf, open, seal, unsaved } from "../table/Envelope.ts"
import type { Row } from "../table/Row.ts"
import { pathOf } from "../table/Rows.ts"
import * as Conversion from "./Conversion.ts"
import * as Admit from "./Admit.ts"
import type { Environment } from "./Environment.ts"
import * as Patience from "./Patience.ts"
import type { At, WriteOptions } from "./Pipeline.ts"
import { where } from "./Read.ts"
import * as Stamp from "./Stamp.ts"

export type Answer<A> = Effect.Effect<A, ApiError | Unavailable>

/** A complete object of a kind, as programs and strategies see it, and as the wire has it. It has been decoded, hence the casts. */
export const asResource = (object: Schema.JsonObject) => object as unknown as Resource
export const asWire = (object: Resource) => object as unknown as WireObject

/** The same object, made of the parts of the stored one that it has left as they were. */
export const sharing = (stored: Resource, object: Resource) =>
  asResource(share(asWire(stored), asWire(object)) as WireObject)

export const storageShape = ({ served }: At) => Shape.of(served.kind.versions[0].schema())

/** It is of the group in which the kind is kept, whichever was asked. */
export const invalid = (at: At, causes: Invalid["causes"], name = at.name) =>
  new Invalid({ ...where(at), group: at.served.kind.versions[0].group, name, kind: at.served.kind.kind, causes })

export interface Decoded {
  readonly object: Resource
  readonly warnings: ReadonlyArray<string>
}

/** From the wire form of the served version to the storage version, checked, pruned, and with all defaults. */
export const decode = (
  at: At,
  wire: Schema.JsonObject,
  { fieldValidation = "Warn", repeated = [] }: WriteOptions
): Answer<Decoded> =>
  Effect.suspend((): Answer<Decoded> => {
    const { apiVersion: _a, kind: _k, ...body } = disowned(wire)
    const decoded = Decoder.decode(Shape.of(at.version.schema()))(body, { unknown: fieldValidation, repeated })
    if (Result.isFailure(decoded)) {
      const { causes, malformed } = decoded.failure
      if (malformed !== undefined) return Effect.fail(unfit(at, malformed))
      return Effect.fail(invalid(at, causes, nameIn(body)))
    }
    const { object, warnings } = decoded.success
    const { kind } = at.served
    if (kind.convert !== undefined && at.version !== kind.versions[0]) {
      const sent = { kind: kind.kind, apiVersion: apiVersion(at.version), ...object }
      return Effect.map(Conversion.oneToVersion(kind, sent, kind.versions[0]), (stored) => ({
        object: complete(at, stored),
        warnings
      }))
    }
    return Effect.succeed({ object: complete(at, at.version.convert?.from(object) ?? object), warnings })
  })

/** An empty list of owners says that there shall be none, as one empty entry does, and is not as good as nothing. */
const disowned = (wire: Schema.JsonObject): Schema.JsonObject => {
  const { metadata } = wire
  if (typeof metadata !== "object" || metadata === null || !("managedFields" in metadata)) return wire
  const { managedFields } = metadata
  return Array.isArray(managedFields) && managedFields.length === 0
    ? { ...wire, metadata: { ...metadata, managedFields: [{}] } }
    : wire
}

const unfit = ({ served: { kind }, version }: At, why: string) =>
  new BadRequest({
    detail: `${kind.kind} in version ${JSON.stringify(version.version)} cannot be handled as a ${kind.kind}: ${why}`
  })

/** That an object which was sent, or made by a patch, is the one in the path. */
export const addressed = (at: At, { metadata }: Resource): Answer<void> =>
  Effect.suspend(() => {
    const { name = "", namespace = "" } = metadata
    if (at.served.kind.namespaced && namespace !== "" && namespace !== at.namespace) return Effect.fail(elsewhere)
    if (name === at.name) return Effect.void
    const detail =
      name === ""
        ? `the name of the object (${at.name} based on URL) was undeterminable: name must be provided`
        : `the name of the object (${name}) does not match the name on the URL (${at.name})`
    return Effect.fail(new BadRequest({ detail }))
  })
export const elsewhere = new BadRequest({
  detail: "the namespace of the provided object does not match the namespace sent on the request"
})

const nameIn = ({ metadata }: Schema.JsonObject): string => {
  const name: unknown = Object(metadata)["name"]
  return typeof name === "string" ? name : ""
}

/** With the storage version's names on it, and the defaults that depend on other fields. */
const complete = ({ served: { kind, strategy } }: At, object: Schema.JsonObject): Resource => {
  const named = asResource({ apiVersion: apiVersion(kind.versions[0]), kind: kind.kind, ...object })
  return strategy.defaults?.(named) ?? named
}

/**
 * Runs the admission plugins that change objects, or take something for them. What they add is decoded like anything else, so
 * that it gets its defaults.
 */
const changing = (run: typeof Admit.mutate) =>
  Effect.fnUntraced(function* (environment: Environment, asking: Admit.Asking, object: Resource, old: Resource | undefined) {
    const before = asWire(object)
    const objects = old === undefined ? { object: before } : { object: before, old: asWire(old) }
    const after = yield* run(environment, asking, objects)
    if (after === before || after === undefined) return object
    const { at } = asking
    const { object: decoded } = yield* decode({ ...at, version: at.served.kind.versions[0] }, after, {
      fieldValidation: "Ignore"
    })
    return decoded
  })
export const mutate = changing(Admit.mutate)
export const allocate = changing(Admit.allocate)

/** Without what belongs to features that are off. */
export const featured = ({ served: { strategy } }: At, object: Resource) => strategy.withoutFeatures?.(object) ?? object

export const admit = (
  environment: Environment,
  asking: Admit.Asking,
  object: Resource,
  old: Resource | undefined
): Answer<void> =>
  Admit.validate(
    environment,
    asking,
    old === undefined ? { object: asWire(object) } : { object: asWire(object), old: asWire(old) }
  )

/** Kubernetes' own rules and the kind's, all mistakes at once. */
export const validate = (at: At, object: Resource, old: Resource | undefined): Answer<void> => {
  const { version } = at
  if (version.validate === undefined) return judge(at, object, old, [])
  const objects = old === undefined ? [asWire(object)] : [asWire(object), asWire(old)]
  return Effect.flatMap(Conversion.toVersion(at.served.kind, objects, version), ([sent, before]) =>
    judge(at, object, old, sent === undefined ? [] : (version.validate?.(sent, before) ?? []))
  )
}

/** `found`: what is wrong with it in the version that was asked. */
const judge = (at: At, object: Resource, old: Resource | undefined, found: Causes): Answer<void> =>
  Effect.suspend(() => {
    const { kind, strategy } = at.served
    const causes = [
      ...MetadataRules.validate(
        kind,
        object,
        old,
        strategy.names,
        strategy.strategicMerge === false || strategy.anyFinalizer === true
      ),
      ...found,
      ...((old !== undefined && at.subresource === "status"
        ? strategy.validateStatus?.(object, old)
        : strategy.validate?.(object, old)) ?? []),
      ...(old === undefined ? [] : (strategy.validateUpdate?.(object, old, at.subresource) ?? []))
    ]
    return causes.length === 0 ? Effect.void : Effect.fail(invalid(at, causes, object.metadata.name))
  })

/** What a write cannot change, whatever it says, and so does not come to own. */
export const resetOf = ({ served: { kind, strategy }, subresource }: At): ReadonlyArray<string> => {
  const more = strategy.unownedBy?.[subresource] ?? []
  if (subresource === "status") return ["spec", ...more]
  if (subresource === "finalize") return ["status"]
  if (subresource !== "") return more
  return [...(strategy.unowned ?? []), ...(kind.subresources.includes("status") ? ["status"] : [])]
}

const shownAs = ({ version }: At, object: Resource): WireObject => version.convert?.to(asWire(object)) ?? asWire(object)

/** Objects of this version as the other versions of their kind show them. */
export const inVersion = ({ served: { kind }, version }: At): Apply.Write["inVersion"] =>
  kind.versions.length === 1
    ? undefined
    : (name, object) => {
        const other = kind.versions.find((one) => apiVersion(one) === name)
        const stored = version.convert?.from(object) ?? object
        return other && { shape: Shape.of(other.schema()), object: other.convert?.to(stored) ?? stored }
      }

/** Who owns what after this write: on every write, by the same walkers that merge. */
export const own = Effect.fnUntraced(function* (
  at: At,
  object: Resource,
  old: Resource | undefined,
  { fieldManager = "unknown" }: WriteOptions
) {
  const managedFields = Apply.update({
    shape: Shape.of(at.version.schema()),
    before: old === undefined ? undefined : shownAs(at, old),
    after: shownAs(at, object),
    manager: fieldManager,
    apiVersion: apiVersion(at.version),
    inVersion: inVersion(at),
    subresource: at.subresource,
    reset: resetOf(at),
    time: yield* Stamp.now
  })
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } }
})

/** What a span is about, in the words of the URL. */
export const about = ([, { served, subresource }]: readonly [Environment, At, ...ReadonlyArray<unknown>]) => ({
  resource: subresource === "" ? served.kind.plural : `${served.kind.plural}/${subresource}`
})

const stored = Effect.fnUntraced(function* (
  environment: Environment,
  at: At,
  op: "put" | "delete",
  object: Resource,
  prev: number
): Effect.fn.Return<Row, LogConflict | RequestTooLarge | Unavailable> {
  const { kind } = at.served
  const { name, namespace = "" } = object.metadata
  const key = keyOf(kind.storage, namespace, name)
  const bytes = seal(kind, asWire(object))
  const writeId = yield* Stamp.uid
  const change = { log: kind.log, key, op, bytes, prev, writeId }
  const seq = yield* Patience.append(environment.log, change, environment.deadlines).pipe(
    Effect.catchTag("TooLarge", ({ limit }) => Effect.fail(new RequestTooLarge({ limit })))
  )
  yield* Patience.passed(environment.tables, kind.log, seq, "unknown")
  const row = environment.tables.of(kind).get(`${namespace}/${name}`)
  return row?.revision === seq ? row : open({ bytes, key, seq })
})

/** Adds an entry and waits until the tables have it. Repeated under its write id until it is known what became of it. */
export const append = traced("Pipeline.append", stored)

/** What a change begins with. */
export const find = ({ tables }: Environment, at: At): Answer<Row> =>
  Effect.suspend((): Answer<Row> => {
    const row = tables.of(at.served.kind).get(pathOf(at))
    return row === undefined ? Effect.fail(new NotFound(where(at))) : Conversion.current(at.served.kind, row)
  })

/** What a dry run answers: the object as it would be. */
export const dryRow = (at: At, object: Resource, revision: number) =>
  unsaved(at.served.kind, asWire(object), {
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    revision
  })

export const nowMillis = Clock.currentTimeMillis
