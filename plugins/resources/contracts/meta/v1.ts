// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import type { Json } from "effect/Schema"
import * as Field from "../../../../kernel/resource/Field.ts"

const { Bool, Free, Int32, Int64, Text, Time, define, defaulted, list, map, optional, struct } = Field

export interface APIGroup {
  readonly apiVersion?: string
  readonly kind?: string
  readonly name: string
  readonly preferredVersion?: GroupVersionForDiscovery
  readonly serverAddressByClientCIDRs?: ReadonlyArray<ServerAddressByClientCIDR>
  readonly versions: ReadonlyArray<GroupVersionForDiscovery>
}
export const APIGroup: Field.Lazy<APIGroup> = define("meta.v1.APIGroup", () =>
  struct({
    apiVersion: optional(Text),
    kind: optional(Text),
    name: Text,
    preferredVersion: optional(GroupVersionForDiscovery()),
    serverAddressByClientCIDRs: optional(list(ServerAddressByClientCIDR(), { list: "atomic" })),
    versions: list(GroupVersionForDiscovery(), { list: "atomic" })
  }), { parts: ["name","preferredVersion","versions"] })

export interface APIGroupList {
  readonly apiVersion?: string
  readonly groups: ReadonlyArray<APIGroup>
  readonly kind?: string
}
export const APIGroupList: Field.Lazy<APIGroupList> = define("meta.v1.APIGroupList", () =>
  struct({
    apiVersion: optional(Text),
    groups: list(APIGroup(), { list: "atomic" }),
    kind: optional(Text)
  }), { parts: ["groups"] })

export interface APIResource {
  readonly categories?: ReadonlyArray<string>
  readonly group?: string
  readonly kind: string
  readonly name: string
  readonly namespaced: boolean
  readonly shortNames?: ReadonlyArray<string>
  readonly singularName: string
  readonly storageVersionHash?: string
  readonly verbs: ReadonlyArray<string>
  readonly version?: string
}
export const APIResource: Field.Lazy<APIResource> = define("meta.v1.APIResource", () =>
  struct({
    categories: optional(list(Text, { list: "atomic" })),
    group: optional(Text),
    kind: Text,
    name: Text,
    namespaced: Bool,
    shortNames: optional(list(Text, { list: "atomic" })),
    singularName: Text,
    storageVersionHash: optional(Text),
    verbs: list(Text),
    version: optional(Text)
  }), { omitted: ["group","storageVersionHash","version"], parts: ["kind","name","namespaced","singularName","verbs"] })

export interface APIResourceList {
  readonly apiVersion?: string
  readonly groupVersion: string
  readonly kind?: string
  readonly resources: ReadonlyArray<APIResource>
}
export const APIResourceList: Field.Lazy<APIResourceList> = define("meta.v1.APIResourceList", () =>
  struct({
    apiVersion: optional(Text),
    groupVersion: Text,
    kind: optional(Text),
    resources: list(APIResource(), { list: "atomic" })
  }), { parts: ["groupVersion","resources"] })

export interface APIVersions {
  readonly apiVersion?: string
  readonly kind?: string
  readonly serverAddressByClientCIDRs: ReadonlyArray<ServerAddressByClientCIDR>
  readonly versions: ReadonlyArray<string>
}
export const APIVersions: Field.Lazy<APIVersions> = define("meta.v1.APIVersions", () =>
  struct({
    apiVersion: optional(Text),
    kind: optional(Text),
    serverAddressByClientCIDRs: list(ServerAddressByClientCIDR(), { list: "atomic" }),
    versions: list(Text, { list: "atomic" })
  }), { parts: ["serverAddressByClientCIDRs","versions"] })

export interface Condition {
  readonly lastTransitionTime?: string
  readonly message: string
  readonly observedGeneration?: number
  readonly reason: string
  readonly status: string
  readonly type: string
}
export interface ConditionDraft {
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly observedGeneration?: number
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const Condition: Field.Lazy<Condition> = define("meta.v1.Condition", () =>
  struct({
    lastTransitionTime: optional(Time),
    message: defaulted(Text, ""),
    observedGeneration: optional(Int64),
    reason: defaulted(Text, ""),
    status: Text,
    type: Text
  }), { omitted: ["observedGeneration"], parts: ["message","reason","status","type"] })

export interface DeleteOptions {
  readonly apiVersion?: string
  readonly dryRun?: ReadonlyArray<string>
  readonly gracePeriodSeconds?: number
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean
  readonly kind?: string
  readonly orphanDependents?: boolean
  readonly preconditions?: Preconditions
  readonly propagationPolicy?: string
}
export const DeleteOptions: Field.Lazy<DeleteOptions> = define("meta.v1.DeleteOptions", () =>
  struct({
    apiVersion: optional(Text),
    dryRun: optional(list(Text, { list: "atomic" })),
    gracePeriodSeconds: optional(Int64),
    ignoreStoreReadErrorWithClusterBreakingPotential: optional(Bool),
    kind: optional(Text),
    orphanDependents: optional(Bool),
    preconditions: optional(Preconditions()),
    propagationPolicy: optional(Text)
  }))

export interface FieldSelectorRequirement {
  readonly key: string
  readonly operator: string
  readonly values?: ReadonlyArray<string>
}
export const FieldSelectorRequirement: Field.Lazy<FieldSelectorRequirement> = define("meta.v1.FieldSelectorRequirement", () =>
  struct({
    key: Text,
    operator: Text,
    values: optional(list(Text, { list: "atomic" }))
  }), { parts: ["key","operator"] })

export interface GroupResource {
  readonly group: string
  readonly resource: string
}
export const GroupResource: Field.Lazy<GroupResource> = define("meta.v1.GroupResource", () =>
  struct({
    group: Text,
    resource: Text
  }), { parts: ["group","resource"] })

export interface GroupVersionForDiscovery {
  readonly groupVersion: string
  readonly version: string
}
export const GroupVersionForDiscovery: Field.Lazy<GroupVersionForDiscovery> = define("meta.v1.GroupVersionForDiscovery", () =>
  struct({
    groupVersion: Text,
    version: Text
  }), { parts: ["groupVersion","version"] })

export interface LabelSelector {
  readonly matchExpressions?: ReadonlyArray<LabelSelectorRequirement>
  readonly matchLabels?: { readonly [key: string]: string }
}
export const LabelSelector: Field.Lazy<LabelSelector> = define("meta.v1.LabelSelector", () =>
  struct({
    matchExpressions: optional(list(LabelSelectorRequirement(), { list: "atomic" })),
    matchLabels: optional(map(Text))
  }), { atomic: true })

export interface LabelSelectorRequirement {
  readonly key: string
  readonly operator: string
  readonly values?: ReadonlyArray<string>
}
export const LabelSelectorRequirement: Field.Lazy<LabelSelectorRequirement> = define("meta.v1.LabelSelectorRequirement", () =>
  struct({
    key: Text,
    operator: Text,
    values: optional(list(Text, { list: "atomic" }))
  }), { parts: ["key","operator"] })

export interface ListMeta {
  readonly continue?: string
  readonly remainingItemCount?: number
  readonly resourceVersion?: string
  readonly selfLink?: string
  readonly shardInfo?: ShardInfo
}
export const ListMeta: Field.Lazy<ListMeta> = define("meta.v1.ListMeta", () =>
  struct({
    continue: optional(Text),
    remainingItemCount: optional(Int64),
    resourceVersion: optional(Text),
    selfLink: optional(Text),
    shardInfo: optional(ShardInfo())
  }), { omitted: ["continue","resourceVersion","selfLink"] })

export interface Preconditions {
  readonly resourceVersion?: string
  readonly uid?: string
}
export const Preconditions: Field.Lazy<Preconditions> = define("meta.v1.Preconditions", () =>
  struct({
    resourceVersion: optional(Text),
    uid: optional(Text)
  }))

export interface ServerAddressByClientCIDR {
  readonly clientCIDR: string
  readonly serverAddress: string
}
export const ServerAddressByClientCIDR: Field.Lazy<ServerAddressByClientCIDR> = define("meta.v1.ServerAddressByClientCIDR", () =>
  struct({
    clientCIDR: Text,
    serverAddress: Text
  }), { parts: ["clientCIDR","serverAddress"] })

export interface ShardInfo {
  readonly selector: string
}
export const ShardInfo: Field.Lazy<ShardInfo> = define("meta.v1.ShardInfo", () =>
  struct({
    selector: Text
  }), { parts: ["selector"] })

export interface Status {
  readonly apiVersion?: string
  readonly code?: number
  readonly details?: StatusDetails
  readonly kind?: string
  readonly message?: string
  readonly metadata?: ListMeta
  readonly reason?: string
  readonly status?: string
}
export const Status: Field.Lazy<Status> = define("meta.v1.Status", () =>
  struct({
    apiVersion: optional(Text),
    code: optional(Int32),
    details: optional(StatusDetails()),
    kind: optional(Text),
    message: optional(Text),
    metadata: optional(ListMeta()),
    reason: optional(Text),
    status: optional(Text)
  }), { omitted: ["code","message","reason","status"] })

export interface StatusCause {
  readonly field?: string
  readonly message?: string
  readonly reason?: string
}
export const StatusCause: Field.Lazy<StatusCause> = define("meta.v1.StatusCause", () =>
  struct({
    field: optional(Text),
    message: optional(Text),
    reason: optional(Text)
  }), { omitted: ["field","message","reason"] })

export interface StatusDetails {
  readonly causes?: ReadonlyArray<StatusCause>
  readonly group?: string
  readonly kind?: string
  readonly name?: string
  readonly retryAfterSeconds?: number
  readonly uid?: string
}
export const StatusDetails: Field.Lazy<StatusDetails> = define("meta.v1.StatusDetails", () =>
  struct({
    causes: optional(list(StatusCause(), { list: "atomic" })),
    group: optional(Text),
    kind: optional(Text),
    name: optional(Text),
    retryAfterSeconds: optional(Int32),
    uid: optional(Text)
  }), { omitted: ["group","kind","name","retryAfterSeconds","uid"] })

export interface WatchEvent {
  readonly object: Json
  readonly type: string
}
export const WatchEvent: Field.Lazy<WatchEvent> = define("meta.v1.WatchEvent", () =>
  struct({
    object: Free,
    type: Text
  }), { parts: ["type"] })

export interface Info {
  readonly buildDate: string
  readonly compiler: string
  readonly emulationMajor?: string
  readonly emulationMinor?: string
  readonly gitCommit: string
  readonly gitTreeState: string
  readonly gitVersion: string
  readonly goVersion: string
  readonly major: string
  readonly minCompatibilityMajor?: string
  readonly minCompatibilityMinor?: string
  readonly minor: string
  readonly platform: string
}
export const Info: Field.Lazy<Info> = define("meta.v1.Info", () =>
  struct({
    buildDate: Text,
    compiler: Text,
    emulationMajor: optional(Text),
    emulationMinor: optional(Text),
    gitCommit: Text,
    gitTreeState: Text,
    gitVersion: Text,
    goVersion: Text,
    major: Text,
    minCompatibilityMajor: optional(Text),
    minCompatibilityMinor: optional(Text),
    minor: Text,
    platform: Text
  }))
