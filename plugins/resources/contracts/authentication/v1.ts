// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"

const { Bool, Int64, Text, Time, asJson, define, defaulted, list, map, optional, struct } = Field

export interface BoundObjectReference {
  readonly apiVersion?: string
  readonly kind?: string
  readonly name?: string
  readonly uid?: string
}
export const BoundObjectReference: Field.Lazy<BoundObjectReference> = define("authentication.v1.BoundObjectReference", () =>
  struct({
    apiVersion: optional(Text),
    kind: optional(Text),
    name: optional(Text),
    uid: optional(Text)
  }), { omitted: ["apiVersion","kind","name","uid"] })

export interface SelfSubjectReview {
  readonly metadata: ObjectMeta
  readonly status: SelfSubjectReviewStatus
}
export interface SelfSubjectReviewDraft {
  readonly metadata: ObjectMetaDraft
  readonly status?: SelfSubjectReviewStatusDraft
}
export const SelfSubjectReviewSchema: Field.Lazy<SelfSubjectReviewDraft> = define("authentication.v1.SelfSubjectReview", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    status: defaulted(SelfSubjectReviewStatus(), {})
  }), { parts: ["metadata","status"] })
export const SelfSubjectReview = Kind.make<SelfSubjectReview, SelfSubjectReviewDraft>({
  kind: "SelfSubjectReview",
  plural: "selfsubjectreviews",
  singular: "selfsubjectreview",
  namespaced: false,
  storage: "selfsubjectreviews.authentication.k8s.io",
  verbs: ["create"],
  versions: [{ group: "authentication.k8s.io", version: "v1", schema: asJson(SelfSubjectReviewSchema) }]
})

export interface SelfSubjectReviewStatus {
  readonly userInfo: UserInfo
}
export interface SelfSubjectReviewStatusDraft {
  readonly userInfo?: UserInfo
}
export const SelfSubjectReviewStatus: Field.Lazy<SelfSubjectReviewStatus> = define("authentication.v1.SelfSubjectReviewStatus", () =>
  struct({
    userInfo: defaulted(UserInfo(), {})
  }), { parts: ["userInfo"] })

export interface TokenRequest {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: ObjectMetaDraft
  readonly spec: TokenRequestSpec
  readonly status: TokenRequestStatus
}
export interface TokenRequestDraft {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: ObjectMetaDraft
  readonly spec?: TokenRequestSpecDraft
  readonly status?: TokenRequestStatus
}
export const TokenRequest: Field.Lazy<TokenRequest> = define("authentication.v1.TokenRequest", () =>
  struct({
    apiVersion: optional(Text),
    kind: optional(Text),
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(TokenRequestSpec(), {}),
    status: defaulted(TokenRequestStatus(), {})
  }), { parts: ["metadata","spec","status"] })

export interface TokenRequestSpec {
  readonly audiences?: ReadonlyArray<string>
  readonly boundObjectRef?: BoundObjectReference
  readonly expirationSeconds: number
}
export interface TokenRequestSpecDraft {
  readonly audiences?: ReadonlyArray<string>
  readonly boundObjectRef?: BoundObjectReference
  readonly expirationSeconds?: number
}
export const TokenRequestSpec: Field.Lazy<TokenRequestSpec> = define("authentication.v1.TokenRequestSpec", () =>
  struct({
    audiences: optional(list(Text, { list: "atomic" })),
    boundObjectRef: optional(BoundObjectReference()),
    expirationSeconds: defaulted(Int64, 3600)
  }), { parts: ["audiences","boundObjectRef","expirationSeconds"] })

export interface TokenRequestStatus {
  readonly expirationTimestamp?: string
  readonly token?: string
}
export const TokenRequestStatus: Field.Lazy<TokenRequestStatus> = define("authentication.v1.TokenRequestStatus", () =>
  struct({
    expirationTimestamp: optional(Time),
    token: optional(Text)
  }), { parts: ["token"] })

export interface TokenReview {
  readonly metadata: ObjectMeta
  readonly spec: TokenReviewSpec
  readonly status: TokenReviewStatus
}
export interface TokenReviewDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: TokenReviewSpec
  readonly status?: TokenReviewStatusDraft
}
export const TokenReviewSchema: Field.Lazy<TokenReviewDraft> = define("authentication.v1.TokenReview", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: TokenReviewSpec(),
    status: defaulted(TokenReviewStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const TokenReview = Kind.make<TokenReview, TokenReviewDraft>({
  kind: "TokenReview",
  plural: "tokenreviews",
  singular: "tokenreview",
  namespaced: false,
  storage: "tokenreviews.authentication.k8s.io",
  verbs: ["create"],
  versions: [{ group: "authentication.k8s.io", version: "v1", schema: asJson(TokenReviewSchema) }]
})

export interface TokenReviewSpec {
  readonly audiences?: ReadonlyArray<string>
  readonly token: string
}
export const TokenReviewSpec: Field.Lazy<TokenReviewSpec> = define("authentication.v1.TokenReviewSpec", () =>
  struct({
    audiences: optional(list(Text, { list: "atomic" })),
    token: Text
  }), { omitted: ["token"] })

export interface TokenReviewStatus {
  readonly audiences?: ReadonlyArray<string>
  readonly authenticated?: boolean
  readonly error?: string
  readonly user: UserInfo
}
export interface TokenReviewStatusDraft {
  readonly audiences?: ReadonlyArray<string>
  readonly authenticated?: boolean
  readonly error?: string
  readonly user?: UserInfo
}
export const TokenReviewStatus: Field.Lazy<TokenReviewStatus> = define("authentication.v1.TokenReviewStatus", () =>
  struct({
    audiences: optional(list(Text, { list: "atomic" })),
    authenticated: optional(Bool),
    error: optional(Text),
    user: defaulted(UserInfo(), {})
  }), { omitted: ["authenticated","error"], parts: ["user"] })

export interface UserInfo {
  readonly extra?: { readonly [key: string]: ReadonlyArray<string> }
  readonly groups?: ReadonlyArray<string>
  readonly uid?: string
  readonly username?: string
}
export const UserInfo: Field.Lazy<UserInfo> = define("authentication.v1.UserInfo", () =>
  struct({
    extra: optional(map(list(Text))),
    groups: optional(list(Text, { list: "atomic" })),
    uid: optional(Text),
    username: optional(Text)
  }), { omitted: ["uid","username"] })
