// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as coreV1 from "../core/v1.ts"
import * as metaV1 from "../meta/v1.ts"

const { Bool, Int32, Int64, Text, Time, asJson, define, defaulted, list, optional, struct } = Field

export interface CronJob {
  readonly metadata: ObjectMeta
  readonly spec: CronJobSpec
  readonly status: CronJobStatus
}
export interface CronJobDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: CronJobSpecDraft
  readonly status?: CronJobStatus
}
export const CronJobSchema: Field.Lazy<CronJobDraft> = define("batch.v1.CronJob", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(CronJobSpec(), {}),
    status: defaulted(CronJobStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const CronJob = Kind.make<CronJob, CronJobDraft>({
  kind: "CronJob",
  plural: "cronjobs",
  singular: "cronjob",
  namespaced: true,
  storage: "cronjobs.batch",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  subresources: ["status"],
  shortNames: ["cj"],
  categories: ["all"],
  versions: [{ group: "batch", version: "v1", schema: asJson(CronJobSchema) }]
})

export interface CronJobSpec {
  readonly concurrencyPolicy: string
  readonly failedJobsHistoryLimit: number
  readonly jobTemplate: JobTemplateSpec
  readonly schedule: string
  readonly startingDeadlineSeconds?: number
  readonly successfulJobsHistoryLimit: number
  readonly suspend: boolean
  readonly timeZone?: string
}
export interface CronJobSpecDraft {
  readonly concurrencyPolicy?: string
  readonly failedJobsHistoryLimit?: number
  readonly jobTemplate: JobTemplateSpecDraft
  readonly schedule: string
  readonly startingDeadlineSeconds?: number
  readonly successfulJobsHistoryLimit?: number
  readonly suspend?: boolean
  readonly timeZone?: string
}
export const CronJobSpec: Field.Lazy<CronJobSpec> = define("batch.v1.CronJobSpec", () =>
  struct({
    concurrencyPolicy: defaulted(Text, "Allow"),
    failedJobsHistoryLimit: defaulted(Int32, 1),
    jobTemplate: JobTemplateSpec(),
    schedule: Text,
    startingDeadlineSeconds: optional(Int64),
    successfulJobsHistoryLimit: defaulted(Int32, 3),
    suspend: defaulted(Bool, false),
    timeZone: optional(Text)
  }), { omitted: ["concurrencyPolicy"], parts: ["jobTemplate","schedule"] })

export interface CronJobStatus {
  readonly active?: ReadonlyArray<coreV1.ObjectReference>
  readonly lastScheduleTime?: string
  readonly lastSuccessfulTime?: string
}
export const CronJobStatus: Field.Lazy<CronJobStatus> = define("batch.v1.CronJobStatus", () =>
  struct({
    active: optional(list(coreV1.ObjectReference(), { list: "atomic" })),
    lastScheduleTime: optional(Time),
    lastSuccessfulTime: optional(Time)
  }))

export interface Job {
  readonly metadata: ObjectMeta
  readonly spec: JobSpec
  readonly status: JobStatus
}
export interface JobDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: JobSpecDraft
  readonly status?: JobStatus
}
export const JobSchema: Field.Lazy<JobDraft> = define("batch.v1.Job", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(JobSpec(), {}),
    status: defaulted(JobStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const Job = Kind.make<Job, JobDraft>({
  kind: "Job",
  plural: "jobs",
  singular: "job",
  namespaced: true,
  storage: "jobs.batch",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  subresources: ["status"],
  categories: ["all"],
  versions: [{ group: "batch", version: "v1", schema: asJson(JobSchema) }]
})

export interface JobCondition {
  readonly lastProbeTime?: string
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const JobCondition: Field.Lazy<JobCondition> = define("batch.v1.JobCondition", () =>
  struct({
    lastProbeTime: optional(Time),
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface JobSpec {
  readonly activeDeadlineSeconds?: number
  readonly backoffLimit?: number
  readonly backoffLimitPerIndex?: number
  readonly completionMode?: string
  readonly completions?: number
  readonly managedBy?: string
  readonly manualSelector?: boolean
  readonly maxFailedIndexes?: number
  readonly parallelism?: number
  readonly podFailurePolicy?: PodFailurePolicy
  readonly podReplacementPolicy?: string
  readonly selector?: metaV1.LabelSelector
  readonly successPolicy?: SuccessPolicy
  readonly suspend?: boolean
  readonly template: coreV1.PodTemplateSpec
  readonly ttlSecondsAfterFinished?: number
}
export interface JobSpecDraft {
  readonly activeDeadlineSeconds?: number
  readonly backoffLimit?: number
  readonly backoffLimitPerIndex?: number
  readonly completionMode?: string
  readonly completions?: number
  readonly managedBy?: string
  readonly manualSelector?: boolean
  readonly maxFailedIndexes?: number
  readonly parallelism?: number
  readonly podFailurePolicy?: PodFailurePolicyDraft
  readonly podReplacementPolicy?: string
  readonly selector?: metaV1.LabelSelector
  readonly successPolicy?: SuccessPolicy
  readonly suspend?: boolean
  readonly template: coreV1.PodTemplateSpecDraft
  readonly ttlSecondsAfterFinished?: number
}
export const JobSpec: Field.Lazy<JobSpec> = define("batch.v1.JobSpec", () =>
  struct({
    activeDeadlineSeconds: optional(Int64),
    backoffLimit: optional(Int32),
    backoffLimitPerIndex: optional(Int32),
    completionMode: optional(Text),
    completions: optional(Int32),
    managedBy: optional(Text),
    manualSelector: optional(Bool),
    maxFailedIndexes: optional(Int32),
    parallelism: optional(Int32),
    podFailurePolicy: optional(PodFailurePolicy()),
    podReplacementPolicy: optional(Text),
    selector: optional(metaV1.LabelSelector()),
    successPolicy: optional(SuccessPolicy()),
    suspend: optional(Bool),
    template: coreV1.PodTemplateSpec(),
    ttlSecondsAfterFinished: optional(Int32)
  }), { parts: ["template"] })

export interface JobStatus {
  readonly active?: number
  readonly completedIndexes?: string
  readonly completionTime?: string
  readonly conditions?: ReadonlyArray<JobCondition>
  readonly failed?: number
  readonly failedIndexes?: string
  readonly ready?: number
  readonly startTime?: string
  readonly succeeded?: number
  readonly terminating?: number
  readonly uncountedTerminatedPods?: UncountedTerminatedPods
}
export const JobStatus: Field.Lazy<JobStatus> = define("batch.v1.JobStatus", () =>
  struct({
    active: optional(Int32),
    completedIndexes: optional(Text),
    completionTime: optional(Time),
    conditions: optional(list(JobCondition(), { list: "atomic", patch: ["merge"], mergeKey: "type" })),
    failed: optional(Int32),
    failedIndexes: optional(Text),
    ready: optional(Int32),
    startTime: optional(Time),
    succeeded: optional(Int32),
    terminating: optional(Int32),
    uncountedTerminatedPods: optional(UncountedTerminatedPods())
  }), { omitted: ["active","completedIndexes","failed","succeeded"] })

export interface JobTemplateSpec {
  readonly metadata: ObjectMetaDraft
  readonly spec: JobSpec
}
export interface JobTemplateSpecDraft {
  readonly metadata?: ObjectMetaDraft
  readonly spec?: JobSpecDraft
}
export const JobTemplateSpec: Field.Lazy<JobTemplateSpec> = define("batch.v1.JobTemplateSpec", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(JobSpec(), {})
  }), { parts: ["metadata","spec"] })

export interface PodFailurePolicy {
  readonly rules: ReadonlyArray<PodFailurePolicyRule>
}
export interface PodFailurePolicyDraft {
  readonly rules: ReadonlyArray<PodFailurePolicyRuleDraft>
}
export const PodFailurePolicy: Field.Lazy<PodFailurePolicy> = define("batch.v1.PodFailurePolicy", () =>
  struct({
    rules: list(PodFailurePolicyRule(), { list: "atomic" })
  }), { parts: ["rules"] })

export interface PodFailurePolicyOnExitCodesRequirement {
  readonly containerName?: string
  readonly operator: string
  readonly values: ReadonlyArray<number>
}
export const PodFailurePolicyOnExitCodesRequirement: Field.Lazy<PodFailurePolicyOnExitCodesRequirement> = define("batch.v1.PodFailurePolicyOnExitCodesRequirement", () =>
  struct({
    containerName: optional(Text),
    operator: Text,
    values: list(Int32, { list: "set" })
  }), { parts: ["operator","values"] })

export interface PodFailurePolicyOnPodConditionsPattern {
  readonly status: string
  readonly type: string
}
export interface PodFailurePolicyOnPodConditionsPatternDraft {
  readonly status?: string
  readonly type: string
}
export const PodFailurePolicyOnPodConditionsPattern: Field.Lazy<PodFailurePolicyOnPodConditionsPattern> = define("batch.v1.PodFailurePolicyOnPodConditionsPattern", () =>
  struct({
    status: defaulted(Text, "True"),
    type: Text
  }), { parts: ["status","type"] })

export interface PodFailurePolicyRule {
  readonly action: string
  readonly onExitCodes?: PodFailurePolicyOnExitCodesRequirement
  readonly onPodConditions?: ReadonlyArray<PodFailurePolicyOnPodConditionsPattern>
}
export interface PodFailurePolicyRuleDraft {
  readonly action: string
  readonly onExitCodes?: PodFailurePolicyOnExitCodesRequirement
  readonly onPodConditions?: ReadonlyArray<PodFailurePolicyOnPodConditionsPatternDraft>
}
export const PodFailurePolicyRule: Field.Lazy<PodFailurePolicyRule> = define("batch.v1.PodFailurePolicyRule", () =>
  struct({
    action: Text,
    onExitCodes: optional(PodFailurePolicyOnExitCodesRequirement()),
    onPodConditions: optional(list(PodFailurePolicyOnPodConditionsPattern(), { list: "atomic" }))
  }), { parts: ["action"] })

export interface SuccessPolicy {
  readonly rules: ReadonlyArray<SuccessPolicyRule>
}
export const SuccessPolicy: Field.Lazy<SuccessPolicy> = define("batch.v1.SuccessPolicy", () =>
  struct({
    rules: list(SuccessPolicyRule(), { list: "atomic" })
  }), { parts: ["rules"] })

export interface SuccessPolicyRule {
  readonly succeededCount?: number
  readonly succeededIndexes?: string
}
export const SuccessPolicyRule: Field.Lazy<SuccessPolicyRule> = define("batch.v1.SuccessPolicyRule", () =>
  struct({
    succeededCount: optional(Int32),
    succeededIndexes: optional(Text)
  }))

export interface UncountedTerminatedPods {
  readonly failed?: ReadonlyArray<string>
  readonly succeeded?: ReadonlyArray<string>
}
export const UncountedTerminatedPods: Field.Lazy<UncountedTerminatedPods> = define("batch.v1.UncountedTerminatedPods", () =>
  struct({
    failed: optional(list(Text, { list: "set" })),
    succeeded: optional(list(Text, { list: "set" }))
  }))
