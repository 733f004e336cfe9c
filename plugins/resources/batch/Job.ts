/** Jobs, as the API server treats them: their Pods are told apart by the uid of the Job. */
import * as Age from "../../../kernel/resource/Age.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { same, selector } from "../apps/Workloads.ts"
import { age, containers, text } from "../Columns.ts"
import type { Job, JobSpec } from "../contracts/batch/v1.ts"
import { oneOf } from "../core/ContainerValidation.ts"
import * as PodDefaults from "../core/PodDefaults.ts"
import { nonNegative } from "../core/ProbeValidation.ts"
import { validateTemplate } from "../core/Template.ts"

/** Who says nothing of how many, wants one; who says how many at once, has a queue. */
const withCounts = (spec: JobSpec): JobSpec => {
  const { completions, parallelism } = spec
  if (completions === undefined && parallelism === undefined) return { ...spec, completions: 1, parallelism: 1 }
  return { ...spec, parallelism: parallelism ?? 1 }
}

/** What a Job has, and the template of one has not. */
const withPolicies = (spec: JobSpec): JobSpec => ({
  ...spec,
  backoffLimit: spec.backoffLimit ?? (spec.backoffLimitPerIndex === undefined ? 6 : 2147483647),
  completionMode: spec.completionMode ?? "NonIndexed",
  manualSelector: spec.manualSelector ?? false,
  podReplacementPolicy:
    spec.podReplacementPolicy ?? (spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed"),
  suspend: spec.suspend ?? false
})

const defaults = (job: Job): Job => {
  const template = PodDefaults.template(job.spec.template)
  const hasLabels = Object.keys(job.metadata.labels ?? {}).length > 0
  const labels = hasLabels ? job.metadata.labels : template.metadata?.labels
  return {
    ...job,
    metadata: { ...job.metadata, ...(labels !== undefined && { labels }) },
    spec: { ...withPolicies(withCounts(job.spec)), template }
  }
}

const uidLabel = "batch.kubernetes.io/controller-uid"
const nameLabel = "batch.kubernetes.io/job-name"

/** The labels and the selector by which a Job knows its Pods, unless its author chose others. */
const withSelector = (job: Job): Job => {
  const { manualSelector, template } = job.spec
  if (manualSelector === true) return job
  const { name, uid } = job.metadata
  const labels = {
    ...template.metadata?.labels,
    "controller-uid": uid,
    [uidLabel]: uid,
    "job-name": name,
    [nameLabel]: name
  }
  // Who was labelled like the template for want of labels of its own, still is.
  const own = same(job.metadata.labels, template.metadata?.labels) ? labels : job.metadata.labels
  return {
    ...job,
    metadata: { ...job.metadata, ...(own && { labels: own }) },
    spec: {
      ...job.spec,
      selector: { matchLabels: { ...job.spec.selector?.matchLabels, [uidLabel]: uid } },
      template: { ...template, metadata: { ...template.metadata, labels } }
    }
  }
}

const counts = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "backoffLimitPerIndex",
  "ttlSecondsAfterFinished"
] as const

export const validateSpec = (spec: JobSpec, field = "spec"): Causes.Causes => [
  ...counts.flatMap((name) => nonNegative(`${field}.${name}`, spec[name])),
  ...oneOf(`${field}.completionMode`, spec.completionMode, ["NonIndexed", "Indexed"]),
  ...(spec.completionMode === "Indexed" && spec.completions === undefined
    ? [Causes.required(`${field}.completions`, "when completion mode is Indexed")]
    : []),
  ...validateTemplate(spec.template, `${field}.template`),
  ...(spec.template.spec.restartPolicy === "Always"
    ? [Causes.required(`${field}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"')]
    : [])
]

const validate = ({ metadata, spec }: Job): Causes.Causes => [
  // The Pods of an indexed Job have the index in their host names.
  ...(spec.completionMode === "Indexed"
    ? Causes.broken("metadata.name", metadata.name, Names.dns1123Label(metadata.name))
    : []),
  ...validateSpec(spec)
]

const fixed = [
  "selector",
  "completionMode",
  "podFailurePolicy",
  "backoffLimitPerIndex",
  "managedBy",
  "successPolicy"
] as const

const validateUpdate = ({ spec }: Job, { spec: old, status }: Job): Causes.Causes => {
  const isElastic = old.completionMode === "Indexed" && spec.completions === spec.parallelism
  // What has not run yet may still be told where to run.
  const isWaiting = old.suspend && status.startTime === undefined
  return [
    ...fixed.filter((name) => !same(spec[name], old[name])).map((name) => Causes.immutable(`spec.${name}`, spec[name])),
    ...(spec.completions === old.completions || isElastic ? [] : [Causes.immutable("spec.completions", spec.completions)]),
    ...(same(spec.template, old.template) || isWaiting ? [] : [Causes.immutable("spec.template", spec.template)])
  ]
}

const hasCondition = ({ status }: Job, type: string) =>
  status.conditions?.some((condition) => condition.type === type && condition.status === "True") === true

const statusOf = (job: Job) => {
  const known = [
    ["Complete", "Complete"],
    ["Failed", "Failed"],
    ["FailureTarget", "FailureTarget"],
    ["SuccessCriteriaMet", "SuccessCriteriaMet"],
    ["Suspended", "Suspended"]
  ] as const
  const [, word] = known.find(([type]) => hasCondition(job, type)) ?? []
  return word ?? (job.metadata.deletionTimestamp === undefined ? "Running" : "Terminating")
}

const completionsOf = ({ spec: { completions, parallelism = 0 }, status: { succeeded = 0 } }: Job) => {
  if (completions !== undefined) return `${succeeded}/${completions}`
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

const durationOf = ({ status: { completionTime, startTime } }: Job, now: number) => {
  if (startTime === undefined) return ""
  return Age.human((completionTime === undefined ? now : Date.parse(completionTime)) - Date.parse(startTime))
}

export const strategy: Strategy<Job> = {
  defaults,
  identified: withSelector,
  validate,
  validateUpdate,
  selectable: { "status.successful": ({ status }) => `${status.succeeded ?? 0}` },
  columns: [
    text("Status", "Whether it is done.", statusOf),
    text("Completions", "How many of its Pods have succeeded.", completionsOf),
    text("Duration", "How long it took, or has taken.", durationOf),
    age,
    ...containers<Job>(({ spec }) => spec.template.spec),
    selector()
  ]
}
