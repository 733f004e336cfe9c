// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"

const { Bool, Int32, Text, Time, asJson, define, defaulted, list, optional, struct } = Field

export interface ExemptPriorityLevelConfiguration {
  readonly lendablePercent: number
  readonly nominalConcurrencyShares: number
}
export interface ExemptPriorityLevelConfigurationDraft {
  readonly lendablePercent?: number
  readonly nominalConcurrencyShares?: number
}
export const ExemptPriorityLevelConfiguration: Field.Lazy<ExemptPriorityLevelConfiguration> = define("flowcontrol.v1.ExemptPriorityLevelConfiguration", () =>
  struct({
    lendablePercent: defaulted(Int32, 0),
    nominalConcurrencyShares: defaulted(Int32, 0)
  }))

export interface FlowDistinguisherMethod {
  readonly type: string
}
export const FlowDistinguisherMethod: Field.Lazy<FlowDistinguisherMethod> = define("flowcontrol.v1.FlowDistinguisherMethod", () =>
  struct({
    type: Text
  }), { parts: ["type"] })

export interface FlowSchema {
  readonly metadata: ObjectMeta
  readonly spec: FlowSchemaSpec
  readonly status: FlowSchemaStatus
}
export interface FlowSchemaDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: FlowSchemaSpecDraft
  readonly status?: FlowSchemaStatus
}
export const FlowSchemaSchema: Field.Lazy<FlowSchemaDraft> = define("flowcontrol.v1.FlowSchema", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(FlowSchemaSpec(), {}),
    status: defaulted(FlowSchemaStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const FlowSchema = Kind.make<FlowSchema, FlowSchemaDraft>({
  kind: "FlowSchema",
  plural: "flowschemas",
  singular: "flowschema",
  namespaced: false,
  storage: "flowschemas.flowcontrol.apiserver.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  versions: [{ group: "flowcontrol.apiserver.k8s.io", version: "v1", schema: asJson(FlowSchemaSchema) }]
})

export interface FlowSchemaCondition {
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status?: string
  readonly type?: string
}
export const FlowSchemaCondition: Field.Lazy<FlowSchemaCondition> = define("flowcontrol.v1.FlowSchemaCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: optional(Text),
    type: optional(Text)
  }), { omitted: ["message","reason","status","type"] })

export interface FlowSchemaSpec {
  readonly distinguisherMethod?: FlowDistinguisherMethod
  readonly matchingPrecedence: number
  readonly priorityLevelConfiguration: PriorityLevelConfigurationReference
  readonly rules?: ReadonlyArray<PolicyRulesWithSubjects>
}
export interface FlowSchemaSpecDraft {
  readonly distinguisherMethod?: FlowDistinguisherMethod
  readonly matchingPrecedence?: number
  readonly priorityLevelConfiguration: PriorityLevelConfigurationReference
  readonly rules?: ReadonlyArray<PolicyRulesWithSubjects>
}
export const FlowSchemaSpec: Field.Lazy<FlowSchemaSpec> = define("flowcontrol.v1.FlowSchemaSpec", () =>
  struct({
    distinguisherMethod: optional(FlowDistinguisherMethod()),
    matchingPrecedence: defaulted(Int32, 1000),
    priorityLevelConfiguration: PriorityLevelConfigurationReference(),
    rules: optional(list(PolicyRulesWithSubjects(), { list: "atomic" }))
  }), { parts: ["matchingPrecedence","priorityLevelConfiguration"] })

export interface FlowSchemaStatus {
  readonly conditions?: ReadonlyArray<FlowSchemaCondition>
}
export const FlowSchemaStatus: Field.Lazy<FlowSchemaStatus> = define("flowcontrol.v1.FlowSchemaStatus", () =>
  struct({
    conditions: optional(list(FlowSchemaCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" }))
  }))

export interface GroupSubject {
  readonly name: string
}
export const GroupSubject: Field.Lazy<GroupSubject> = define("flowcontrol.v1.GroupSubject", () =>
  struct({
    name: Text
  }), { parts: ["name"] })

export interface LimitResponse {
  readonly queuing?: QueuingConfiguration
  readonly type: string
}
export interface LimitResponseDraft {
  readonly queuing?: QueuingConfigurationDraft
  readonly type: string
}
export const LimitResponse: Field.Lazy<LimitResponse> = define("flowcontrol.v1.LimitResponse", () =>
  struct({
    queuing: optional(QueuingConfiguration()),
    type: Text
  }), { parts: ["type"] })

export interface LimitedPriorityLevelConfiguration {
  readonly borrowingLimitPercent?: number
  readonly lendablePercent: number
  readonly limitResponse?: LimitResponse
  readonly nominalConcurrencyShares: number
}
export interface LimitedPriorityLevelConfigurationDraft {
  readonly borrowingLimitPercent?: number
  readonly lendablePercent?: number
  readonly limitResponse?: LimitResponseDraft
  readonly nominalConcurrencyShares?: number
}
export const LimitedPriorityLevelConfiguration: Field.Lazy<LimitedPriorityLevelConfiguration> = define("flowcontrol.v1.LimitedPriorityLevelConfiguration", () =>
  struct({
    borrowingLimitPercent: optional(Int32),
    lendablePercent: defaulted(Int32, 0),
    limitResponse: optional(LimitResponse()),
    nominalConcurrencyShares: defaulted(Int32, 30)
  }), { parts: ["limitResponse","nominalConcurrencyShares"] })

export interface NonResourcePolicyRule {
  readonly nonResourceURLs: ReadonlyArray<string>
  readonly verbs: ReadonlyArray<string>
}
export const NonResourcePolicyRule: Field.Lazy<NonResourcePolicyRule> = define("flowcontrol.v1.NonResourcePolicyRule", () =>
  struct({
    nonResourceURLs: list(Text, { list: "set" }),
    verbs: list(Text, { list: "set" })
  }), { parts: ["nonResourceURLs","verbs"] })

export interface PolicyRulesWithSubjects {
  readonly nonResourceRules?: ReadonlyArray<NonResourcePolicyRule>
  readonly resourceRules?: ReadonlyArray<ResourcePolicyRule>
  readonly subjects: ReadonlyArray<Subject>
}
export const PolicyRulesWithSubjects: Field.Lazy<PolicyRulesWithSubjects> = define("flowcontrol.v1.PolicyRulesWithSubjects", () =>
  struct({
    nonResourceRules: optional(list(NonResourcePolicyRule(), { list: "atomic" })),
    resourceRules: optional(list(ResourcePolicyRule(), { list: "atomic" })),
    subjects: list(Subject(), { list: "atomic" })
  }), { parts: ["subjects"] })

export interface PriorityLevelConfiguration {
  readonly metadata: ObjectMeta
  readonly spec: PriorityLevelConfigurationSpec
  readonly status: PriorityLevelConfigurationStatus
}
export interface PriorityLevelConfigurationDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: PriorityLevelConfigurationSpecDraft
  readonly status?: PriorityLevelConfigurationStatus
}
export const PriorityLevelConfigurationSchema: Field.Lazy<PriorityLevelConfigurationDraft> = define("flowcontrol.v1.PriorityLevelConfiguration", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(PriorityLevelConfigurationSpec(), {}),
    status: defaulted(PriorityLevelConfigurationStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const PriorityLevelConfiguration = Kind.make<PriorityLevelConfiguration, PriorityLevelConfigurationDraft>({
  kind: "PriorityLevelConfiguration",
  plural: "prioritylevelconfigurations",
  singular: "prioritylevelconfiguration",
  namespaced: false,
  storage: "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  versions: [{ group: "flowcontrol.apiserver.k8s.io", version: "v1", schema: asJson(PriorityLevelConfigurationSchema) }]
})

export interface PriorityLevelConfigurationCondition {
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status?: string
  readonly type?: string
}
export const PriorityLevelConfigurationCondition: Field.Lazy<PriorityLevelConfigurationCondition> = define("flowcontrol.v1.PriorityLevelConfigurationCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: optional(Text),
    type: optional(Text)
  }), { omitted: ["message","reason","status","type"] })

export interface PriorityLevelConfigurationReference {
  readonly name: string
}
export const PriorityLevelConfigurationReference: Field.Lazy<PriorityLevelConfigurationReference> = define("flowcontrol.v1.PriorityLevelConfigurationReference", () =>
  struct({
    name: Text
  }), { parts: ["name"] })

export interface PriorityLevelConfigurationSpec {
  readonly exempt?: ExemptPriorityLevelConfiguration
  readonly limited?: LimitedPriorityLevelConfiguration
  readonly type: string
}
export interface PriorityLevelConfigurationSpecDraft {
  readonly exempt?: ExemptPriorityLevelConfigurationDraft
  readonly limited?: LimitedPriorityLevelConfigurationDraft
  readonly type: string
}
export const PriorityLevelConfigurationSpec: Field.Lazy<PriorityLevelConfigurationSpec> = define("flowcontrol.v1.PriorityLevelConfigurationSpec", () =>
  struct({
    exempt: optional(ExemptPriorityLevelConfiguration()),
    limited: optional(LimitedPriorityLevelConfiguration()),
    type: Text
  }), { parts: ["type"] })

export interface PriorityLevelConfigurationStatus {
  readonly conditions?: ReadonlyArray<PriorityLevelConfigurationCondition>
}
export const PriorityLevelConfigurationStatus: Field.Lazy<PriorityLevelConfigurationStatus> = define("flowcontrol.v1.PriorityLevelConfigurationStatus", () =>
  struct({
    conditions: optional(list(PriorityLevelConfigurationCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" }))
  }))

export interface QueuingConfiguration {
  readonly handSize: number
  readonly queueLengthLimit: number
  readonly queues: number
}
export interface QueuingConfigurationDraft {
  readonly handSize?: number
  readonly queueLengthLimit?: number
  readonly queues?: number
}
export const QueuingConfiguration: Field.Lazy<QueuingConfiguration> = define("flowcontrol.v1.QueuingConfiguration", () =>
  struct({
    handSize: defaulted(Int32, 8),
    queueLengthLimit: defaulted(Int32, 50),
    queues: defaulted(Int32, 64)
  }), { parts: ["handSize","queueLengthLimit","queues"] })

export interface ResourcePolicyRule {
  readonly apiGroups: ReadonlyArray<string>
  readonly clusterScope?: boolean
  readonly namespaces?: ReadonlyArray<string>
  readonly resources: ReadonlyArray<string>
  readonly verbs: ReadonlyArray<string>
}
export const ResourcePolicyRule: Field.Lazy<ResourcePolicyRule> = define("flowcontrol.v1.ResourcePolicyRule", () =>
  struct({
    apiGroups: list(Text, { list: "set" }),
    clusterScope: optional(Bool),
    namespaces: optional(list(Text, { list: "set" })),
    resources: list(Text, { list: "set" }),
    verbs: list(Text, { list: "set" })
  }), { omitted: ["clusterScope"], parts: ["apiGroups","namespaces","resources","verbs"] })

export interface ServiceAccountSubject {
  readonly name: string
  readonly namespace: string
}
export const ServiceAccountSubject: Field.Lazy<ServiceAccountSubject> = define("flowcontrol.v1.ServiceAccountSubject", () =>
  struct({
    name: Text,
    namespace: Text
  }), { parts: ["name","namespace"] })

export interface Subject {
  readonly group?: GroupSubject
  readonly kind: string
  readonly serviceAccount?: ServiceAccountSubject
  readonly user?: UserSubject
}
export const Subject: Field.Lazy<Subject> = define("flowcontrol.v1.Subject", () =>
  struct({
    group: optional(GroupSubject()),
    kind: Text,
    serviceAccount: optional(ServiceAccountSubject()),
    user: optional(UserSubject())
  }), { parts: ["kind"] })

export interface UserSubject {
  readonly name: string
}
export const UserSubject: Field.Lazy<UserSubject> = define("flowcontrol.v1.UserSubject", () =>
  struct({
    name: Text
  }), { parts: ["name"] })
