/** What happens to an object when it is written in memory: the part of the API's semantics that programs rely on. Pure. */
import { Predicate, type Schema } from "effect"
import type { DeleteOptions, WireObject } from "../../kernel/client/Api.ts"
import { apiVersion, type Any as Kind } from "../../kernel/resource/Kind.ts"
import * as Equal from "../../kernel/resource/JsonEqual.ts"

type Json = Schema.Json
type Fields = Schema.JsonObject

/** What the server adds to a write. */
export interface Moment {
  readonly now: string
  /** In milliseconds, for deadlines. */
  readonly millis: number
  readonly uid: string
  readonly suffix: string
}

export const fieldsOf = (value: Json | undefined): Fields => (Predicate.isObject(value) ? (value as Fields) : {})
export const textOf = (value: Json | undefined) => (typeof value === "string" ? value : "")
export const metaOf = ({ metadata }: WireObject) => fieldsOf(metadata)
export const nameOf = (object: WireObject) => textOf(metaOf(object)["name"])
export const namespaceOf = (object: WireObject) => textOf(metaOf(object)["namespace"])

export const without = (fields: Fields, ...names: ReadonlyArray<string>): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))
const only = (fields: Fields, ...names: ReadonlyArray<string>): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)))

const listOf = (value: Json | undefined): ReadonlyArray<Json> => (Array.isArray(value) ? value : [])
const finalizersOf = (object: WireObject) => [
  ...listOf(metaOf(object)["finalizers"]),
  // Those of a Namespace stand in its spec.
  ...(object["kind"] === "Namespace" ? listOf(fieldsOf(object["spec"])["finalizers"]) : [])
]

/** The status with which an object begins, and the finalizers of namespaces. */
const begin = (kind: Kind): Fields => {
  switch (kind.storage) {
    case "pods":
      return { status: { phase: "Pending" } }
    case "namespaces":
      return { spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } }
    default:
      return kind.subresources.includes("status") ? { status: {} } : {}
  }
}

export const created = (kind: Kind, body: WireObject, namespace: string, { now, suffix, uid }: Moment): WireObject => {
  const meta = metaOf(body)
  const prefix = textOf(meta["generateName"])
  const name = textOf(meta["name"]) || (prefix === "" ? "" : prefix + suffix)
  return {
    ...body,
    ...begin(kind),
    apiVersion: apiVersion(kind.versions[0]),
    kind: kind.kind,
    metadata: {
      ...without(meta, "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"),
      name,
      ...(kind.namespaced && { namespace }),
      uid,
      generation: 1,
      creationTimestamp: now
    }
  }
}

const fixed = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "generation",
  "deletionTimestamp",
  "deletionGracePeriodSeconds"
]

/** `undefined`: there is no such subresource. Labels and annotations can be changed through every door. */
export const updated = (kind: Kind, before: WireObject, body: WireObject, subresource: string): WireObject | undefined => {
  const metadata = { ...without(metaOf(body), "resourceVersion", ...fixed), ...only(metaOf(before), ...fixed) }
  const hasStatus = kind.subresources.includes("status")
  switch (subresource) {
    case "": {
      const after = { ...body, ...only(before, "apiVersion", "kind"), metadata }
      return hasStatus ? { ...without(after, "status"), ...only(before, "status") } : after
    }
    case "status":
      return hasStatus ? { ...before, ...only(body, "status"), metadata } : undefined
    default:
      // Such as `finalize`, `approval`, `resize`: the same object, through a door of its own.
      return kind.subresources.includes(subresource) ? { ...before, ...only(body, "spec", "status"), metadata } : undefined
  }
}

const unversioned = (object: WireObject) => ({ ...object, metadata: without(metaOf(object), "resourceVersion") })
export const isSame = (a: WireObject, b: WireObject) => Equal.equal(unversioned(a), unversioned(b))

const about = ["metadata", "status"]
/** What is wanted has changed: the generation counts that. */
export const counted = (before: WireObject, after: WireObject): WireObject => {
  if (Equal.equal(without(before, ...about), without(after, ...about))) return after
  const generation = Number(metaOf(before)["generation"] ?? 0) + 1
  return { ...after, metadata: { ...metaOf(after), generation } }
}

/** Marked to be deleted, and nobody holds it any more. */
export const isFinished = (object: WireObject) => {
  const { deletionGracePeriodSeconds = 0, deletionTimestamp } = metaOf(object)
  return deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && finalizersOf(object).length === 0
}

const graceOf = (object: WireObject, { gracePeriodSeconds }: DeleteOptions): number => {
  if (object["kind"] !== "Pod") return 0
  const { nodeName, terminationGracePeriodSeconds = 30 } = fieldsOf(object["spec"])
  const { phase } = fieldsOf(object["status"])
  if (textOf(nodeName) === "" || phase === "Succeeded" || phase === "Failed") return 0
  return gracePeriodSeconds ?? Number(terminationGracePeriodSeconds)
}

const finalizerOf = { Orphan: "orphan", Foreground: "foregroundDeletion", Background: undefined } as const

/** The object as a delete leaves it; finished if it goes at once. */
export const deleted = (before: WireObject, options: DeleteOptions, { millis }: Moment): WireObject => {
  const meta = metaOf(before)
  const added = finalizerOf[options.propagationPolicy ?? "Background"]
  const finalizers = listOf(meta["finalizers"])
  const wanted = added === undefined || finalizers.includes(added) ? finalizers : [...finalizers, added]
  const grace = graceOf(before, options)
  const marked = meta["deletionTimestamp"] !== undefined
  const isLonger = marked && Number(meta["deletionGracePeriodSeconds"] ?? 0) <= grace
  const deadline = { deletionTimestamp: `${new Date(millis + grace * 1000).toISOString().slice(0, 19)}Z` }
  const mark = isLonger ? {} : { ...deadline, deletionGracePeriodSeconds: grace }
  const metadata = {
    ...meta,
    ...(wanted.length > 0 && { finalizers: wanted }),
    ...mark,
    ...(!marked && { generation: Number(meta["generation"] ?? 0) + 1 })
  }
  const isNamespace = before["kind"] === "Namespace"
  return { ...before, metadata, ...(isNamespace && { status: { ...fieldsOf(before["status"]), phase: "Terminating" } }) }
}

/** What a Binding does to its Pod; `undefined` if it has a node already. */
export const bound = (pod: WireObject, binding: WireObject, { now }: Moment): WireObject | undefined => {
  const spec = fieldsOf(pod["spec"])
  if (textOf(spec["nodeName"]) !== "") return undefined
  const status = fieldsOf(pod["status"])
  const others = listOf(status["conditions"]).filter((condition) => fieldsOf(condition)["type"] !== "PodScheduled")
  const scheduled = { type: "PodScheduled", status: "True", lastTransitionTime: now }
  const nodeName = textOf(fieldsOf(binding["target"])["name"])
  return { ...pod, spec: { ...spec, nodeName }, status: { ...status, conditions: [...others, scheduled] } }
}
