// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import type { Json } from "effect/Schema"
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as coreV1 from "../core/v1.ts"
import * as metaV1 from "../meta/v1.ts"

const { Bool, Free, Int32, Int64, IntOrString, Text, Time, asJson, define, defaulted, embedded, list, optional, patched, pointer, struct } = Field

export interface ControllerRevision {
  readonly data?: Json
  readonly metadata: ObjectMeta
  readonly revision: number
}
export interface ControllerRevisionDraft {
  readonly data?: Json
  readonly metadata: ObjectMetaDraft
  readonly revision: number
}
export const ControllerRevisionSchema: Field.Lazy<ControllerRevisionDraft> = define("apps.v1.ControllerRevision", () =>
  struct({
    data: optional(Free),
    metadata: defaulted(ObjectMetaDraft(), {}),
    revision: Int64
  }), { parts: ["metadata","revision"] })
export const ControllerRevision = Kind.make<ControllerRevision, ControllerRevisionDraft>({
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  singular: "controllerrevision",
  namespaced: true,
  storage: "controllerrevisions.apps",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  versions: [{ group: "apps", version: "v1", schema: asJson(ControllerRevisionSchema) }]
})

export interface DaemonSet {
  readonly metadata: ObjectMeta
  readonly spec: DaemonSetSpec
  readonly status: DaemonSetStatus
}
export interface DaemonSetDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: DaemonSetSpecDraft
  readonly status?: DaemonSetStatusDraft
}
export const DaemonSetSchema: Field.Lazy<DaemonSetDraft> = define("apps.v1.DaemonSet", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(DaemonSetSpec(), {}),
    status: defaulted(DaemonSetStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const DaemonSet = Kind.make<DaemonSet, DaemonSetDraft>({
  kind: "DaemonSet",
  plural: "daemonsets",
  singular: "daemonset",
  namespaced: true,
  storage: "daemonsets.apps",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  subresources: ["status"],
  shortNames: ["ds"],
  categories: ["all"],
  versions: [{ group: "apps", version: "v1", schema: asJson(DaemonSetSchema) }]
})

export interface DaemonSetCondition {
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const DaemonSetCondition: Field.Lazy<DaemonSetCondition> = define("apps.v1.DaemonSetCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface DaemonSetSpec {
  readonly minReadySeconds?: number
  readonly revisionHistoryLimit: number
  readonly selector: metaV1.LabelSelector
  readonly template: coreV1.PodTemplateSpec
  readonly updateStrategy: DaemonSetUpdateStrategy
}
export interface DaemonSetSpecDraft {
  readonly minReadySeconds?: number
  readonly revisionHistoryLimit?: number
  readonly selector: metaV1.LabelSelector
  readonly template: coreV1.PodTemplateSpecDraft
  readonly updateStrategy?: DaemonSetUpdateStrategyDraft
}
export const DaemonSetSpec: Field.Lazy<DaemonSetSpec> = define("apps.v1.DaemonSetSpec", () =>
  struct({
    minReadySeconds: optional(Int32),
    revisionHistoryLimit: defaulted(Int32, 10),
    selector: pointer(metaV1.LabelSelector()),
    template: coreV1.PodTemplateSpec(),
    updateStrategy: defaulted(DaemonSetUpdateStrategy(), {})
  }), { omitted: ["minReadySeconds"], parts: ["selector","template","updateStrategy"] })

export interface DaemonSetStatus {
  readonly collisionCount?: number
  readonly conditions?: ReadonlyArray<DaemonSetCondition>
  readonly currentNumberScheduled: number
  readonly desiredNumberScheduled: number
  readonly numberAvailable?: number
  readonly numberMisscheduled: number
  readonly numberReady: number
  readonly numberUnavailable?: number
  readonly observedGeneration?: number
  readonly updatedNumberScheduled?: number
}
export interface DaemonSetStatusDraft {
  readonly collisionCount?: number
  readonly conditions?: ReadonlyArray<DaemonSetCondition>
  readonly currentNumberScheduled?: number
  readonly desiredNumberScheduled?: number
  readonly numberAvailable?: number
  readonly numberMisscheduled?: number
  readonly numberReady?: number
  readonly numberUnavailable?: number
  readonly observedGeneration?: number
  readonly updatedNumberScheduled?: number
}
export const DaemonSetStatus: Field.Lazy<DaemonSetStatus> = define("apps.v1.DaemonSetStatus", () =>
  struct({
    collisionCount: optional(Int32),
    conditions: optional(list(DaemonSetCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    currentNumberScheduled: defaulted(Int32, 0),
    desiredNumberScheduled: defaulted(Int32, 0),
    numberAvailable: optional(Int32),
    numberMisscheduled: defaulted(Int32, 0),
    numberReady: defaulted(Int32, 0),
    numberUnavailable: optional(Int32),
    observedGeneration: optional(Int64),
    updatedNumberScheduled: optional(Int32)
  }), { omitted: ["numberAvailable","numberUnavailable","observedGeneration","updatedNumberScheduled"], parts: ["currentNumberScheduled","desiredNumberScheduled","numberMisscheduled","numberReady"] })

export interface DaemonSetUpdateStrategy {
  readonly rollingUpdate?: RollingUpdateDaemonSet
  readonly type: string
}
export interface DaemonSetUpdateStrategyDraft {
  readonly rollingUpdate?: RollingUpdateDaemonSetDraft
  readonly type?: string
}
export const DaemonSetUpdateStrategy: Field.Lazy<DaemonSetUpdateStrategy> = define("apps.v1.DaemonSetUpdateStrategy", () =>
  struct({
    rollingUpdate: optional(RollingUpdateDaemonSet()),
    type: defaulted(Text, "RollingUpdate")
  }), { omitted: ["type"] })

export interface Deployment {
  readonly metadata: ObjectMeta
  readonly spec: DeploymentSpec
  readonly status: DeploymentStatus
}
export interface DeploymentDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: DeploymentSpecDraft
  readonly status?: DeploymentStatus
}
export const DeploymentSchema: Field.Lazy<DeploymentDraft> = define("apps.v1.Deployment", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(DeploymentSpec(), {}),
    status: defaulted(DeploymentStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const Deployment = Kind.make<Deployment, DeploymentDraft>({
  kind: "Deployment",
  plural: "deployments",
  singular: "deployment",
  namespaced: true,
  storage: "deployments.apps",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  subresources: ["scale","status"],
  shortNames: ["deploy"],
  categories: ["all"],
  versions: [{ group: "apps", version: "v1", schema: asJson(DeploymentSchema) }]
})

export interface DeploymentCondition {
  readonly lastTransitionTime?: string
  readonly lastUpdateTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const DeploymentCondition: Field.Lazy<DeploymentCondition> = define("apps.v1.DeploymentCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    lastUpdateTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface DeploymentSpec {
  readonly minReadySeconds?: number
  readonly paused?: boolean
  readonly progressDeadlineSeconds: number
  readonly replicas: number
  readonly revisionHistoryLimit: number
  readonly selector: metaV1.LabelSelector
  readonly strategy: DeploymentStrategy
  readonly template: coreV1.PodTemplateSpec
}
export interface DeploymentSpecDraft {
  readonly minReadySeconds?: number
  readonly paused?: boolean
  readonly progressDeadlineSeconds?: number
  readonly replicas?: number
  readonly revisionHistoryLimit?: number
  readonly selector: metaV1.LabelSelector
  readonly strategy?: DeploymentStrategyDraft
  readonly template: coreV1.PodTemplateSpecDraft
}
export const DeploymentSpec: Field.Lazy<DeploymentSpec> = define("apps.v1.DeploymentSpec", () =>
  struct({
    minReadySeconds: optional(Int32),
    paused: optional(Bool),
    progressDeadlineSeconds: defaulted(Int32, 600),
    replicas: defaulted(Int32, 1),
    revisionHistoryLimit: defaulted(Int32, 10),
    selector: pointer(metaV1.LabelSelector()),
    strategy: defaulted(patched(DeploymentStrategy(), { patch: ["retainKeys"] }), {}),
    template: coreV1.PodTemplateSpec()
  }), { omitted: ["minReadySeconds","paused"], parts: ["selector","strategy","template"] })

export interface DeploymentStatus {
  readonly availableReplicas?: number
  readonly collisionCount?: number
  readonly conditions?: ReadonlyArray<DeploymentCondition>
  readonly observedGeneration?: number
  readonly readyReplicas?: number
  readonly replicas?: number
  readonly terminatingReplicas?: number
  readonly unavailableReplicas?: number
  readonly updatedReplicas?: number
}
export const DeploymentStatus: Field.Lazy<DeploymentStatus> = define("apps.v1.DeploymentStatus", () =>
  struct({
    availableReplicas: optional(Int32),
    collisionCount: optional(Int32),
    conditions: optional(list(DeploymentCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    observedGeneration: optional(Int64),
    readyReplicas: optional(Int32),
    replicas: optional(Int32),
    terminatingReplicas: optional(Int32),
    unavailableReplicas: optional(Int32),
    updatedReplicas: optional(Int32)
  }), { omitted: ["availableReplicas","observedGeneration","readyReplicas","replicas","unavailableReplicas","updatedReplicas"] })

export interface DeploymentStrategy {
  readonly rollingUpdate?: RollingUpdateDeployment
  readonly type: string
}
export interface DeploymentStrategyDraft {
  readonly rollingUpdate?: RollingUpdateDeploymentDraft
  readonly type?: string
}
export const DeploymentStrategy: Field.Lazy<DeploymentStrategy> = define("apps.v1.DeploymentStrategy", () =>
  struct({
    rollingUpdate: optional(RollingUpdateDeployment()),
    type: defaulted(Text, "RollingUpdate")
  }), { omitted: ["type"] })

export interface ReplicaSet {
  readonly metadata: ObjectMeta
  readonly spec: ReplicaSetSpec
  readonly status: ReplicaSetStatus
}
export interface ReplicaSetDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: ReplicaSetSpecDraft
  readonly status?: ReplicaSetStatusDraft
}
export const ReplicaSetSchema: Field.Lazy<ReplicaSetDraft> = define("apps.v1.ReplicaSet", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(ReplicaSetSpec(), {}),
    status: defaulted(ReplicaSetStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const ReplicaSet = Kind.make<ReplicaSet, ReplicaSetDraft>({
  kind: "ReplicaSet",
  plural: "replicasets",
  singular: "replicaset",
  namespaced: true,
  storage: "replicasets.apps",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["scale","status"],
  shortNames: ["rs"],
  categories: ["all"],
  versions: [{ group: "apps", version: "v1", schema: asJson(ReplicaSetSchema) }]
})

export interface ReplicaSetCondition {
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const ReplicaSetCondition: Field.Lazy<ReplicaSetCondition> = define("apps.v1.ReplicaSetCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface ReplicaSetSpec {
  readonly minReadySeconds?: number
  readonly replicas: number
  readonly selector: metaV1.LabelSelector
  readonly template: coreV1.PodTemplateSpec
}
export interface ReplicaSetSpecDraft {
  readonly minReadySeconds?: number
  readonly replicas?: number
  readonly selector: metaV1.LabelSelector
  readonly template?: coreV1.PodTemplateSpecDraft
}
export const ReplicaSetSpec: Field.Lazy<ReplicaSetSpec> = define("apps.v1.ReplicaSetSpec", () =>
  struct({
    minReadySeconds: optional(Int32),
    replicas: defaulted(Int32, 1),
    selector: pointer(metaV1.LabelSelector()),
    template: defaulted(coreV1.PodTemplateSpec(), {})
  }), { omitted: ["minReadySeconds"], parts: ["selector","template"] })

export interface ReplicaSetStatus {
  readonly availableReplicas?: number
  readonly conditions?: ReadonlyArray<ReplicaSetCondition>
  readonly fullyLabeledReplicas?: number
  readonly observedGeneration?: number
  readonly readyReplicas?: number
  readonly replicas: number
  readonly terminatingReplicas?: number
}
export interface ReplicaSetStatusDraft {
  readonly availableReplicas?: number
  readonly conditions?: ReadonlyArray<ReplicaSetCondition>
  readonly fullyLabeledReplicas?: number
  readonly observedGeneration?: number
  readonly readyReplicas?: number
  readonly replicas?: number
  readonly terminatingReplicas?: number
}
export const ReplicaSetStatus: Field.Lazy<ReplicaSetStatus> = define("apps.v1.ReplicaSetStatus", () =>
  struct({
    availableReplicas: optional(Int32),
    conditions: optional(list(ReplicaSetCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    fullyLabeledReplicas: optional(Int32),
    observedGeneration: optional(Int64),
    readyReplicas: optional(Int32),
    replicas: defaulted(Int32, 0),
    terminatingReplicas: optional(Int32)
  }), { omitted: ["availableReplicas","fullyLabeledReplicas","observedGeneration","readyReplicas"], parts: ["replicas"] })

export interface RollingUpdateDaemonSet {
  readonly maxSurge: number | string
  readonly maxUnavailable: number | string
}
export interface RollingUpdateDaemonSetDraft {
  readonly maxSurge?: number | string
  readonly maxUnavailable?: number | string
}
export const RollingUpdateDaemonSet: Field.Lazy<RollingUpdateDaemonSet> = define("apps.v1.RollingUpdateDaemonSet", () =>
  struct({
    maxSurge: defaulted(IntOrString, 0),
    maxUnavailable: defaulted(IntOrString, 1)
  }))

export interface RollingUpdateDeployment {
  readonly maxSurge: number | string
  readonly maxUnavailable: number | string
}
export interface RollingUpdateDeploymentDraft {
  readonly maxSurge?: number | string
  readonly maxUnavailable?: number | string
}
export const RollingUpdateDeployment: Field.Lazy<RollingUpdateDeployment> = define("apps.v1.RollingUpdateDeployment", () =>
  struct({
    maxSurge: defaulted(IntOrString, "25%"),
    maxUnavailable: defaulted(IntOrString, "25%")
  }))

export interface RollingUpdateStatefulSetStrategy {
  readonly maxUnavailable?: number | string
  readonly partition: number
}
export interface RollingUpdateStatefulSetStrategyDraft {
  readonly maxUnavailable?: number | string
  readonly partition?: number
}
export const RollingUpdateStatefulSetStrategy: Field.Lazy<RollingUpdateStatefulSetStrategy> = define("apps.v1.RollingUpdateStatefulSetStrategy", () =>
  struct({
    maxUnavailable: optional(IntOrString),
    partition: defaulted(Int32, 0)
  }))

export interface StatefulSet {
  readonly metadata: ObjectMeta
  readonly spec: StatefulSetSpec
  readonly status: StatefulSetStatus
}
export interface StatefulSetDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: StatefulSetSpecDraft
  readonly status?: StatefulSetStatusDraft
}
export const StatefulSetSchema: Field.Lazy<StatefulSetDraft> = define("apps.v1.StatefulSet", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(StatefulSetSpec(), {}),
    status: defaulted(StatefulSetStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const StatefulSet = Kind.make<StatefulSet, StatefulSetDraft>({
  kind: "StatefulSet",
  plural: "statefulsets",
  singular: "statefulset",
  namespaced: true,
  storage: "statefulsets.apps",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["scale","status"],
  shortNames: ["sts"],
  categories: ["all"],
  versions: [{ group: "apps", version: "v1", schema: asJson(StatefulSetSchema) }]
})

export interface StatefulSetCondition {
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const StatefulSetCondition: Field.Lazy<StatefulSetCondition> = define("apps.v1.StatefulSetCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface StatefulSetOrdinals {
  readonly start: number
}
export interface StatefulSetOrdinalsDraft {
  readonly start?: number
}
export const StatefulSetOrdinals: Field.Lazy<StatefulSetOrdinals> = define("apps.v1.StatefulSetOrdinals", () =>
  struct({
    start: defaulted(Int32, 0)
  }), { parts: ["start"] })

export interface StatefulSetPersistentVolumeClaimRetentionPolicy {
  readonly whenDeleted: string
  readonly whenScaled: string
}
export interface StatefulSetPersistentVolumeClaimRetentionPolicyDraft {
  readonly whenDeleted?: string
  readonly whenScaled?: string
}
export const StatefulSetPersistentVolumeClaimRetentionPolicy: Field.Lazy<StatefulSetPersistentVolumeClaimRetentionPolicy> = define("apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy", () =>
  struct({
    whenDeleted: defaulted(Text, "Retain"),
    whenScaled: defaulted(Text, "Retain")
  }), { omitted: ["whenDeleted","whenScaled"] })

export interface StatefulSetSpec {
  readonly minReadySeconds?: number
  readonly ordinals?: StatefulSetOrdinals
  readonly persistentVolumeClaimRetentionPolicy: StatefulSetPersistentVolumeClaimRetentionPolicy
  readonly podManagementPolicy: string
  readonly replicas: number
  readonly revisionHistoryLimit: number
  readonly selector: metaV1.LabelSelector
  readonly serviceName: string
  readonly template: coreV1.PodTemplateSpec
  readonly updateStrategy: StatefulSetUpdateStrategy
  readonly volumeClaimTemplates?: ReadonlyArray<coreV1.PersistentVolumeClaimDraft>
}
export interface StatefulSetSpecDraft {
  readonly minReadySeconds?: number
  readonly ordinals?: StatefulSetOrdinalsDraft
  readonly persistentVolumeClaimRetentionPolicy?: StatefulSetPersistentVolumeClaimRetentionPolicyDraft
  readonly podManagementPolicy?: string
  readonly replicas?: number
  readonly revisionHistoryLimit?: number
  readonly selector: metaV1.LabelSelector
  readonly serviceName?: string
  readonly template: coreV1.PodTemplateSpecDraft
  readonly updateStrategy?: StatefulSetUpdateStrategyDraft
  readonly volumeClaimTemplates?: ReadonlyArray<coreV1.PersistentVolumeClaimDraft>
}
export const StatefulSetSpec: Field.Lazy<StatefulSetSpec> = define("apps.v1.StatefulSetSpec", () =>
  struct({
    minReadySeconds: optional(Int32),
    ordinals: optional(StatefulSetOrdinals()),
    persistentVolumeClaimRetentionPolicy: defaulted(StatefulSetPersistentVolumeClaimRetentionPolicy(), {}),
    podManagementPolicy: defaulted(Text, "OrderedReady"),
    replicas: defaulted(Int32, 1),
    revisionHistoryLimit: defaulted(Int32, 10),
    selector: pointer(metaV1.LabelSelector()),
    serviceName: defaulted(Text, ""),
    template: coreV1.PodTemplateSpec(),
    updateStrategy: defaulted(StatefulSetUpdateStrategy(), {"type":"RollingUpdate","rollingUpdate":{"partition":0}}),
    volumeClaimTemplates: optional(list(embedded(coreV1.PersistentVolumeClaimSchema(), { apiVersion: "v1", kind: "PersistentVolumeClaim" }), { list: "atomic" }))
  }), { omitted: ["minReadySeconds","podManagementPolicy"], parts: ["selector","serviceName","template","updateStrategy"] })

export interface StatefulSetStatus {
  readonly availableReplicas: number
  readonly collisionCount?: number
  readonly conditions?: ReadonlyArray<StatefulSetCondition>
  readonly currentReplicas?: number
  readonly currentRevision?: string
  readonly observedGeneration?: number
  readonly readyReplicas?: number
  readonly replicas: number
  readonly updateRevision?: string
  readonly updatedReplicas?: number
}
export interface StatefulSetStatusDraft {
  readonly availableReplicas?: number
  readonly collisionCount?: number
  readonly conditions?: ReadonlyArray<StatefulSetCondition>
  readonly currentReplicas?: number
  readonly currentRevision?: string
  readonly observedGeneration?: number
  readonly readyReplicas?: number
  readonly replicas?: number
  readonly updateRevision?: string
  readonly updatedReplicas?: number
}
export const StatefulSetStatus: Field.Lazy<StatefulSetStatus> = define("apps.v1.StatefulSetStatus", () =>
  struct({
    availableReplicas: defaulted(Int32, 0),
    collisionCount: optional(Int32),
    conditions: optional(list(StatefulSetCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    currentReplicas: optional(Int32),
    currentRevision: optional(Text),
    observedGeneration: optional(Int64),
    readyReplicas: optional(Int32),
    replicas: defaulted(Int32, 0),
    updateRevision: optional(Text),
    updatedReplicas: optional(Int32)
  }), { omitted: ["currentReplicas","currentRevision","observedGeneration","readyReplicas","updateRevision","updatedReplicas"], parts: ["availableReplicas","replicas"] })

export interface StatefulSetUpdateStrategy {
  readonly rollingUpdate?: RollingUpdateStatefulSetStrategy
  readonly type: string
}
export interface StatefulSetUpdateStrategyDraft {
  readonly rollingUpdate?: RollingUpdateStatefulSetStrategyDraft
  readonly type?: string
}
export const StatefulSetUpdateStrategy: Field.Lazy<StatefulSetUpdateStrategy> = define("apps.v1.StatefulSetUpdateStrategy", () =>
  struct({
    rollingUpdate: optional(RollingUpdateStatefulSetStrategy()),
    type: defaulted(Text, "RollingUpdate")
  }), { omitted: ["type"] })
