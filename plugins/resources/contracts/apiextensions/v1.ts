// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import type { Json } from "effect/Schema"
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"

const { Bool, Byte, Double, Free, Int32, Int64, Text, Time, asJson, define, defaulted, list, map, optional, struct, suspended } = Field

export interface CustomResourceColumnDefinition {
  readonly description?: string
  readonly format?: string
  readonly jsonPath: string
  readonly name: string
  readonly priority?: number
  readonly type: string
}
export const CustomResourceColumnDefinition: Field.Lazy<CustomResourceColumnDefinition> = define("apiextensions.v1.CustomResourceColumnDefinition", () =>
  struct({
    description: optional(Text),
    format: optional(Text),
    jsonPath: Text,
    name: Text,
    priority: optional(Int32),
    type: Text
  }), { omitted: ["description","format","priority"], parts: ["jsonPath","name","type"] })

export interface CustomResourceConversion {
  readonly strategy: string
  readonly webhook?: WebhookConversion
}
export interface CustomResourceConversionDraft {
  readonly strategy?: string
  readonly webhook?: WebhookConversionDraft
}
export const CustomResourceConversion: Field.Lazy<CustomResourceConversion> = define("apiextensions.v1.CustomResourceConversion", () =>
  struct({
    strategy: defaulted(Text, "None"),
    webhook: optional(WebhookConversion())
  }), { parts: ["strategy"] })

export interface CustomResourceDefinition {
  readonly metadata: ObjectMeta
  readonly spec: CustomResourceDefinitionSpec
  readonly status?: CustomResourceDefinitionStatus
}
export interface CustomResourceDefinitionDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: CustomResourceDefinitionSpecDraft
  readonly status?: CustomResourceDefinitionStatus
}
export const CustomResourceDefinitionSchema: Field.Lazy<CustomResourceDefinitionDraft> = define("apiextensions.v1.CustomResourceDefinition", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: CustomResourceDefinitionSpec(),
    status: optional(CustomResourceDefinitionStatus())
  }), { parts: ["metadata","spec","status"] })
export const CustomResourceDefinition = Kind.make<CustomResourceDefinition, CustomResourceDefinitionDraft>({
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  singular: "customresourcedefinition",
  namespaced: false,
  storage: "customresourcedefinitions.apiextensions.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  shortNames: ["crd","crds"],
  categories: ["api-extensions"],
  versions: [{ group: "apiextensions.k8s.io", version: "v1", schema: asJson(CustomResourceDefinitionSchema) }]
})

export interface CustomResourceDefinitionCondition {
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly observedGeneration?: number
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const CustomResourceDefinitionCondition: Field.Lazy<CustomResourceDefinitionCondition> = define("apiextensions.v1.CustomResourceDefinitionCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    message: optional(Text),
    observedGeneration: optional(Int64),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","observedGeneration","reason"], parts: ["status","type"] })

export interface CustomResourceDefinitionNames {
  readonly categories?: ReadonlyArray<string>
  readonly kind: string
  readonly listKind?: string
  readonly plural: string
  readonly shortNames?: ReadonlyArray<string>
  readonly singular?: string
}
export const CustomResourceDefinitionNames: Field.Lazy<CustomResourceDefinitionNames> = define("apiextensions.v1.CustomResourceDefinitionNames", () =>
  struct({
    categories: optional(list(Text, { list: "atomic" })),
    kind: Text,
    listKind: optional(Text),
    plural: Text,
    shortNames: optional(list(Text, { list: "atomic" })),
    singular: optional(Text)
  }), { omitted: ["listKind","singular"], parts: ["kind","plural"] })

export interface CustomResourceDefinitionSpec {
  readonly conversion: CustomResourceConversion
  readonly group: string
  readonly names: CustomResourceDefinitionNames
  readonly preserveUnknownFields?: boolean
  readonly scope: string
  readonly versions: ReadonlyArray<CustomResourceDefinitionVersion>
}
export interface CustomResourceDefinitionSpecDraft {
  readonly conversion?: CustomResourceConversionDraft
  readonly group: string
  readonly names: CustomResourceDefinitionNames
  readonly preserveUnknownFields?: boolean
  readonly scope: string
  readonly versions: ReadonlyArray<CustomResourceDefinitionVersion>
}
export const CustomResourceDefinitionSpec: Field.Lazy<CustomResourceDefinitionSpec> = define("apiextensions.v1.CustomResourceDefinitionSpec", () =>
  struct({
    conversion: defaulted(CustomResourceConversion(), {}),
    group: Text,
    names: CustomResourceDefinitionNames(),
    preserveUnknownFields: optional(Bool),
    scope: Text,
    versions: list(CustomResourceDefinitionVersion(), { list: "atomic" })
  }), { omitted: ["preserveUnknownFields"], parts: ["group","names","scope","versions"] })

export interface CustomResourceDefinitionStatus {
  readonly acceptedNames?: CustomResourceDefinitionNames
  readonly conditions?: ReadonlyArray<CustomResourceDefinitionCondition>
  readonly observedGeneration?: number
  readonly storedVersions?: ReadonlyArray<string>
}
export const CustomResourceDefinitionStatus: Field.Lazy<CustomResourceDefinitionStatus> = define("apiextensions.v1.CustomResourceDefinitionStatus", () =>
  struct({
    acceptedNames: optional(CustomResourceDefinitionNames()),
    conditions: optional(list(CustomResourceDefinitionCondition(), { list: "map", keys: ["type"] })),
    observedGeneration: optional(Int64),
    storedVersions: optional(list(Text, { list: "atomic" }))
  }), { omitted: ["observedGeneration"], parts: ["acceptedNames","conditions","storedVersions"] })

export interface CustomResourceDefinitionVersion {
  readonly additionalPrinterColumns?: ReadonlyArray<CustomResourceColumnDefinition>
  readonly deprecated?: boolean
  readonly deprecationWarning?: string
  readonly name: string
  readonly schema?: CustomResourceValidation
  readonly selectableFields?: ReadonlyArray<SelectableField>
  readonly served: boolean
  readonly storage: boolean
  readonly subresources?: CustomResourceSubresources
}
export const CustomResourceDefinitionVersion: Field.Lazy<CustomResourceDefinitionVersion> = define("apiextensions.v1.CustomResourceDefinitionVersion", () =>
  struct({
    additionalPrinterColumns: optional(list(CustomResourceColumnDefinition(), { list: "atomic" })),
    deprecated: optional(Bool),
    deprecationWarning: optional(Text),
    name: Text,
    schema: optional(CustomResourceValidation()),
    selectableFields: optional(list(SelectableField(), { list: "atomic" })),
    served: Bool,
    storage: Bool,
    subresources: optional(CustomResourceSubresources())
  }), { omitted: ["deprecated"], parts: ["name","served","storage"] })

export interface CustomResourceSubresourceScale {
  readonly labelSelectorPath?: string
  readonly specReplicasPath: string
  readonly statusReplicasPath: string
}
export const CustomResourceSubresourceScale: Field.Lazy<CustomResourceSubresourceScale> = define("apiextensions.v1.CustomResourceSubresourceScale", () =>
  struct({
    labelSelectorPath: optional(Text),
    specReplicasPath: Text,
    statusReplicasPath: Text
  }), { parts: ["specReplicasPath","statusReplicasPath"] })

export interface CustomResourceSubresourceStatus {

}
export const CustomResourceSubresourceStatus: Field.Lazy<CustomResourceSubresourceStatus> = define("apiextensions.v1.CustomResourceSubresourceStatus", () =>
  struct({

  }))

export interface CustomResourceSubresources {
  readonly scale?: CustomResourceSubresourceScale
  readonly status?: CustomResourceSubresourceStatus
}
export const CustomResourceSubresources: Field.Lazy<CustomResourceSubresources> = define("apiextensions.v1.CustomResourceSubresources", () =>
  struct({
    scale: optional(CustomResourceSubresourceScale()),
    status: optional(CustomResourceSubresourceStatus())
  }))

export interface CustomResourceValidation {
  readonly openAPIV3Schema?: JSONSchemaProps
}
export const CustomResourceValidation: Field.Lazy<CustomResourceValidation> = define("apiextensions.v1.CustomResourceValidation", () =>
  struct({
    openAPIV3Schema: optional(JSONSchemaProps())
  }))

export interface ExternalDocumentation {
  readonly description?: string
  readonly url?: string
}
export const ExternalDocumentation: Field.Lazy<ExternalDocumentation> = define("apiextensions.v1.ExternalDocumentation", () =>
  struct({
    description: optional(Text),
    url: optional(Text)
  }), { omitted: ["description","url"] })

export interface JSONSchemaProps {
  readonly "$ref"?: string
  readonly "$schema"?: string
  readonly additionalItems?: Json
  readonly additionalProperties?: Json
  readonly allOf?: ReadonlyArray<JSONSchemaProps>
  readonly anyOf?: ReadonlyArray<JSONSchemaProps>
  readonly default?: Json
  readonly definitions?: { readonly [key: string]: JSONSchemaProps }
  readonly dependencies?: { readonly [key: string]: Json }
  readonly description?: string
  readonly enum?: ReadonlyArray<Json>
  readonly example?: Json
  readonly exclusiveMaximum?: boolean
  readonly exclusiveMinimum?: boolean
  readonly externalDocs?: ExternalDocumentation
  readonly format?: string
  readonly id?: string
  readonly items?: Json
  readonly maxItems?: number
  readonly maxLength?: number
  readonly maxProperties?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly minLength?: number
  readonly minProperties?: number
  readonly minimum?: number
  readonly multipleOf?: number
  readonly not?: JSONSchemaProps
  readonly nullable?: boolean
  readonly oneOf?: ReadonlyArray<JSONSchemaProps>
  readonly pattern?: string
  readonly patternProperties?: { readonly [key: string]: JSONSchemaProps }
  readonly properties?: { readonly [key: string]: JSONSchemaProps }
  readonly required?: ReadonlyArray<string>
  readonly title?: string
  readonly type?: string
  readonly uniqueItems?: boolean
  readonly "x-kubernetes-embedded-resource"?: boolean
  readonly "x-kubernetes-int-or-string"?: boolean
  readonly "x-kubernetes-list-map-keys"?: ReadonlyArray<string>
  readonly "x-kubernetes-list-type"?: string
  readonly "x-kubernetes-map-type"?: string
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean
  readonly "x-kubernetes-validations"?: ReadonlyArray<ValidationRule>
}
export const JSONSchemaProps: Field.Lazy<JSONSchemaProps> = define("apiextensions.v1.JSONSchemaProps", () =>
  struct({
    "$ref": optional(Text),
    "$schema": optional(Text),
    additionalItems: optional(Free),
    additionalProperties: optional(Free),
    allOf: optional(list(suspended(() => JSONSchemaProps()), { list: "atomic" })),
    anyOf: optional(list(suspended(() => JSONSchemaProps()), { list: "atomic" })),
    default: optional(Free),
    definitions: optional(map(suspended(() => JSONSchemaProps()))),
    dependencies: optional(map(Free)),
    description: optional(Text),
    enum: optional(list(Free, { list: "atomic" })),
    example: optional(Free),
    exclusiveMaximum: optional(Bool),
    exclusiveMinimum: optional(Bool),
    externalDocs: optional(ExternalDocumentation()),
    format: optional(Text),
    id: optional(Text),
    items: optional(Free),
    maxItems: optional(Int64),
    maxLength: optional(Int64),
    maxProperties: optional(Int64),
    maximum: optional(Double),
    minItems: optional(Int64),
    minLength: optional(Int64),
    minProperties: optional(Int64),
    minimum: optional(Double),
    multipleOf: optional(Double),
    not: optional(suspended(() => JSONSchemaProps())),
    nullable: optional(Bool),
    oneOf: optional(list(suspended(() => JSONSchemaProps()), { list: "atomic" })),
    pattern: optional(Text),
    patternProperties: optional(map(suspended(() => JSONSchemaProps()))),
    properties: optional(map(suspended(() => JSONSchemaProps()))),
    required: optional(list(Text, { list: "atomic" })),
    title: optional(Text),
    type: optional(Text),
    uniqueItems: optional(Bool),
    "x-kubernetes-embedded-resource": optional(Bool),
    "x-kubernetes-int-or-string": optional(Bool),
    "x-kubernetes-list-map-keys": optional(list(Text, { list: "atomic" })),
    "x-kubernetes-list-type": optional(Text),
    "x-kubernetes-map-type": optional(Text),
    "x-kubernetes-preserve-unknown-fields": optional(Bool),
    "x-kubernetes-validations": optional(list(ValidationRule(), { list: "map", keys: ["rule"], patch: ["merge"], mergeKey: "rule" }))
  }), { omitted: ["$schema","description","exclusiveMaximum","exclusiveMinimum","format","id","nullable","pattern","title","type","uniqueItems","x-kubernetes-embedded-resource","x-kubernetes-int-or-string"] })

export interface SelectableField {
  readonly jsonPath: string
}
export const SelectableField: Field.Lazy<SelectableField> = define("apiextensions.v1.SelectableField", () =>
  struct({
    jsonPath: Text
  }), { parts: ["jsonPath"] })

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
export const ServiceReference: Field.Lazy<ServiceReference> = define("apiextensions.v1.ServiceReference", () =>
  struct({
    name: Text,
    namespace: Text,
    path: optional(Text),
    port: defaulted(Int32, 443)
  }), { parts: ["name","namespace"] })

export interface ValidationRule {
  readonly fieldPath?: string
  readonly message?: string
  readonly messageExpression?: string
  readonly optionalOldSelf?: boolean
  readonly reason?: string
  readonly rule: string
}
export const ValidationRule: Field.Lazy<ValidationRule> = define("apiextensions.v1.ValidationRule", () =>
  struct({
    fieldPath: optional(Text),
    message: optional(Text),
    messageExpression: optional(Text),
    optionalOldSelf: optional(Bool),
    reason: optional(Text),
    rule: Text
  }), { omitted: ["fieldPath","message","messageExpression"], parts: ["rule"] })

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
export const WebhookClientConfig: Field.Lazy<WebhookClientConfig> = define("apiextensions.v1.WebhookClientConfig", () =>
  struct({
    caBundle: optional(Byte),
    service: optional(ServiceReference()),
    url: optional(Text)
  }))

export interface WebhookConversion {
  readonly clientConfig?: WebhookClientConfig
  readonly conversionReviewVersions: ReadonlyArray<string>
}
export interface WebhookConversionDraft {
  readonly clientConfig?: WebhookClientConfigDraft
  readonly conversionReviewVersions: ReadonlyArray<string>
}
export const WebhookConversion: Field.Lazy<WebhookConversion> = define("apiextensions.v1.WebhookConversion", () =>
  struct({
    clientConfig: optional(WebhookClientConfig()),
    conversionReviewVersions: list(Text, { list: "atomic" })
  }), { parts: ["conversionReviewVersions"] })
