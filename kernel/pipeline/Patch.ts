/** patch: JSON patch, merge patch, strategic merge patch, and server-side apply, which creates what is not there. */
import { Effect, Result, type Schema } from "effect"
import type { PatchType, WireObject } from "../client/Api.ts"
import { type ApiError, ApplyConflict, BadRequest, Conflict, UnsupportedMediaType } from "../client/Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import * as Apply from "../resource/Apply.ts"
import * as Causes from "../resource/Causes.ts"
import * as JsonPatch from "../resource/JsonPatch.ts"
import { apiVersion, type Resource } from "../resource/Kind.ts"
import * as MergePatch from "../resource/MergePatch.ts"
import * as Shape from "../resource/Shape.ts"
import * as StrategicMerge from "../resource/StrategicMerge.ts"
import { traced } from "../Traced.ts"
import { attributesOf, authorize } from "./Authorize.ts"
import * as Create from "./Create.ts"
import * as Conversion from "./Conversion.ts"
import type { Environment } from "./Environment.ts"
import type { At, WriteOptions } from "./Pipeline.ts"
import { where } from "./Read.ts"
import * as Scale from "./Scale.ts"
import * as Stages from "./Stages.ts"
import * as Stamp from "./Stamp.ts"
import { change, type Wanted } from "./Update.ts"

const isObject = (value: unknown): value is Schema.JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const asked = Effect.fnUntraced(function* (
  environment: Environment,
  at: At,
  type: PatchType,
  body: Schema.Json,
  options: WriteOptions = {}
) {
  yield* authorize(environment, attributesOf(at, "patch"))
  if (at.subresource === "scale") {
    const settle: Scale.Settle = (stored, configuration) =>
      Effect.map(applied(at, stored, configuration, options), ({ object }) => object)
    const make = (scale: WireObject) =>
      Effect.flatMap(scaled(at, type, scale, body), (wire) => Scale.asked(at, wire, options, true))
    return yield* Scale.write(environment, at, make, options, change, type === "apply" ? settle : undefined)
  }
  if (type === "apply") return yield* apply(environment, at, body, options)
  return yield* change(environment, at, (stored) => patched(at, type, stored, body, options), options)
})

export const patch = traced("Pipeline.patch", asked, Stages.about)

const wireOf = (at: At, stored: Resource) => Conversion.oneToVersion(at.served.kind, Stages.asWire(stored), at.version)

const patched = Effect.fnUntraced(function* (
  at: At,
  type: PatchType,
  stored: Resource,
  body: Schema.Json,
  options: WriteOptions
) {
  const before = yield* wireOf(at, stored)
  const after = yield* merged(at, type, before, body)
  const refused = (why: string) => Stages.invalid(at, [{ field: "patch", type: "FieldValueInvalid", detail: why }])
  if (!isObject(after)) return yield* refused("Invalid value: the patch leaves no object")
  if (after["kind"] === undefined || after["apiVersion"] === undefined)
    return yield* new BadRequest({
      detail: `the name of the object (${at.name} based on URL) was undeterminable: name must be provided`
    })
  if (after["kind"] !== before["kind"] || after["apiVersion"] !== before["apiVersion"])
    return yield* refused("Invalid value: the patch makes another kind of it")
  // The patch is sound, and what it makes is not: that is unprocessable, where a body like it would be a bad request.
  const { object, warnings } = yield* Stages.decode(at, after, options).pipe(
    Effect.catchTag("BadRequest", ({ detail }) => Effect.fail(refused(`Invalid value: ${detail}`)))
  )
  yield* Stages.addressed(at, object)
  yield* sameUid(at, object, stored)
  return { object: repinned(object, body, type), warnings } satisfies Wanted
})

const sameUid = (at: At, { metadata: { uid = "" } }: Resource, stored: Resource) =>
  uid === "" || uid === stored.metadata.uid
    ? Effect.void
    : Effect.fail(Stages.invalid(at, [Causes.immutable("metadata.uid", uid)]))

/** Only a patch that names a resourceVersion is bound to one. */
const namesVersion = (body: Schema.Json, type: PatchType): boolean => {
  if (type === "json") {
    return Array.isArray(body) && body.some((step) => isObject(step) && step["path"] === "/metadata/resourceVersion")
  }
  const metadata = isObject(body) ? body["metadata"] : undefined
  return isObject(metadata) && metadata["resourceVersion"] !== undefined
}

const repinned = <A extends { readonly metadata: object }>(object: A, body: Schema.Json, type: PatchType): A =>
  namesVersion(body, type) ? object : { ...object, metadata: { ...object.metadata, resourceVersion: "" } }

/** A patch of the small object that stands for the replicas. */
const scaled = (at: At, type: PatchType, scale: WireObject, body: Schema.Json) =>
  Effect.map(merged(at, type, scale, body), (after) =>
    isObject(after) ? repinned({ ...after, metadata: Object(after["metadata"]) }, body, type) : after
  )

/** What kind it is stands in the path, whatever a strategic merge patch says. */
const typeOf = ({ apiVersion, kind }: WireObject) => ({
  ...(apiVersion !== undefined && { apiVersion }),
  ...(kind !== undefined && { kind })
})

/** The patch on the wire form that the client sees. */
const merged = (
  at: At,
  type: PatchType,
  before: WireObject,
  body: Schema.Json
): Effect.Effect<Schema.Json, ApiError | Unavailable> =>
  Effect.suspend((): Effect.Effect<Schema.Json, ApiError | Unavailable> => {
    switch (type) {
      case "json":
        return Effect.fromResult(JsonPatch.patch(before, body))
      case "merge":
        return isObject(body)
          ? Effect.succeed(MergePatch.apply(before, body))
          : Effect.fail(new BadRequest({ detail: "a merge patch is a JSON object" }))
      case "strategic":
        if (at.served.strategy.strategicMerge === false)
          return Effect.fail(
            new UnsupportedMediaType({
              given: "application/strategic-merge-patch+json",
              supported: ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"]
            })
          )
        return Effect.map(
          Effect.fromResult(StrategicMerge.apply(Shape.of(at.version.schema()), before, body ?? {})),
          (after) => ({ ...after, ...typeOf(before) })
        )
      case "apply":
        return isObject(body)
          ? Effect.succeed(MergePatch.apply(before, body))
          : Effect.fail(new BadRequest({ detail: "an apply patch is an object" }))
    }
  })

/** The name in the path is the object's. What is no metadata at all stays, to be refused. */
const namedAs = (name: string, metadata: Schema.Json | undefined): Schema.Json => {
  if (metadata === undefined || metadata === null) return { name }
  if (!isObject(metadata)) return metadata
  return typeof metadata["name"] === "string" ? { ...metadata, name } : { name, ...metadata }
}

const apply = Effect.fnUntraced(function* (environment: Environment, at: At, body: Schema.Json, options: WriteOptions) {
  const { fieldManager = "" } = options
  if (fieldManager === "")
    return yield* new BadRequest({
      detail: 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
    })
  if (!isObject(body))
    return yield* new BadRequest({ detail: "an apply patch is an object with apiVersion, kind and metadata.name" })
  const { metadata } = body
  if (isObject(metadata) && metadata["managedFields"] !== undefined)
    return yield* new BadRequest({ detail: "metadata.managedFields must be nil" })
  const named: WireObject = { ...body, metadata: namedAs(at.name, metadata) }
  const onto = change(environment, at, (stored) => applied(at, stored, named, options), options)
  return yield* Effect.catchTag(onto, "NotFound", (error) =>
    at.subresource === "" ? created(environment, at, named, options) : Effect.fail(error)
  )
})

const appliedTo = Effect.fnUntraced(function* (
  at: At,
  live: WireObject | undefined,
  body: WireObject,
  options: WriteOptions
) {
  const result = Apply.apply({
    shape: Shape.of(at.version.schema()),
    live,
    applied: body,
    manager: options.fieldManager ?? "",
    apiVersion: apiVersion(at.version),
    subresource: at.subresource,
    time: yield* Stamp.now,
    reset: Stages.resetOf(at),
    inVersion: Stages.inVersion(at),
    force: options.force === true
  })
  if (Result.isSuccess(result)) return result.success
  const { failure } = result
  return yield* failure._tag === "BadRequest" ? failure : new ApplyConflict({ ...where(at), causes: failure.conflicts })
})

const applied = Effect.fnUntraced(function* (at: At, stored: Resource, body: WireObject, options: WriteOptions) {
  const live = yield* wireOf(at, stored)
  const { object, warnings } = yield* Stages.decode(at, yield* appliedTo(at, live, body, options), options)
  yield* sameUid(at, object, stored)
  const { resourceVersion } = Object(body["metadata"])
  const pinned = typeof resourceVersion === "string" ? resourceVersion : ""
  return {
    object: { ...object, metadata: { ...object.metadata, resourceVersion: pinned } },
    warnings,
    managed: true
  } satisfies Wanted
})

/** What is not there is created. The applier owns what it said, and not what the API filled in. */
const created = Effect.fnUntraced(function* (environment: Environment, at: At, body: WireObject, options: WriteOptions) {
  yield* authorize(environment, attributesOf(at, "create"))
  const { resourceVersion: _, ...metadata } = Object(body["metadata"])
  const { uid } = metadata
  if (typeof uid === "string" && uid !== "")
    return yield* new Conflict({
      ...where(at),
      detail: `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
    })
  return yield* Create.store(environment, at, yield* appliedTo(at, undefined, { ...body, metadata }, options), options, true)
})
