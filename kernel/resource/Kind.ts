/**
 * What a kind of object is: where its objects live, and the versions in which the API serves them. A kind is an identity and
 * a type; what the server does with its objects (dynamic defaults, validation, columns) is its `Strategy`, beside it.
 */
import type { Effect, Schema } from "effect"
import type { WireObject } from "../client/Api.ts"
import type { ApiError, Cause } from "../client/Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import type { Lazy } from "./Field.ts"
import type { ObjectMeta, ObjectMetaDraft, OwnerReference } from "./Metadata.ts"

/** `namespace` is empty for objects of the cluster. */
export interface Key {
  readonly namespace: string
  readonly name: string
}

export interface Resource {
  readonly metadata: ObjectMeta
}
export interface ResourceDraft {
  readonly metadata: ObjectMetaDraft
}

/** What a request may do with objects of a kind. */
export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection"

/** One version that the API serves. */
export interface Version {
  readonly group: string
  readonly version: string
  /** Of the wire form in this version, without `apiVersion` and `kind`. Nothing of it is built before its first use. */
  readonly schema: Lazy<Schema.Json>
  /** Between this version and the first, which programs read and the log keeps. Absent: they are the same. */
  readonly convert?: {
    readonly from: (wire: Schema.JsonObject) => Schema.JsonObject
    readonly to: (object: Schema.JsonObject) => Schema.JsonObject
  }
  /** `false`: only the log knows it. */
  readonly served?: boolean
  /** What is wrong with a whole object of this version beyond its shape, after admission; `old` is what it replaces. */
  readonly validate?: (object: Schema.JsonObject, old: Schema.JsonObject | undefined) => ReadonlyArray<Cause>
  /** By which of the kind's selectable fields it knows objects. Absent: by all. */
  readonly selectable?: (field: string) => boolean
  /** How API descriptions show it, if not by its schema. */
  readonly described?: Schema.JsonObject
}

/** `A` is what programs read, whatever version a client speaks; `Draft` is what they write. */
export interface Kind<out A extends Resource, in Draft extends ResourceDraft> {
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly namespaced: boolean
  /** Where the objects live, such as `deployments.apps`. It outlasts groups and versions. */
  readonly storage: string
  /** The log that keeps them. Revisions compare only within one log. */
  readonly log: "objects" | "events" | "leases"
  readonly verbs: ReadonlyArray<Verb>
  /** Such as `status`, `scale`, `log`. */
  readonly subresources: ReadonlyArray<string>
  readonly shortNames: ReadonlyArray<string>
  readonly categories: ReadonlyArray<string>
  readonly versions: readonly [Version, ...ReadonlyArray<Version>]
  /** What a list of it is called, if it is not the kind with `List` behind it. */
  readonly listKind?: string
  /**
   * Between its versions by somebody who has to be asked: whole objects of any of them, in `version`. Absent: by the functions of
   * the versions.
   */
  readonly convert?: (
    objects: ReadonlyArray<WireObject>,
    version: Version
  ) => Effect.Effect<ReadonlyArray<WireObject>, ApiError | Unavailable>
  /** Names the rules by which its objects were decoded before they were stored: where these can change. See `Reader` in Row.ts. */
  readonly form?: string
  /** No value: what binds the types of readers and writers to the kind. */
  readonly "~types"?: { readonly read: A; readonly write: (draft: Draft) => void }
}

/** A kind of which nothing is known but that it is one: what registries and the API's door work with. */
export type Any = Kind<Resource, never>

export type Of<K> = K extends Kind<infer A, never> ? A : never
export type DraftOf<K> = K extends Kind<infer _, infer Draft> ? Draft : never

const defaults = { log: "objects", subresources: [], shortNames: [], categories: [] } as const

export const make = <A extends Resource, Draft extends ResourceDraft>(
  kind: Omit<Kind<A, Draft>, keyof typeof defaults | "~types"> & {
    readonly [K in keyof typeof defaults]?: Kind<A, Draft>[K]
  }
): Kind<A, Draft> => ({ ...defaults, ...kind })

export const apiVersion = ({ group, version }: { readonly group: string; readonly version: string }) =>
  group === "" ? version : `${group}/${version}`

export const keyOf = ({ metadata: { name, namespace = "" } }: Resource): Key => ({ namespace, name })

export const controllerOf = ({ metadata }: Resource) => metadata.ownerReferences?.find(({ controller }) => controller)

/** The reference by which an object of this kind controls another. */
export const controllerReference = (kind: Any, { metadata: { name, uid } }: Resource): OwnerReference => ({
  apiVersion: apiVersion(kind.versions[0]),
  kind: kind.kind,
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true
})
