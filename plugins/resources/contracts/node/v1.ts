// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as coreV1 from "../core/v1.ts"

const { Quantity, Text, asJson, define, defaulted, list, map, optional, struct } = Field

export interface Overhead {
  readonly podFixed?: { readonly [key: string]: string }
}
export const Overhead: Field.Lazy<Overhead> = define("node.v1.Overhead", () =>
  struct({
    podFixed: optional(map(Quantity))
  }))

export interface RuntimeClass {
  readonly handler: string
  readonly metadata: ObjectMeta
  readonly overhead?: Overhead
  readonly scheduling?: Scheduling
}
export interface RuntimeClassDraft {
  readonly handler: string
  readonly metadata: ObjectMetaDraft
  readonly overhead?: Overhead
  readonly scheduling?: Scheduling
}
export const RuntimeClassSchema: Field.Lazy<RuntimeClassDraft> = define("node.v1.RuntimeClass", () =>
  struct({
    handler: Text,
    metadata: defaulted(ObjectMetaDraft(), {}),
    overhead: optional(Overhead()),
    scheduling: optional(Scheduling())
  }), { parts: ["handler","metadata"] })
export const RuntimeClass = Kind.make<RuntimeClass, RuntimeClassDraft>({
  kind: "RuntimeClass",
  plural: "runtimeclasses",
  singular: "runtimeclass",
  namespaced: false,
  storage: "runtimeclasses.node.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "node.k8s.io", version: "v1", schema: asJson(RuntimeClassSchema) }]
})

export interface Scheduling {
  readonly nodeSelector?: { readonly [key: string]: string }
  readonly tolerations?: ReadonlyArray<coreV1.Toleration>
}
export const Scheduling: Field.Lazy<Scheduling> = define("node.v1.Scheduling", () =>
  struct({
    nodeSelector: optional(map(Text, { atomic: true })),
    tolerations: optional(list(coreV1.Toleration(), { list: "atomic" }))
  }))
