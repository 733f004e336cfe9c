// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"

const { Byte, Int32, Text, Time, asJson, define, defaulted, list, map, optional, struct } = Field

export interface CertificateSigningRequest {
  readonly metadata: ObjectMeta
  readonly spec: CertificateSigningRequestSpec
  readonly status: CertificateSigningRequestStatus
}
export interface CertificateSigningRequestDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: CertificateSigningRequestSpec
  readonly status?: CertificateSigningRequestStatus
}
export const CertificateSigningRequestSchema: Field.Lazy<CertificateSigningRequestDraft> = define("certificates.v1.CertificateSigningRequest", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: CertificateSigningRequestSpec(),
    status: defaulted(CertificateSigningRequestStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const CertificateSigningRequest = Kind.make<CertificateSigningRequest, CertificateSigningRequestDraft>({
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  singular: "certificatesigningrequest",
  namespaced: false,
  storage: "certificatesigningrequests.certificates.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["approval","status"],
  shortNames: ["csr"],
  versions: [{ group: "certificates.k8s.io", version: "v1", schema: asJson(CertificateSigningRequestSchema) }]
})

export interface CertificateSigningRequestCondition {
  readonly lastTransitionTime?: string
  readonly lastUpdateTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const CertificateSigningRequestCondition: Field.Lazy<CertificateSigningRequestCondition> = define("certificates.v1.CertificateSigningRequestCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    lastUpdateTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface CertificateSigningRequestSpec {
  readonly expirationSeconds?: number
  readonly extra?: { readonly [key: string]: ReadonlyArray<string> }
  readonly groups?: ReadonlyArray<string>
  readonly request: string
  readonly signerName: string
  readonly uid?: string
  readonly usages?: ReadonlyArray<string>
  readonly username?: string
}
export const CertificateSigningRequestSpec: Field.Lazy<CertificateSigningRequestSpec> = define("certificates.v1.CertificateSigningRequestSpec", () =>
  struct({
    expirationSeconds: optional(Int32),
    extra: optional(map(list(Text))),
    groups: optional(list(Text, { list: "atomic" })),
    request: Byte,
    signerName: Text,
    uid: optional(Text),
    usages: optional(list(Text, { list: "atomic" })),
    username: optional(Text)
  }), { omitted: ["uid","username"], parts: ["request","signerName"] })

export interface CertificateSigningRequestStatus {
  readonly certificate?: string
  readonly conditions?: ReadonlyArray<CertificateSigningRequestCondition>
}
export const CertificateSigningRequestStatus: Field.Lazy<CertificateSigningRequestStatus> = define("certificates.v1.CertificateSigningRequestStatus", () =>
  struct({
    certificate: optional(Byte),
    conditions: optional(list(CertificateSigningRequestCondition(), { list: "map", keys: ["type"] }))
  }))
