/** The part that all objects have. Source: API conventions, "Metadata"; `meta/v1` of the API description. */
import * as Field from "./Field.ts"

const { Bool, Free, Int64, Text, Time, define, list, map, optional, struct } = Field

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}
export const OwnerReference = define<OwnerReference>(
  "meta.v1.OwnerReference",
  () =>
    struct({
      apiVersion: Text,
      kind: Text,
      name: Text,
      uid: Text,
      controller: optional(Bool),
      blockOwnerDeletion: optional(Bool)
    }),
  { atomic: true }
)

/** Who owns which fields, and since when: what server-side apply decides by. */
export interface ManagedFieldsEntry {
  readonly manager?: string
  readonly operation?: string
  readonly apiVersion?: string
  readonly time?: string
  readonly fieldsType?: string
  readonly fieldsV1?: typeof Free.Type
  readonly subresource?: string
}
export const ManagedFieldsEntry = define<ManagedFieldsEntry>("meta.v1.ManagedFieldsEntry", () =>
  struct({
    manager: optional(Text),
    operation: optional(Text),
    apiVersion: optional(Text),
    time: optional(Time),
    fieldsType: optional(Text),
    fieldsV1: optional(Free),
    subresource: optional(Text)
  })
)

/** As readers find it. `resourceVersion` is the revision of the log; it is never stored in the object. */
export interface ObjectMeta {
  readonly name: string
  readonly generateName?: string
  readonly namespace?: string
  readonly uid: string
  readonly resourceVersion: string
  readonly generation?: number
  readonly creationTimestamp: string
  readonly deletionTimestamp?: string
  readonly deletionGracePeriodSeconds?: number
  readonly labels?: { readonly [key: string]: string }
  readonly annotations?: { readonly [key: string]: string }
  readonly ownerReferences?: ReadonlyArray<OwnerReference>
  readonly finalizers?: ReadonlyArray<string>
  readonly managedFields?: ReadonlyArray<ManagedFieldsEntry>
  readonly selfLink?: string
}
/** As writers give it: nothing in it is required. Also the metadata of a template. */
export type ObjectMetaDraft = { readonly [Field in keyof ObjectMeta]?: ObjectMeta[Field] }

const labelled = { labels: optional(map(Text)), annotations: optional(map(Text)) }
export const ObjectMetaDraft = define<ObjectMetaDraft>(
  "meta.v1.ObjectMeta",
  () =>
    struct({
      name: optional(Text),
      generateName: optional(Text),
      namespace: optional(Text),
      uid: optional(Text),
      resourceVersion: optional(Text),
      generation: optional(Int64),
      creationTimestamp: optional(Time),
      deletionTimestamp: optional(Time),
      deletionGracePeriodSeconds: optional(Int64),
      ...labelled,
      ownerReferences: optional(list(OwnerReference(), { list: "map", keys: ["uid"], patch: ["merge"], mergeKey: "uid" })),
      finalizers: optional(list(Text, { list: "set", patch: ["merge"] })),
      managedFields: optional(list(ManagedFieldsEntry(), { list: "atomic" })),
      selfLink: optional(Text)
    }),
  { omitted: ["generateName", "generation", "namespace", "resourceVersion", "selfLink", "uid"] }
)
