// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as metaV1 from "../meta/v1.ts"

const { Int32, Int64, IntOrString, Text, Time, asJson, define, defaulted, list, map, optional, patched, struct } = Field

export interface Eviction {
  readonly apiVersion?: string
  readonly deleteOptions?: metaV1.DeleteOptions
  readonly kind?: string
  readonly metadata?: ObjectMetaDraft
}
export const Eviction: Field.Lazy<Eviction> = define("policy.v1.Eviction", () =>
  struct({
    apiVersion: optional(Text),
    deleteOptions: optional(metaV1.DeleteOptions()),
    kind: optional(Text),
    metadata: optional(ObjectMetaDraft())
  }), { parts: ["metadata"] })

export interface PodDisruptionBudget {
  readonly metadata: ObjectMeta
  readonly spec: PodDisruptionBudgetSpec
  readonly status: PodDisruptionBudgetStatus
}
export interface PodDisruptionBudgetDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: PodDisruptionBudgetSpec
  readonly status?: PodDisruptionBudgetStatusDraft
}
export const PodDisruptionBudgetSchema: Field.Lazy<PodDisruptionBudgetDraft> = define("policy.v1.PodDisruptionBudget", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(PodDisruptionBudgetSpec(), {}),
    status: defaulted(PodDisruptionBudgetStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const PodDisruptionBudget = Kind.make<PodDisruptionBudget, PodDisruptionBudgetDraft>({
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  singular: "poddisruptionbudget",
  namespaced: true,
  storage: "poddisruptionbudgets.policy",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  shortNames: ["pdb"],
  versions: [{ group: "policy", version: "v1", schema: asJson(PodDisruptionBudgetSchema) }]
})

export interface PodDisruptionBudgetSpec {
  readonly maxUnavailable?: number | string
  readonly minAvailable?: number | string
  readonly selector?: metaV1.LabelSelector
  readonly unhealthyPodEvictionPolicy?: string
}
export const PodDisruptionBudgetSpec: Field.Lazy<PodDisruptionBudgetSpec> = define("policy.v1.PodDisruptionBudgetSpec", () =>
  struct({
    maxUnavailable: optional(IntOrString),
    minAvailable: optional(IntOrString),
    selector: optional(patched(metaV1.LabelSelector(), { patch: ["replace"] })),
    unhealthyPodEvictionPolicy: optional(Text)
  }))

export interface PodDisruptionBudgetStatus {
  readonly conditions?: ReadonlyArray<metaV1.Condition>
  readonly currentHealthy: number
  readonly desiredHealthy: number
  readonly disruptedPods?: { readonly [key: string]: string }
  readonly disruptionsAllowed: number
  readonly expectedPods: number
  readonly observedGeneration?: number
}
export interface PodDisruptionBudgetStatusDraft {
  readonly conditions?: ReadonlyArray<metaV1.ConditionDraft>
  readonly currentHealthy?: number
  readonly desiredHealthy?: number
  readonly disruptedPods?: { readonly [key: string]: string }
  readonly disruptionsAllowed?: number
  readonly expectedPods?: number
  readonly observedGeneration?: number
}
export const PodDisruptionBudgetStatus: Field.Lazy<PodDisruptionBudgetStatus> = define("policy.v1.PodDisruptionBudgetStatus", () =>
  struct({
    conditions: optional(list(metaV1.Condition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    currentHealthy: defaulted(Int32, 0),
    desiredHealthy: defaulted(Int32, 0),
    disruptedPods: optional(map(Time)),
    disruptionsAllowed: defaulted(Int32, 0),
    expectedPods: defaulted(Int32, 0),
    observedGeneration: optional(Int64)
  }), { omitted: ["observedGeneration"], parts: ["currentHealthy","desiredHealthy","disruptionsAllowed","expectedPods"] })
