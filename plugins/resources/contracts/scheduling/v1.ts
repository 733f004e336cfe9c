// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"

const { Bool, Int32, Text, asJson, define, defaulted, optional, struct } = Field

export interface PriorityClass {
  readonly description?: string
  readonly globalDefault?: boolean
  readonly metadata: ObjectMeta
  readonly preemptionPolicy: string
  readonly value: number
}
export interface PriorityClassDraft {
  readonly description?: string
  readonly globalDefault?: boolean
  readonly metadata: ObjectMetaDraft
  readonly preemptionPolicy?: string
  readonly value?: number
}
export const PriorityClassSchema: Field.Lazy<PriorityClassDraft> = define("scheduling.v1.PriorityClass", () =>
  struct({
    description: optional(Text),
    globalDefault: optional(Bool),
    metadata: defaulted(ObjectMetaDraft(), {}),
    preemptionPolicy: defaulted(Text, "PreemptLowerPriority"),
    value: defaulted(Int32, 0)
  }), { omitted: ["description","globalDefault"], parts: ["metadata","value"] })
export const PriorityClass = Kind.make<PriorityClass, PriorityClassDraft>({
  kind: "PriorityClass",
  plural: "priorityclasses",
  singular: "priorityclass",
  namespaced: false,
  storage: "priorityclasses.scheduling.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  shortNames: ["pc"],
  versions: [{ group: "scheduling.k8s.io", version: "v1", schema: asJson(PriorityClassSchema) }]
})
