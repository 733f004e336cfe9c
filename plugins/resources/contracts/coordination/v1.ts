// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"

const { Int32, MicroTime, Text, asJson, define, defaulted, optional, struct } = Field

export interface Lease {
  readonly metadata: ObjectMeta
  readonly spec: LeaseSpec
}
export interface LeaseDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: LeaseSpec
}
export const LeaseSchema: Field.Lazy<LeaseDraft> = define("coordination.v1.Lease", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(LeaseSpec(), {})
  }), { parts: ["metadata","spec"] })
export const Lease = Kind.make<Lease, LeaseDraft>({
  kind: "Lease",
  plural: "leases",
  singular: "lease",
  namespaced: true,
  storage: "leases.coordination.k8s.io",
  log: "leases",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  versions: [{ group: "coordination.k8s.io", version: "v1", schema: asJson(LeaseSchema) }]
})

export interface LeaseSpec {
  readonly acquireTime?: string
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  readonly leaseTransitions?: number
  readonly preferredHolder?: string
  readonly renewTime?: string
  readonly strategy?: string
}
export const LeaseSpec: Field.Lazy<LeaseSpec> = define("coordination.v1.LeaseSpec", () =>
  struct({
    acquireTime: optional(MicroTime),
    holderIdentity: optional(Text),
    leaseDurationSeconds: optional(Int32),
    leaseTransitions: optional(Int32),
    preferredHolder: optional(Text),
    renewTime: optional(MicroTime),
    strategy: optional(Text)
  }))
