// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import type { Json } from "effect/Schema"
import * as Field from "../../../../kernel/resource/Field.ts"

const { Bool, Free, Int32, Int64, Text, Time, define, filled, fleeting, list, map, optional, struct } = Field

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
    apiVersion: fleeting(Text),
    kind: fleeting(Text),
    name: Text,
    preferredVersion: optional(GroupVersionForDiscovery()),
    serverAddressByClientCIDRs: optional(list(ServerAddressByClientCIDR(), { list: "atomic" })),
    versions: list(GroupVersionForDiscovery(), { list: "atomic" })
  }))

export interface APIGroupList {
  readonly apiVersion?: string
  readonly groups: ReadonlyArray<APIGroup>
  readonly kind?: string
}
export const APIGroupList: Field.Lazy<APIGroupList> = define("meta.v1.APIGroupList", () =>
  struct({
    apiVersion: fleeting(Text),
    groups: list(APIGroup(), { list: "atomic" }),
    kind: fleeting(Text)
  }))

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
    group: fleeting(Text),
    kind: Text,
    name: Text,
    namespaced: Bool,
    shortNames: optional(list(Text, { list: "atomic" })),
    singularName: Text,
    storageVersionHash: fleeting(Text),
    verbs: list(Text),
    version: fleeting(Text)
  }))

export interface APIResourceList {
  readonly apiVersion?: string
  readonly groupVersion: string
  readonly kind?: string
  readonly resources: ReadonlyArray<APIResource>
}
export const APIResourceList: Field.Lazy<APIResourceList> = define("meta.v1.APIResourceList", () =>
  struct({
    apiVersion: fleeting(Text),
    groupVersion: Text,
    kind: fleeting(Text),
    resources: list(APIResource(), { list: "atomic" })
  }))

export interface APIVersions {
  readonly apiVersion?: string
  readonly kind?: string
  readonly serverAddressByClientCIDRs: ReadonlyArray<ServerAddressByClientCIDR>
  readonly versions: ReadonlyArray<string>
}
export const APIVersions: Field.Lazy<APIVersions> = define("meta.v1.APIVersions", () =>
  struct({
    apiVersion: fleeting(Text),
    kind: fleeting(Text),
    serverAddressByClientCIDRs: list(ServerAddressByClientCIDR(), { list: "atomic" }),
    versions: list(Text, { list: "atomic" })
  }))

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
    message: filled(Text, ""),
    observedGeneration: fleeting(Int64),
    reason: filled(Text, ""),
    status: Text,
    type: Text
  }))

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
    apiVersion: fleeting(Text),
    dryRun: optional(list(Text, { list: "atomic" })),
    gracePeriodSeconds: optional(Int64),
    ignoreStoreReadErrorWithClusterBreakingPotential: optional(Bool),
    kind: fleeting(Text),
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
  }))

export interface GroupResource {
  readonly group: string
  readonly resource: string
}
export const GroupResource: Field.Lazy<GroupResource> = define("meta.v1.GroupResource", () =>
  struct({
    group: Text,
    resource: Text
  }))

export interface GroupVersionForDiscovery {
  readonly groupVersion: string
  readonly version: string
}
export const GroupVersionForDiscovery: Field.Lazy<GroupVersionForDiscovery> = define("meta.v1.GroupVersionForDiscovery", () =>
  struct({
    groupVersion: Text,
    version: Text
  }))

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
  }))

export interface ListMeta {
  readonly continue?: string
  readonly remainingItemCount?: number
  readonly resourceVersion?: string
  readonly selfLink?: string
  readonly shardInfo?: ShardInfo
}
export const ListMeta: Field.Lazy<ListMeta> = define("meta.v1.ListMeta", () =>
  struct({
    continue: fleeting(Text),
    remainingItemCount: optional(Int64),
    resourceVersion: fleeting(Text),
    selfLink: fleeting(Text),
    shardInfo: optional(ShardInfo())
  }))

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
  }))

export interface ShardInfo {
  readonly selector: string
}
export const ShardInfo: Field.Lazy<ShardInfo> = define("meta.v1.ShardInfo", () =>
  struct({
    selector: Text
  }))

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
    apiVersion: fleeting(Text),
    code: fleeting(Int32),
    details: optional(StatusDetails()),
    kind: fleeting(Text),
    message: fleeting(Text),
    metadata: optional(ListMeta()),
    reason: fleeting(Text),
    status: fleeting(Text)
  }))

export interface StatusCause {
  readonly field?: string
  readonly message?: string
  readonly reason?: string
}
export const StatusCause: Field.Lazy<StatusCause> = define("meta.v1.StatusCause", () =>
  struct({
    field: fleeting(Text),
    message: fleeting(Text),
    reason: fleeting(Text)
  }))

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
    group: fleeting(Text),
    kind: fleeting(Text),
    name: fleeting(Text),
    retryAfterSeconds: fleeting(Int32),
    uid: fleeting(Text)
  }))

export interface WatchEvent {
  readonly object: Json
  readonly type: string
}
export const WatchEvent: Field.Lazy<WatchEvent> = define("meta.v1.WatchEvent", () =>
  struct({
    object: Free,
    type: Text
  }))

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
    emulationMajor: fleeting(Text),
    emulationMinor: fleeting(Text),
    gitCommit: Text,
    gitTreeState: Text,
    gitVersion: Text,
    goVersion: Text,
    major: Text,
    minCompatibilityMajor: fleeting(Text),
    minCompatibilityMinor: fleeting(Text),
    minor: Text,
    platform: Text
  }))
