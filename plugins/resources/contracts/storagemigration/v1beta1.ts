// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as metaV1 from "../meta/v1.ts"

const { Text, asJson, define, defaulted, list, optional, struct } = Field

export interface StorageVersionMigration {
  readonly metadata: ObjectMeta
  readonly spec?: StorageVersionMigrationSpec
  readonly status?: StorageVersionMigrationStatus
}
export interface StorageVersionMigrationDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: StorageVersionMigrationSpec
  readonly status?: StorageVersionMigrationStatusDraft
}
export const StorageVersionMigrationSchema: Field.Lazy<StorageVersionMigrationDraft> = define("storagemigration.v1beta1.StorageVersionMigration", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: optional(StorageVersionMigrationSpec()),
    status: optional(StorageVersionMigrationStatus())
  }))
export const StorageVersionMigration = Kind.make<StorageVersionMigration, StorageVersionMigrationDraft>({
  kind: "StorageVersionMigration",
  plural: "storageversionmigrations",
  singular: "storageversionmigration",
  namespaced: false,
  storage: "storageversionmigrations.storagemigration.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  versions: [{ group: "storagemigration.k8s.io", version: "v1beta1", schema: asJson(StorageVersionMigrationSchema) }]
})

export interface StorageVersionMigrationSpec {
  readonly resource: metaV1.GroupResource
}
export const StorageVersionMigrationSpec: Field.Lazy<StorageVersionMigrationSpec> = define("storagemigration.v1beta1.StorageVersionMigrationSpec", () =>
  struct({
    resource: metaV1.GroupResource()
  }))

export interface StorageVersionMigrationStatus {
  readonly conditions?: ReadonlyArray<metaV1.Condition>
  readonly resourceVersion?: string
}
export interface StorageVersionMigrationStatusDraft {
  readonly conditions?: ReadonlyArray<metaV1.ConditionDraft>
  readonly resourceVersion?: string
}
export const StorageVersionMigrationStatus: Field.Lazy<StorageVersionMigrationStatus> = define("storagemigration.v1beta1.StorageVersionMigrationStatus", () =>
  struct({
    conditions: optional(list(metaV1.Condition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    resourceVersion: optional(Text)
  }))
