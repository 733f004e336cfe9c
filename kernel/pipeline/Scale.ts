/** The subresource `scale`: the replicas of any kind that says where they are, as one small object. Source: autoscaling/v1 Scale. */
import { Effect, Option, Result, Schema } from "effect"
import { BadRequest, Invalid, MethodNotAllowed } from "../client/Errors.ts"
import type { WireObject } from "../client/Api.ts"
import type { ApiError } from "../client/Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import * as Causes from "../resource/Causes.ts"
import * as Decoder from "../resource/Decoder.ts"
import { Int32, optional, struct, Text } from "../resource/Field.ts"
import { apiVersion, type Resource } from "../resource/Kind.ts"
import { LabelSelector } from "../resource/LabelSelector.ts"
import { ObjectMetaDraft } from "../resource/Metadata.ts"
import * as Selector from "../resource/Selector.ts"
import * as Shape from "../resource/Shape.ts"
import type { ScalePaths } from "../resource/Strategy.ts"
import { unsaved } from "../table/Envelope.ts"
import type { Row } from "../table/Row.ts"
import * as Admit from "./Admit.ts"
import type { Environment } from "./Environment.ts"
import type { At, WriteOptions, Written } from "./Pipeline.ts"
import { where } from "./Read.ts"
import * as Stages from "./Stages.ts"
import type { Change } from "./Update.ts"

const Body = struct({
  metadata: optional(ObjectMetaDraft()),
  spec: optional(struct({ replicas: optional(Int32) })),
  status: optional(struct({ replicas: optional(Int32), selector: optional(Text) }))
})
const decodeBody = Schema.decodeUnknownOption(Body)

const type = { kind: "Scale", apiVersion: "autoscaling/v1" }

/** A Scale that a client wants, and what of it nobody knows. */
export interface Asked {
  readonly scale: WireObject
  readonly warnings: ReadonlyArray<string>
}

/** Checked and pruned; a patch that makes no Scale is told as such. */
export const asked = (
  at: At,
  wire: Schema.Json,
  { fieldValidation = "Warn", repeated = [] }: WriteOptions,
  isPatch: boolean
): Effect.Effect<Asked, BadRequest | Invalid> =>
  Effect.suspend((): Effect.Effect<Asked, BadRequest | Invalid> => {
    const decoded = Decoder.decode(Shape.of(Body))(wire, { unknown: fieldValidation, repeated })
    if (Result.isSuccess(decoded)) {
      const { object: scale, warnings } = decoded.success
      return Effect.succeed({ scale, warnings })
    }
    const { causes, malformed } = decoded.failure
    if (malformed === undefined) return Effect.fail(invalid(at, causes))
    if (!isPatch)
      return Effect.fail(new BadRequest({ detail: `Scale in version "v1" cannot be handled as a Scale: ${malformed}` }))
    return Effect.fail(invalid(at, [{ field: "patch", type: "FieldValueInvalid", detail: `Invalid value: ${malformed}` }]))
  })

const invalid = (at: At, causes: Invalid["causes"]) =>
  new Invalid({ ...where(at), group: "autoscaling", resource: "scales", kind: "Scale", causes })

const decodeSelector = Schema.decodeUnknownOption(LabelSelector())

const isObject = (value: unknown): value is Schema.JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const read = (object: Schema.Json, path: string): Schema.Json | undefined =>
  path.split(".").reduce<Schema.Json | undefined>((value, step) => (isObject(value) ? value[step] : undefined), object)

const write1 = (
  object: Schema.JsonObject,
  [step = "", ...rest]: ReadonlyArray<string>,
  value: Schema.Json
): Schema.JsonObject => {
  const inner = object[step]
  return { ...object, [step]: rest.length === 0 ? value : write1(isObject(inner) ? inner : {}, rest, value) }
}

/** `status.selector` is text: what lists the Pods. */
const selectorText = (value: Schema.Json | undefined): string => {
  if (typeof value === "string") return value
  if (!isObject(value)) return ""
  const isLabelSelector = "matchLabels" in value || "matchExpressions" in value
  const selector = decodeSelector(isLabelSelector ? value : { matchLabels: value })
  return Option.isNone(selector) ? "" : Selector.format(Selector.ofObject(selector.value) ?? [])
}

export const scaleOf = (row: Row, paths: ScalePaths): WireObject => {
  const { metadata } = row.object
  const { creationTimestamp, name, namespace, resourceVersion, uid } = metadata
  const selector = paths.selector === undefined ? "" : selectorText(read(row.wire, paths.selector))
  const replicas = read(row.wire, paths.spec) ?? 0
  return {
    ...type,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: read(row.wire, paths.status) ?? 0, ...(selector === "" ? {} : { selector }) }
  }
}

/** The Scale as a row, so that it is answered as every object is. */
export const rowOf = (at: At, row: Row, paths: ScalePaths): Row => {
  const { apiVersion: _a, kind: _k, ...scale } = scaleOf(row, paths)
  return unsaved(
    { ...at.served.kind, kind: "Scale", versions: [{ ...at.version, group: "autoscaling", version: "v1" }] },
    scale,
    row
  )
}

export const pathsOf = (at: At): Effect.Effect<ScalePaths, MethodNotAllowed> =>
  at.served.strategy.scale === undefined
    ? Effect.fail(new MethodNotAllowed({ ...where(at), verb: "scale" }))
    : Effect.succeed(at.served.strategy.scale)

type ChangeOf = (
  environment: Environment,
  at: At,
  make: Change,
  options: WriteOptions
) => Effect.Effect<Written, ApiError | Unavailable>

/** An apply of what stands for the replicas in the object itself: with its owners, or refused for another's. */
export type Settle = (stored: Resource, configuration: WireObject) => Effect.Effect<Resource, ApiError | Unavailable>

/** Makes a new Scale of the present one, and puts its replicas where the kind has them. */
export const write = Effect.fnUntraced(function* (
  environment: Environment,
  at: At,
  make: (scale: WireObject) => Effect.Effect<Asked, ApiError | Unavailable>,
  options: WriteOptions,
  change: ChangeOf,
  settle?: Settle
) {
  const paths = yield* pathsOf(at)
  const main = { ...at, subresource: "" }
  const wanted = Effect.fnUntraced(function* (stored: Resource) {
    const show = (object: Resource) => scaleOf(Stages.dryRow(main, object, Number(stored.metadata.resourceVersion)), paths)
    const present = show(stored)
    const { scale, warnings } = yield* make(present)
    const asking = Admit.writing(at, "UPDATE", options)
    const objects = { object: { ...scale, ...type }, old: present }
    const body = decodeBody(yield* Admit.mutate(environment, asking, objects))
    if (Option.isNone(body)) return yield* new BadRequest({ detail: "what admission made of the Scale is none" })
    const { metadata = {}, spec: { replicas = 0 } = {} } = body.value
    yield* Stages.addressed(at, { ...stored, metadata: { ...stored.metadata, name: "", namespace: "", ...metadata } })
    if (replicas < 0) {
      return yield* invalid(at, [Causes.invalid("spec.replicas", replicas, "must be greater than or equal to 0")])
    }
    const replaced = (object: WireObject) => write1(object, paths.spec.split("."), replicas)
    const named = { apiVersion: apiVersion(at.version), kind: at.served.kind.kind, metadata: { name: at.name } }
    const object =
      settle === undefined ? Stages.asResource(replaced(Stages.asWire(stored))) : yield* settle(stored, replaced(named))
    return {
      object: {
        ...object,
        metadata: { ...object.metadata, resourceVersion: metadata.resourceVersion ?? "", uid: metadata.uid ?? "" }
      },
      warnings: [...warnings, ...asking.warnings],
      managed: settle !== undefined,
      shown: { at, of: show }
    }
  })
  const { row, ...written } = yield* change(environment, main, wanted, { ...options })
  return { ...written, row: rowOf(at, row, paths) }
})
