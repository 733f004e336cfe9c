// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as metaV1 from "../meta/v1.ts"

const { Bool, Text, asJson, define, defaulted, list, map, optional, struct } = Field

export interface FieldSelectorAttributes {
  readonly rawSelector?: string
  readonly requirements?: ReadonlyArray<metaV1.FieldSelectorRequirement>
}
export const FieldSelectorAttributes: Field.Lazy<FieldSelectorAttributes> = define("authorization.v1.FieldSelectorAttributes", () =>
  struct({
    rawSelector: optional(Text),
    requirements: optional(list(metaV1.FieldSelectorRequirement(), { list: "atomic" }))
  }), { omitted: ["rawSelector"] })

export interface LabelSelectorAttributes {
  readonly rawSelector?: string
  readonly requirements?: ReadonlyArray<metaV1.LabelSelectorRequirement>
}
export const LabelSelectorAttributes: Field.Lazy<LabelSelectorAttributes> = define("authorization.v1.LabelSelectorAttributes", () =>
  struct({
    rawSelector: optional(Text),
    requirements: optional(list(metaV1.LabelSelectorRequirement(), { list: "atomic" }))
  }), { omitted: ["rawSelector"] })

export interface LocalSubjectAccessReview {
  readonly metadata: ObjectMeta
  readonly spec: SubjectAccessReviewSpec
  readonly status: SubjectAccessReviewStatus
}
export interface LocalSubjectAccessReviewDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: SubjectAccessReviewSpec
  readonly status?: SubjectAccessReviewStatusDraft
}
export const LocalSubjectAccessReviewSchema: Field.Lazy<LocalSubjectAccessReviewDraft> = define("authorization.v1.LocalSubjectAccessReview", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: SubjectAccessReviewSpec(),
    status: defaulted(SubjectAccessReviewStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const LocalSubjectAccessReview = Kind.make<LocalSubjectAccessReview, LocalSubjectAccessReviewDraft>({
  kind: "LocalSubjectAccessReview",
  plural: "localsubjectaccessreviews",
  singular: "localsubjectaccessreview",
  namespaced: true,
  storage: "localsubjectaccessreviews.authorization.k8s.io",
  verbs: ["create"],
  versions: [{ group: "authorization.k8s.io", version: "v1", schema: asJson(LocalSubjectAccessReviewSchema) }]
})

export interface NonResourceAttributes {
  readonly path?: string
  readonly verb?: string
}
export const NonResourceAttributes: Field.Lazy<NonResourceAttributes> = define("authorization.v1.NonResourceAttributes", () =>
  struct({
    path: optional(Text),
    verb: optional(Text)
  }), { omitted: ["path","verb"] })

export interface NonResourceRule {
  readonly nonResourceURLs?: ReadonlyArray<string>
  readonly verbs: ReadonlyArray<string>
}
export const NonResourceRule: Field.Lazy<NonResourceRule> = define("authorization.v1.NonResourceRule", () =>
  struct({
    nonResourceURLs: optional(list(Text, { list: "atomic" })),
    verbs: list(Text, { list: "atomic" })
  }), { parts: ["verbs"] })

export interface ResourceAttributes {
  readonly fieldSelector?: FieldSelectorAttributes
  readonly group?: string
  readonly labelSelector?: LabelSelectorAttributes
  readonly name?: string
  readonly namespace?: string
  readonly resource?: string
  readonly subresource?: string
  readonly verb?: string
  readonly version?: string
}
export const ResourceAttributes: Field.Lazy<ResourceAttributes> = define("authorization.v1.ResourceAttributes", () =>
  struct({
    fieldSelector: optional(FieldSelectorAttributes()),
    group: optional(Text),
    labelSelector: optional(LabelSelectorAttributes()),
    name: optional(Text),
    namespace: optional(Text),
    resource: optional(Text),
    subresource: optional(Text),
    verb: optional(Text),
    version: optional(Text)
  }), { omitted: ["group","name","namespace","resource","subresource","verb","version"] })

export interface ResourceRule {
  readonly apiGroups?: ReadonlyArray<string>
  readonly resourceNames?: ReadonlyArray<string>
  readonly resources?: ReadonlyArray<string>
  readonly verbs: ReadonlyArray<string>
}
export const ResourceRule: Field.Lazy<ResourceRule> = define("authorization.v1.ResourceRule", () =>
  struct({
    apiGroups: optional(list(Text, { list: "atomic" })),
    resourceNames: optional(list(Text, { list: "atomic" })),
    resources: optional(list(Text, { list: "atomic" })),
    verbs: list(Text, { list: "atomic" })
  }), { parts: ["verbs"] })

export interface SelfSubjectAccessReview {
  readonly metadata: ObjectMeta
  readonly spec: SelfSubjectAccessReviewSpec
  readonly status: SubjectAccessReviewStatus
}
export interface SelfSubjectAccessReviewDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: SelfSubjectAccessReviewSpec
  readonly status?: SubjectAccessReviewStatusDraft
}
export const SelfSubjectAccessReviewSchema: Field.Lazy<SelfSubjectAccessReviewDraft> = define("authorization.v1.SelfSubjectAccessReview", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: SelfSubjectAccessReviewSpec(),
    status: defaulted(SubjectAccessReviewStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const SelfSubjectAccessReview = Kind.make<SelfSubjectAccessReview, SelfSubjectAccessReviewDraft>({
  kind: "SelfSubjectAccessReview",
  plural: "selfsubjectaccessreviews",
  singular: "selfsubjectaccessreview",
  namespaced: false,
  storage: "selfsubjectaccessreviews.authorization.k8s.io",
  verbs: ["create"],
  versions: [{ group: "authorization.k8s.io", version: "v1", schema: asJson(SelfSubjectAccessReviewSchema) }]
})

export interface SelfSubjectAccessReviewSpec {
  readonly nonResourceAttributes?: NonResourceAttributes
  readonly resourceAttributes?: ResourceAttributes
}
export const SelfSubjectAccessReviewSpec: Field.Lazy<SelfSubjectAccessReviewSpec> = define("authorization.v1.SelfSubjectAccessReviewSpec", () =>
  struct({
    nonResourceAttributes: optional(NonResourceAttributes()),
    resourceAttributes: optional(ResourceAttributes())
  }))

export interface SelfSubjectRulesReview {
  readonly metadata: ObjectMeta
  readonly spec: SelfSubjectRulesReviewSpec
  readonly status: SubjectRulesReviewStatus
}
export interface SelfSubjectRulesReviewDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: SelfSubjectRulesReviewSpec
  readonly status?: SubjectRulesReviewStatusDraft
}
export const SelfSubjectRulesReviewSchema: Field.Lazy<SelfSubjectRulesReviewDraft> = define("authorization.v1.SelfSubjectRulesReview", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: SelfSubjectRulesReviewSpec(),
    status: defaulted(SubjectRulesReviewStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const SelfSubjectRulesReview = Kind.make<SelfSubjectRulesReview, SelfSubjectRulesReviewDraft>({
  kind: "SelfSubjectRulesReview",
  plural: "selfsubjectrulesreviews",
  singular: "selfsubjectrulesreview",
  namespaced: false,
  storage: "selfsubjectrulesreviews.authorization.k8s.io",
  verbs: ["create"],
  versions: [{ group: "authorization.k8s.io", version: "v1", schema: asJson(SelfSubjectRulesReviewSchema) }]
})

export interface SelfSubjectRulesReviewSpec {
  readonly namespace?: string
}
export const SelfSubjectRulesReviewSpec: Field.Lazy<SelfSubjectRulesReviewSpec> = define("authorization.v1.SelfSubjectRulesReviewSpec", () =>
  struct({
    namespace: optional(Text)
  }), { omitted: ["namespace"] })

export interface SubjectAccessReview {
  readonly metadata: ObjectMeta
  readonly spec: SubjectAccessReviewSpec
  readonly status: SubjectAccessReviewStatus
}
export interface SubjectAccessReviewDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: SubjectAccessReviewSpec
  readonly status?: SubjectAccessReviewStatusDraft
}
export const SubjectAccessReviewSchema: Field.Lazy<SubjectAccessReviewDraft> = define("authorization.v1.SubjectAccessReview", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: SubjectAccessReviewSpec(),
    status: defaulted(SubjectAccessReviewStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const SubjectAccessReview = Kind.make<SubjectAccessReview, SubjectAccessReviewDraft>({
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  singular: "subjectaccessreview",
  namespaced: false,
  storage: "subjectaccessreviews.authorization.k8s.io",
  verbs: ["create"],
  versions: [{ group: "authorization.k8s.io", version: "v1", schema: asJson(SubjectAccessReviewSchema) }]
})

export interface SubjectAccessReviewSpec {
  readonly extra?: { readonly [key: string]: ReadonlyArray<string> }
  readonly groups?: ReadonlyArray<string>
  readonly nonResourceAttributes?: NonResourceAttributes
  readonly resourceAttributes?: ResourceAttributes
  readonly uid?: string
  readonly user?: string
}
export const SubjectAccessReviewSpec: Field.Lazy<SubjectAccessReviewSpec> = define("authorization.v1.SubjectAccessReviewSpec", () =>
  struct({
    extra: optional(map(list(Text))),
    groups: optional(list(Text, { list: "atomic" })),
    nonResourceAttributes: optional(NonResourceAttributes()),
    resourceAttributes: optional(ResourceAttributes()),
    uid: optional(Text),
    user: optional(Text)
  }), { omitted: ["uid","user"] })

export interface SubjectAccessReviewStatus {
  readonly allowed: boolean
  readonly denied?: boolean
  readonly evaluationError?: string
  readonly reason?: string
}
export interface SubjectAccessReviewStatusDraft {
  readonly allowed?: boolean
  readonly denied?: boolean
  readonly evaluationError?: string
  readonly reason?: string
}
export const SubjectAccessReviewStatus: Field.Lazy<SubjectAccessReviewStatus> = define("authorization.v1.SubjectAccessReviewStatus", () =>
  struct({
    allowed: defaulted(Bool, false),
    denied: optional(Bool),
    evaluationError: optional(Text),
    reason: optional(Text)
  }), { omitted: ["denied","evaluationError","reason"], parts: ["allowed"] })

export interface SubjectRulesReviewStatus {
  readonly evaluationError?: string
  readonly incomplete: boolean
  readonly nonResourceRules: ReadonlyArray<NonResourceRule>
  readonly resourceRules: ReadonlyArray<ResourceRule>
}
export interface SubjectRulesReviewStatusDraft {
  readonly evaluationError?: string
  readonly incomplete?: boolean
  readonly nonResourceRules?: ReadonlyArray<NonResourceRule>
  readonly resourceRules?: ReadonlyArray<ResourceRule>
}
export const SubjectRulesReviewStatus: Field.Lazy<SubjectRulesReviewStatus> = define("authorization.v1.SubjectRulesReviewStatus", () =>
  struct({
    evaluationError: optional(Text),
    incomplete: defaulted(Bool, false),
    nonResourceRules: defaulted(list(NonResourceRule(), { list: "atomic" }), []),
    resourceRules: defaulted(list(ResourceRule(), { list: "atomic" }), [])
  }), { omitted: ["evaluationError"], parts: ["incomplete","nonResourceRules","resourceRules"] })
