// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as metaV1 from "../meta/v1.ts"

const { Text, asJson, define, defaulted, list, optional, struct } = Field

export interface AggregationRule {
  readonly clusterRoleSelectors?: ReadonlyArray<metaV1.LabelSelector>
}
export const AggregationRule: Field.Lazy<AggregationRule> = define("rbac.v1.AggregationRule", () =>
  struct({
    clusterRoleSelectors: optional(list(metaV1.LabelSelector(), { list: "atomic" }))
  }))

export interface ClusterRole {
  readonly aggregationRule?: AggregationRule
  readonly metadata: ObjectMeta
  readonly rules: ReadonlyArray<PolicyRule>
}
export interface ClusterRoleDraft {
  readonly aggregationRule?: AggregationRule
  readonly metadata: ObjectMetaDraft
  readonly rules?: ReadonlyArray<PolicyRule>
}
export const ClusterRoleSchema: Field.Lazy<ClusterRoleDraft> = define("rbac.v1.ClusterRole", () =>
  struct({
    aggregationRule: optional(AggregationRule()),
    metadata: defaulted(ObjectMetaDraft(), {}),
    rules: defaulted(list(PolicyRule(), { list: "atomic" }), [])
  }), { parts: ["metadata","rules"] })
export const ClusterRole = Kind.make<ClusterRole, ClusterRoleDraft>({
  kind: "ClusterRole",
  plural: "clusterroles",
  singular: "clusterrole",
  namespaced: false,
  storage: "clusterroles.rbac.authorization.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "rbac.authorization.k8s.io", version: "v1", schema: asJson(ClusterRoleSchema) }]
})

export interface ClusterRoleBinding {
  readonly metadata: ObjectMeta
  readonly roleRef: RoleRef
  readonly subjects?: ReadonlyArray<Subject>
}
export interface ClusterRoleBindingDraft {
  readonly metadata: ObjectMetaDraft
  readonly roleRef: RoleRefDraft
  readonly subjects?: ReadonlyArray<Subject>
}
export const ClusterRoleBindingSchema: Field.Lazy<ClusterRoleBindingDraft> = define("rbac.v1.ClusterRoleBinding", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    roleRef: RoleRef(),
    subjects: optional(list(Subject(), { list: "atomic" }))
  }), { parts: ["metadata","roleRef"] })
export const ClusterRoleBinding = Kind.make<ClusterRoleBinding, ClusterRoleBindingDraft>({
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  singular: "clusterrolebinding",
  namespaced: false,
  storage: "clusterrolebindings.rbac.authorization.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "rbac.authorization.k8s.io", version: "v1", schema: asJson(ClusterRoleBindingSchema) }]
})

export interface PolicyRule {
  readonly apiGroups?: ReadonlyArray<string>
  readonly nonResourceURLs?: ReadonlyArray<string>
  readonly resourceNames?: ReadonlyArray<string>
  readonly resources?: ReadonlyArray<string>
  readonly verbs: ReadonlyArray<string>
}
export const PolicyRule: Field.Lazy<PolicyRule> = define("rbac.v1.PolicyRule", () =>
  struct({
    apiGroups: optional(list(Text, { list: "atomic" })),
    nonResourceURLs: optional(list(Text, { list: "atomic" })),
    resourceNames: optional(list(Text, { list: "atomic" })),
    resources: optional(list(Text, { list: "atomic" })),
    verbs: list(Text, { list: "atomic" })
  }), { parts: ["verbs"] })

export interface Role {
  readonly metadata: ObjectMeta
  readonly rules: ReadonlyArray<PolicyRule>
}
export interface RoleDraft {
  readonly metadata: ObjectMetaDraft
  readonly rules?: ReadonlyArray<PolicyRule>
}
export const RoleSchema: Field.Lazy<RoleDraft> = define("rbac.v1.Role", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    rules: defaulted(list(PolicyRule(), { list: "atomic" }), [])
  }), { parts: ["metadata","rules"] })
export const Role = Kind.make<Role, RoleDraft>({
  kind: "Role",
  plural: "roles",
  singular: "role",
  namespaced: true,
  storage: "roles.rbac.authorization.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "rbac.authorization.k8s.io", version: "v1", schema: asJson(RoleSchema) }]
})

export interface RoleBinding {
  readonly metadata: ObjectMeta
  readonly roleRef: RoleRef
  readonly subjects?: ReadonlyArray<Subject>
}
export interface RoleBindingDraft {
  readonly metadata: ObjectMetaDraft
  readonly roleRef: RoleRefDraft
  readonly subjects?: ReadonlyArray<Subject>
}
export const RoleBindingSchema: Field.Lazy<RoleBindingDraft> = define("rbac.v1.RoleBinding", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    roleRef: RoleRef(),
    subjects: optional(list(Subject(), { list: "atomic" }))
  }), { parts: ["metadata","roleRef"] })
export const RoleBinding = Kind.make<RoleBinding, RoleBindingDraft>({
  kind: "RoleBinding",
  plural: "rolebindings",
  singular: "rolebinding",
  namespaced: true,
  storage: "rolebindings.rbac.authorization.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "rbac.authorization.k8s.io", version: "v1", schema: asJson(RoleBindingSchema) }]
})

export interface RoleRef {
  readonly apiGroup: string
  readonly kind: string
  readonly name: string
}
export interface RoleRefDraft {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
}
export const RoleRef: Field.Lazy<RoleRef> = define("rbac.v1.RoleRef", () =>
  struct({
    apiGroup: defaulted(Text, "rbac.authorization.k8s.io"),
    kind: Text,
    name: Text
  }), { atomic: true, parts: ["apiGroup","kind","name"] })

export interface Subject {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}
export const Subject: Field.Lazy<Subject> = define("rbac.v1.Subject", () =>
  struct({
    apiGroup: optional(Text),
    kind: Text,
    name: Text,
    namespace: optional(Text)
  }), { atomic: true, omitted: ["apiGroup","namespace"], parts: ["kind","name"] })
