// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"

const { Bool, Byte, Int32, Text, Time, asJson, define, defaulted, list, optional, struct } = Field

export interface APIService {
  readonly metadata: ObjectMeta
  readonly spec: APIServiceSpec
  readonly status: APIServiceStatus
}
export interface APIServiceDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: APIServiceSpecDraft
  readonly status?: APIServiceStatus
}
export const APIServiceSchema: Field.Lazy<APIServiceDraft> = define("apiregistration.v1.APIService", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(APIServiceSpec(), {}),
    status: defaulted(APIServiceStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const APIService = Kind.make<APIService, APIServiceDraft>({
  kind: "APIService",
  plural: "apiservices",
  singular: "apiservice",
  namespaced: false,
  storage: "apiservices.apiregistration.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  categories: ["api-extensions"],
  versions: [{ group: "apiregistration.k8s.io", version: "v1", schema: asJson(APIServiceSchema) }]
})

export interface APIServiceCondition {
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const APIServiceCondition: Field.Lazy<APIServiceCondition> = define("apiregistration.v1.APIServiceCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface APIServiceSpec {
  readonly caBundle?: string
  readonly group?: string
  readonly groupPriorityMinimum: number
  readonly insecureSkipTLSVerify?: boolean
  readonly service?: ServiceReference
  readonly version?: string
  readonly versionPriority: number
}
export interface APIServiceSpecDraft {
  readonly caBundle?: string
  readonly group?: string
  readonly groupPriorityMinimum: number
  readonly insecureSkipTLSVerify?: boolean
  readonly service?: ServiceReferenceDraft
  readonly version?: string
  readonly versionPriority: number
}
export const APIServiceSpec: Field.Lazy<APIServiceSpec> = define("apiregistration.v1.APIServiceSpec", () =>
  struct({
    caBundle: optional(Byte),
    group: optional(Text),
    groupPriorityMinimum: Int32,
    insecureSkipTLSVerify: optional(Bool),
    service: optional(ServiceReference()),
    version: optional(Text),
    versionPriority: Int32
  }), { omitted: ["group","insecureSkipTLSVerify","version"], parts: ["groupPriorityMinimum","versionPriority"] })

export interface APIServiceStatus {
  readonly conditions?: ReadonlyArray<APIServiceCondition>
}
export const APIServiceStatus: Field.Lazy<APIServiceStatus> = define("apiregistration.v1.APIServiceStatus", () =>
  struct({
    conditions: optional(list(APIServiceCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" }))
  }))

export interface ServiceReference {
  readonly name?: string
  readonly namespace?: string
  readonly port: number
}
export interface ServiceReferenceDraft {
  readonly name?: string
  readonly namespace?: string
  readonly port?: number
}
export const ServiceReference: Field.Lazy<ServiceReference> = define("apiregistration.v1.ServiceReference", () =>
  struct({
    name: optional(Text),
    namespace: optional(Text),
    port: defaulted(Int32, 443)
  }), { omitted: ["name","namespace"] })
