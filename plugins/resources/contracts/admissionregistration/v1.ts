// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as metaV1 from "../meta/v1.ts"

const { Byte, Int32, Int64, Text, asJson, define, defaulted, list, optional, pointer, struct } = Field

export interface ApplyConfiguration {
  readonly expression?: string
}
export const ApplyConfiguration: Field.Lazy<ApplyConfiguration> = define("admissionregistration.v1.ApplyConfiguration", () =>
  struct({
    expression: optional(Text)
  }), { omitted: ["expression"] })

export interface AuditAnnotation {
  readonly key: string
  readonly valueExpression: string
}
export const AuditAnnotation: Field.Lazy<AuditAnnotation> = define("admissionregistration.v1.AuditAnnotation", () =>
  struct({
    key: Text,
    valueExpression: Text
  }), { parts: ["key","valueExpression"] })

export interface ExpressionWarning {
  readonly fieldRef: string
  readonly warning: string
}
export const ExpressionWarning: Field.Lazy<ExpressionWarning> = define("admissionregistration.v1.ExpressionWarning", () =>
  struct({
    fieldRef: Text,
    warning: Text
  }), { parts: ["fieldRef","warning"] })

export interface JSONPatch {
  readonly expression?: string
}
export const JSONPatch: Field.Lazy<JSONPatch> = define("admissionregistration.v1.JSONPatch", () =>
  struct({
    expression: optional(Text)
  }), { omitted: ["expression"] })

export interface MatchCondition {
  readonly expression: string
  readonly name: string
}
export const MatchCondition: Field.Lazy<MatchCondition> = define("admissionregistration.v1.MatchCondition", () =>
  struct({
    expression: Text,
    name: Text
  }), { parts: ["expression","name"] })

export interface MatchResources {
  readonly excludeResourceRules?: ReadonlyArray<NamedRuleWithOperations>
  readonly matchPolicy: string
  readonly namespaceSelector: metaV1.LabelSelector
  readonly objectSelector: metaV1.LabelSelector
  readonly resourceRules?: ReadonlyArray<NamedRuleWithOperations>
}
export interface MatchResourcesDraft {
  readonly excludeResourceRules?: ReadonlyArray<NamedRuleWithOperationsDraft>
  readonly matchPolicy?: string
  readonly namespaceSelector?: metaV1.LabelSelector
  readonly objectSelector?: metaV1.LabelSelector
  readonly resourceRules?: ReadonlyArray<NamedRuleWithOperationsDraft>
}
export const MatchResources: Field.Lazy<MatchResources> = define("admissionregistration.v1.MatchResources", () =>
  struct({
    excludeResourceRules: optional(list(NamedRuleWithOperations(), { list: "atomic" })),
    matchPolicy: defaulted(Text, "Equivalent"),
    namespaceSelector: defaulted(metaV1.LabelSelector(), {}),
    objectSelector: defaulted(metaV1.LabelSelector(), {}),
    resourceRules: optional(list(NamedRuleWithOperations(), { list: "atomic" }))
  }), { atomic: true })

export interface MutatingAdmissionPolicy {
  readonly metadata: ObjectMeta
  readonly spec?: MutatingAdmissionPolicySpec
}
export interface MutatingAdmissionPolicyDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: MutatingAdmissionPolicySpecDraft
}
export const MutatingAdmissionPolicySchema: Field.Lazy<MutatingAdmissionPolicyDraft> = define("admissionregistration.v1.MutatingAdmissionPolicy", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: optional(MutatingAdmissionPolicySpec())
  }), { parts: ["metadata","spec"] })
export const MutatingAdmissionPolicy = Kind.make<MutatingAdmissionPolicy, MutatingAdmissionPolicyDraft>({
  kind: "MutatingAdmissionPolicy",
  plural: "mutatingadmissionpolicies",
  singular: "mutatingadmissionpolicy",
  namespaced: false,
  storage: "mutatingadmissionpolicies.admissionregistration.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  categories: ["api-extensions"],
  versions: [{ group: "admissionregistration.k8s.io", version: "v1", schema: asJson(MutatingAdmissionPolicySchema) }]
})

export interface MutatingAdmissionPolicyBinding {
  readonly metadata: ObjectMeta
  readonly spec?: MutatingAdmissionPolicyBindingSpec
}
export interface MutatingAdmissionPolicyBindingDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: MutatingAdmissionPolicyBindingSpecDraft
}
export const MutatingAdmissionPolicyBindingSchema: Field.Lazy<MutatingAdmissionPolicyBindingDraft> = define("admissionregistration.v1.MutatingAdmissionPolicyBinding", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: optional(MutatingAdmissionPolicyBindingSpec())
  }), { parts: ["metadata","spec"] })
export const MutatingAdmissionPolicyBinding = Kind.make<MutatingAdmissionPolicyBinding, MutatingAdmissionPolicyBindingDraft>({
  kind: "MutatingAdmissionPolicyBinding",
  plural: "mutatingadmissionpolicybindings",
  singular: "mutatingadmissionpolicybinding",
  namespaced: false,
  storage: "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  categories: ["api-extensions"],
  versions: [{ group: "admissionregistration.k8s.io", version: "v1", schema: asJson(MutatingAdmissionPolicyBindingSchema) }]
})

export interface MutatingAdmissionPolicyBindingSpec {
  readonly matchResources?: MatchResources
  readonly paramRef?: ParamRef
  readonly policyName?: string
}
export interface MutatingAdmissionPolicyBindingSpecDraft {
  readonly matchResources?: MatchResourcesDraft
  readonly paramRef?: ParamRef
  readonly policyName?: string
}
export const MutatingAdmissionPolicyBindingSpec: Field.Lazy<MutatingAdmissionPolicyBindingSpec> = define("admissionregistration.v1.MutatingAdmissionPolicyBindingSpec", () =>
  struct({
    matchResources: optional(MatchResources()),
    paramRef: optional(ParamRef()),
    policyName: optional(Text)
  }), { omitted: ["policyName"] })

export interface MutatingAdmissionPolicySpec {
  readonly failurePolicy: string
  readonly matchConditions?: ReadonlyArray<MatchCondition>
  readonly matchConstraints?: MatchResources
  readonly mutations?: ReadonlyArray<Mutation>
  readonly paramKind?: ParamKind
  readonly reinvocationPolicy?: string
  readonly variables?: ReadonlyArray<Variable>
}
export interface MutatingAdmissionPolicySpecDraft {
  readonly failurePolicy?: string
  readonly matchConditions?: ReadonlyArray<MatchCondition>
  readonly matchConstraints?: MatchResourcesDraft
  readonly mutations?: ReadonlyArray<Mutation>
  readonly paramKind?: ParamKind
  readonly reinvocationPolicy?: string
  readonly variables?: ReadonlyArray<Variable>
}
export const MutatingAdmissionPolicySpec: Field.Lazy<MutatingAdmissionPolicySpec> = define("admissionregistration.v1.MutatingAdmissionPolicySpec", () =>
  struct({
    failurePolicy: defaulted(Text, "Fail"),
    matchConditions: optional(list(MatchCondition(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" })),
    matchConstraints: optional(MatchResources()),
    mutations: optional(list(Mutation(), { list: "atomic" })),
    paramKind: optional(ParamKind()),
    reinvocationPolicy: optional(Text),
    variables: optional(list(Variable(), { list: "atomic" }))
  }), { omitted: ["reinvocationPolicy"] })

export interface MutatingWebhook {
  readonly admissionReviewVersions: ReadonlyArray<string>
  readonly clientConfig: WebhookClientConfig
  readonly failurePolicy: string
  readonly matchConditions?: ReadonlyArray<MatchCondition>
  readonly matchPolicy: string
  readonly name: string
  readonly namespaceSelector: metaV1.LabelSelector
  readonly objectSelector: metaV1.LabelSelector
  readonly reinvocationPolicy: string
  readonly rules?: ReadonlyArray<RuleWithOperations>
  readonly sideEffects: string
  readonly timeoutSeconds: number
}
export interface MutatingWebhookDraft {
  readonly admissionReviewVersions: ReadonlyArray<string>
  readonly clientConfig: WebhookClientConfigDraft
  readonly failurePolicy?: string
  readonly matchConditions?: ReadonlyArray<MatchCondition>
  readonly matchPolicy?: string
  readonly name: string
  readonly namespaceSelector?: metaV1.LabelSelector
  readonly objectSelector?: metaV1.LabelSelector
  readonly reinvocationPolicy?: string
  readonly rules?: ReadonlyArray<RuleWithOperationsDraft>
  readonly sideEffects: string
  readonly timeoutSeconds?: number
}
export const MutatingWebhook: Field.Lazy<MutatingWebhook> = define("admissionregistration.v1.MutatingWebhook", () =>
  struct({
    admissionReviewVersions: list(Text, { list: "atomic" }),
    clientConfig: WebhookClientConfig(),
    failurePolicy: defaulted(Text, "Fail"),
    matchConditions: optional(list(MatchCondition(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" })),
    matchPolicy: defaulted(Text, "Equivalent"),
    name: Text,
    namespaceSelector: defaulted(metaV1.LabelSelector(), {}),
    objectSelector: defaulted(metaV1.LabelSelector(), {}),
    reinvocationPolicy: defaulted(Text, "Never"),
    rules: optional(list(RuleWithOperations(), { list: "atomic" })),
    sideEffects: pointer(Text),
    timeoutSeconds: defaulted(Int32, 10)
  }), { parts: ["admissionReviewVersions","clientConfig","name","sideEffects"] })

export interface MutatingWebhookConfiguration {
  readonly metadata: ObjectMeta
  readonly webhooks?: ReadonlyArray<MutatingWebhook>
}
export interface MutatingWebhookConfigurationDraft {
  readonly metadata: ObjectMetaDraft
  readonly webhooks?: ReadonlyArray<MutatingWebhookDraft>
}
export const MutatingWebhookConfigurationSchema: Field.Lazy<MutatingWebhookConfigurationDraft> = define("admissionregistration.v1.MutatingWebhookConfiguration", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    webhooks: optional(list(MutatingWebhook(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" }))
  }), { parts: ["metadata"] })
export const MutatingWebhookConfiguration = Kind.make<MutatingWebhookConfiguration, MutatingWebhookConfigurationDraft>({
  kind: "MutatingWebhookConfiguration",
  plural: "mutatingwebhookconfigurations",
  singular: "mutatingwebhookconfiguration",
  namespaced: false,
  storage: "mutatingwebhookconfigurations.admissionregistration.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  categories: ["api-extensions"],
  versions: [{ group: "admissionregistration.k8s.io", version: "v1", schema: asJson(MutatingWebhookConfigurationSchema) }]
})

export interface Mutation {
  readonly applyConfiguration?: ApplyConfiguration
  readonly jsonPatch?: JSONPatch
  readonly patchType: string
}
export const Mutation: Field.Lazy<Mutation> = define("admissionregistration.v1.Mutation", () =>
  struct({
    applyConfiguration: optional(ApplyConfiguration()),
    jsonPatch: optional(JSONPatch()),
    patchType: Text
  }), { parts: ["patchType"] })

export interface NamedRuleWithOperations {
  readonly apiGroups?: ReadonlyArray<string>
  readonly apiVersions?: ReadonlyArray<string>
  readonly operations?: ReadonlyArray<string>
  readonly resourceNames?: ReadonlyArray<string>
  readonly resources?: ReadonlyArray<string>
  readonly scope: string
}
export interface NamedRuleWithOperationsDraft {
  readonly apiGroups?: ReadonlyArray<string>
  readonly apiVersions?: ReadonlyArray<string>
  readonly operations?: ReadonlyArray<string>
  readonly resourceNames?: ReadonlyArray<string>
  readonly resources?: ReadonlyArray<string>
  readonly scope?: string
}
export const NamedRuleWithOperations: Field.Lazy<NamedRuleWithOperations> = define("admissionregistration.v1.NamedRuleWithOperations", () =>
  struct({
    apiGroups: optional(list(Text, { list: "atomic" })),
    apiVersions: optional(list(Text, { list: "atomic" })),
    operations: optional(list(Text, { list: "atomic" })),
    resourceNames: optional(list(Text, { list: "atomic" })),
    resources: optional(list(Text, { list: "atomic" })),
    scope: defaulted(Text, "*")
  }), { atomic: true })

export interface ParamKind {
  readonly apiVersion?: string
  readonly kind?: string
}
export const ParamKind: Field.Lazy<ParamKind> = define("admissionregistration.v1.ParamKind", () =>
  struct({
    apiVersion: optional(Text),
    kind: optional(Text)
  }), { atomic: true, omitted: ["apiVersion","kind"] })

export interface ParamRef {
  readonly name?: string
  readonly namespace?: string
  readonly parameterNotFoundAction?: string
  readonly selector?: metaV1.LabelSelector
}
export const ParamRef: Field.Lazy<ParamRef> = define("admissionregistration.v1.ParamRef", () =>
  struct({
    name: optional(Text),
    namespace: optional(Text),
    parameterNotFoundAction: optional(Text),
    selector: optional(metaV1.LabelSelector())
  }), { atomic: true, omitted: ["name","namespace"] })

export interface RuleWithOperations {
  readonly apiGroups?: ReadonlyArray<string>
  readonly apiVersions?: ReadonlyArray<string>
  readonly operations?: ReadonlyArray<string>
  readonly resources?: ReadonlyArray<string>
  readonly scope: string
}
export interface RuleWithOperationsDraft {
  readonly apiGroups?: ReadonlyArray<string>
  readonly apiVersions?: ReadonlyArray<string>
  readonly operations?: ReadonlyArray<string>
  readonly resources?: ReadonlyArray<string>
  readonly scope?: string
}
export const RuleWithOperations: Field.Lazy<RuleWithOperations> = define("admissionregistration.v1.RuleWithOperations", () =>
  struct({
    apiGroups: optional(list(Text, { list: "atomic" })),
    apiVersions: optional(list(Text, { list: "atomic" })),
    operations: optional(list(Text, { list: "atomic" })),
    resources: optional(list(Text, { list: "atomic" })),
    scope: defaulted(Text, "*")
  }))

export interface ServiceReference {
  readonly name: string
  readonly namespace: string
  readonly path?: string
  readonly port: number
}
export interface ServiceReferenceDraft {
  readonly name: string
  readonly namespace: string
  readonly path?: string
  readonly port?: number
}
export const ServiceReference: Field.Lazy<ServiceReference> = define("admissionregistration.v1.ServiceReference", () =>
  struct({
    name: Text,
    namespace: Text,
    path: optional(Text),
    port: defaulted(Int32, 443)
  }), { parts: ["name","namespace"] })

export interface TypeChecking {
  readonly expressionWarnings?: ReadonlyArray<ExpressionWarning>
}
export const TypeChecking: Field.Lazy<TypeChecking> = define("admissionregistration.v1.TypeChecking", () =>
  struct({
    expressionWarnings: optional(list(ExpressionWarning(), { list: "atomic" }))
  }))

export interface ValidatingAdmissionPolicy {
  readonly metadata: ObjectMeta
  readonly spec?: ValidatingAdmissionPolicySpec
  readonly status: ValidatingAdmissionPolicyStatus
}
export interface ValidatingAdmissionPolicyDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: ValidatingAdmissionPolicySpecDraft
  readonly status?: ValidatingAdmissionPolicyStatusDraft
}
export const ValidatingAdmissionPolicySchema: Field.Lazy<ValidatingAdmissionPolicyDraft> = define("admissionregistration.v1.ValidatingAdmissionPolicy", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: optional(ValidatingAdmissionPolicySpec()),
    status: defaulted(ValidatingAdmissionPolicyStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const ValidatingAdmissionPolicy = Kind.make<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyDraft>({
  kind: "ValidatingAdmissionPolicy",
  plural: "validatingadmissionpolicies",
  singular: "validatingadmissionpolicy",
  namespaced: false,
  storage: "validatingadmissionpolicies.admissionregistration.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  categories: ["api-extensions"],
  versions: [{ group: "admissionregistration.k8s.io", version: "v1", schema: asJson(ValidatingAdmissionPolicySchema) }]
})

export interface ValidatingAdmissionPolicyBinding {
  readonly metadata: ObjectMeta
  readonly spec: ValidatingAdmissionPolicyBindingSpec
}
export interface ValidatingAdmissionPolicyBindingDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: ValidatingAdmissionPolicyBindingSpecDraft
}
export const ValidatingAdmissionPolicyBindingSchema: Field.Lazy<ValidatingAdmissionPolicyBindingDraft> = define("admissionregistration.v1.ValidatingAdmissionPolicyBinding", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: ValidatingAdmissionPolicyBindingSpec()
  }), { parts: ["metadata","spec"] })
export const ValidatingAdmissionPolicyBinding = Kind.make<ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBindingDraft>({
  kind: "ValidatingAdmissionPolicyBinding",
  plural: "validatingadmissionpolicybindings",
  singular: "validatingadmissionpolicybinding",
  namespaced: false,
  storage: "validatingadmissionpolicybindings.admissionregistration.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  categories: ["api-extensions"],
  versions: [{ group: "admissionregistration.k8s.io", version: "v1", schema: asJson(ValidatingAdmissionPolicyBindingSchema) }]
})

export interface ValidatingAdmissionPolicyBindingSpec {
  readonly matchResources?: MatchResources
  readonly paramRef?: ParamRef
  readonly policyName: string
  readonly validationActions: ReadonlyArray<string>
}
export interface ValidatingAdmissionPolicyBindingSpecDraft {
  readonly matchResources?: MatchResourcesDraft
  readonly paramRef?: ParamRef
  readonly policyName: string
  readonly validationActions: ReadonlyArray<string>
}
export const ValidatingAdmissionPolicyBindingSpec: Field.Lazy<ValidatingAdmissionPolicyBindingSpec> = define("admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec", () =>
  struct({
    matchResources: optional(MatchResources()),
    paramRef: optional(ParamRef()),
    policyName: Text,
    validationActions: list(Text, { list: "set" })
  }), { omitted: ["policyName"] })

export interface ValidatingAdmissionPolicySpec {
  readonly auditAnnotations?: ReadonlyArray<AuditAnnotation>
  readonly failurePolicy: string
  readonly matchConditions?: ReadonlyArray<MatchCondition>
  readonly matchConstraints?: MatchResources
  readonly paramKind?: ParamKind
  readonly validations?: ReadonlyArray<Validation>
  readonly variables?: ReadonlyArray<Variable>
}
export interface ValidatingAdmissionPolicySpecDraft {
  readonly auditAnnotations?: ReadonlyArray<AuditAnnotation>
  readonly failurePolicy?: string
  readonly matchConditions?: ReadonlyArray<MatchCondition>
  readonly matchConstraints?: MatchResourcesDraft
  readonly paramKind?: ParamKind
  readonly validations?: ReadonlyArray<Validation>
  readonly variables?: ReadonlyArray<Variable>
}
export const ValidatingAdmissionPolicySpec: Field.Lazy<ValidatingAdmissionPolicySpec> = define("admissionregistration.v1.ValidatingAdmissionPolicySpec", () =>
  struct({
    auditAnnotations: optional(list(AuditAnnotation(), { list: "atomic" })),
    failurePolicy: defaulted(Text, "Fail"),
    matchConditions: optional(list(MatchCondition(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" })),
    matchConstraints: optional(MatchResources()),
    paramKind: optional(ParamKind()),
    validations: optional(list(Validation(), { list: "atomic" })),
    variables: optional(list(Variable(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" }))
  }))

export interface ValidatingAdmissionPolicyStatus {
  readonly conditions?: ReadonlyArray<metaV1.Condition>
  readonly observedGeneration?: number
  readonly typeChecking?: TypeChecking
}
export interface ValidatingAdmissionPolicyStatusDraft {
  readonly conditions?: ReadonlyArray<metaV1.ConditionDraft>
  readonly observedGeneration?: number
  readonly typeChecking?: TypeChecking
}
export const ValidatingAdmissionPolicyStatus: Field.Lazy<ValidatingAdmissionPolicyStatus> = define("admissionregistration.v1.ValidatingAdmissionPolicyStatus", () =>
  struct({
    conditions: optional(list(metaV1.Condition(), { list: "map", keys: ["type"] })),
    observedGeneration: optional(Int64),
    typeChecking: optional(TypeChecking())
  }), { omitted: ["observedGeneration"] })

export interface ValidatingWebhook {
  readonly admissionReviewVersions: ReadonlyArray<string>
  readonly clientConfig: WebhookClientConfig
  readonly failurePolicy: string
  readonly matchConditions?: ReadonlyArray<MatchCondition>
  readonly matchPolicy: string
  readonly name: string
  readonly namespaceSelector: metaV1.LabelSelector
  readonly objectSelector: metaV1.LabelSelector
  readonly rules?: ReadonlyArray<RuleWithOperations>
  readonly sideEffects: string
  readonly timeoutSeconds: number
}
export interface ValidatingWebhookDraft {
  readonly admissionReviewVersions: ReadonlyArray<string>
  readonly clientConfig: WebhookClientConfigDraft
  readonly failurePolicy?: string
  readonly matchConditions?: ReadonlyArray<MatchCondition>
  readonly matchPolicy?: string
  readonly name: string
  readonly namespaceSelector?: metaV1.LabelSelector
  readonly objectSelector?: metaV1.LabelSelector
  readonly rules?: ReadonlyArray<RuleWithOperationsDraft>
  readonly sideEffects: string
  readonly timeoutSeconds?: number
}
export const ValidatingWebhook: Field.Lazy<ValidatingWebhook> = define("admissionregistration.v1.ValidatingWebhook", () =>
  struct({
    admissionReviewVersions: list(Text, { list: "atomic" }),
    clientConfig: WebhookClientConfig(),
    failurePolicy: defaulted(Text, "Fail"),
    matchConditions: optional(list(MatchCondition(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" })),
    matchPolicy: defaulted(Text, "Equivalent"),
    name: Text,
    namespaceSelector: defaulted(metaV1.LabelSelector(), {}),
    objectSelector: defaulted(metaV1.LabelSelector(), {}),
    rules: optional(list(RuleWithOperations(), { list: "atomic" })),
    sideEffects: pointer(Text),
    timeoutSeconds: defaulted(Int32, 10)
  }), { parts: ["admissionReviewVersions","clientConfig","name","sideEffects"] })

export interface ValidatingWebhookConfiguration {
  readonly metadata: ObjectMeta
  readonly webhooks?: ReadonlyArray<ValidatingWebhook>
}
export interface ValidatingWebhookConfigurationDraft {
  readonly metadata: ObjectMetaDraft
  readonly webhooks?: ReadonlyArray<ValidatingWebhookDraft>
}
export const ValidatingWebhookConfigurationSchema: Field.Lazy<ValidatingWebhookConfigurationDraft> = define("admissionregistration.v1.ValidatingWebhookConfiguration", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    webhooks: optional(list(ValidatingWebhook(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" }))
  }), { parts: ["metadata"] })
export const ValidatingWebhookConfiguration = Kind.make<ValidatingWebhookConfiguration, ValidatingWebhookConfigurationDraft>({
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
  singular: "validatingwebhookconfiguration",
  namespaced: false,
  storage: "validatingwebhookconfigurations.admissionregistration.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  categories: ["api-extensions"],
  versions: [{ group: "admissionregistration.k8s.io", version: "v1", schema: asJson(ValidatingWebhookConfigurationSchema) }]
})

export interface Validation {
  readonly expression: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
}
export const Validation: Field.Lazy<Validation> = define("admissionregistration.v1.Validation", () =>
  struct({
    expression: Text,
    message: optional(Text),
    messageExpression: optional(Text),
    reason: optional(Text)
  }), { omitted: ["message","messageExpression"], parts: ["expression"] })

export interface Variable {
  readonly expression: string
  readonly name: string
}
export const Variable: Field.Lazy<Variable> = define("admissionregistration.v1.Variable", () =>
  struct({
    expression: Text,
    name: Text
  }), { atomic: true, parts: ["expression","name"] })

export interface WebhookClientConfig {
  readonly caBundle?: string
  readonly service?: ServiceReference
  readonly url?: string
}
export interface WebhookClientConfigDraft {
  readonly caBundle?: string
  readonly service?: ServiceReferenceDraft
  readonly url?: string
}
export const WebhookClientConfig: Field.Lazy<WebhookClientConfig> = define("admissionregistration.v1.WebhookClientConfig", () =>
  struct({
    caBundle: optional(Byte),
    service: optional(ServiceReference()),
    url: optional(Text)
  }))
