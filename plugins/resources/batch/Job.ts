/** Jobs, as the API server treats them: their Pods are told apart by the uid of the Job. */
import * as Age from "../../../kernel/resource/Age.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { when } from "../../../kernel/resource/Rules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { same, selector } from "../apps/Workloads.ts"
import { age, containers, text } from "../Columns.ts"
import type { Job, JobSpec } from "../contracts/batch/v1.ts"
import * as PodDefaults from "../core/PodDefaults.ts"
import * as PodWarnings from "../core/PodWarnings.ts"
import * as JobStatus from "./JobStatus.ts"
import { validateSpec } from "./JobValidation.ts"

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

/** By which a Job's Pods are known as its own, under the names of old and of now. */
const labelsOf = ({ name, uid }: Job["metadata"]) => ({
  "controller-uid": uid,
  "job-name": name,
  [uidLabel]: uid,
  [nameLabel]: name
})

/** The labels and the selector by which a Job knows its Pods, unless its author chose others. */
const withSelector = (job: Job): Job => {
  const { manualSelector, template } = job.spec
  if (manualSelector === true) return job
  const { uid } = job.metadata
  const labels = { ...template.metadata?.labels, ...labelsOf(job.metadata) }
  // Who has the template's labels for want of its own, has these too.
  const own = job.metadata.labels === template.metadata?.labels ? labels : job.metadata.labels
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

/** The Pods of an indexed Job have the index in their host names. */
const validateHosts = ({ metadata: { name }, spec: { completionMode, completions = 0 } }: Job): Causes.Causes => {
  const last = `${name}-${completions - 1}`
  return when(completionMode === "Indexed" && completions > 0 && Names.dns1123Label(last).length > 0, () =>
    Causes.invalid("metadata.name", name, `will not able to create pod with invalid DNS label: ${last}`)
  )
}

/** Who chooses the selector has to choose labels that it selects. */
const validateSelector = ({ spec: { selector, template } }: Job): Causes.Causes => {
  const labels = template.metadata?.labels
  const unselected = () =>
    Causes.invalid("spec.template.metadata.labels", labels ?? null, "`selector` does not match template `labels`")
  if (selector === undefined) return [Causes.required("spec.selector"), unselected()]
  return [...Selector.validate(selector, "spec.selector"), ...when(!Selector.matcher(selector)(labels), unselected)]
}

/** Unless its author chose others, its Pods have its own labels, and it selects them by these. */
const validateGenerated = ({ metadata, spec: { manualSelector, selector, template } }: Job): Causes.Causes => {
  if (manualSelector === true || selector === undefined) return []
  const expected = labelsOf(metadata)
  const labels = template.metadata?.labels ?? {}
  return [
    ...Object.entries(expected).flatMap(([key, value]) => {
      if (labels[key] === value) return []
      const at = `spec.template.metadata.labels[${key}]`
      const words = `must be '${value}'`
      return [key in labels ? Causes.invalid(at, labels, words) : Causes.required(at, words)]
    }),
    ...when(Selector.validate(selector, "").length === 0 && !Selector.matcher(selector)(expected), () =>
      Causes.invalid("spec.selector", selector, "`selector` not auto-generated")
    )
  ]
}

const validate = (job: Job, old: Job | undefined): Causes.Causes => [
  ...validateGenerated(job),
  ...validateSpec(job.spec),
  ...validateSelector(job),
  ...(old === undefined ? validateHosts(job) : [])
]

const fixed = [
  "selector",
  "completionMode",
  "podFailurePolicy",
  "backoffLimitPerIndex",
  "managedBy",
  "successPolicy"
] as const

/** What has not begun may still be told where to run, and on how much. */
const unplaced = (template: JobSpec["template"]) => {
  const { annotations: _a, labels: _l, ...metadata } = template.metadata ?? {}
  const {
    affinity: _f,
    containers,
    initContainers = [],
    nodeSelector: _n,
    schedulingGates: _s,
    tolerations: _t,
    ...spec
  } = template.spec
  const sized = [containers, initContainers].map((all) => all.map(({ resources: _r, ...container }) => container))
  return { metadata, spec, sized }
}

const validateUpdate = ({ spec }: Job, { spec: old, status }: Job): Causes.Causes => {
  const isElastic =
    old.completionMode === "Indexed" && spec.completions === spec.parallelism && old.completions === old.parallelism
  const isWaiting = old.suspend === true && status.startTime === undefined
  const isSame = isWaiting ? same(unplaced(spec.template), unplaced(old.template)) : same(spec.template, old.template)
  return [
    ...fixed.filter((name) => !same(spec[name], old[name])).map((name) => Causes.immutable(`spec.${name}`, spec[name])),
    ...(spec.completions === old.completions || isElastic ? [] : [Causes.immutable("spec.completions", spec.completions)]),
    ...when(!isSame, () => Causes.immutable("spec.template", spec.template))
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
  warnings: PodWarnings.ofWorkload(({ spec }) => spec.template),
  defaults,
  identified: withSelector,
  validate,
  validateStatus: JobStatus.validate,
  validateUpdate: (job, old, subresource) => (subresource === "status" ? [] : validateUpdate(job, old)),
  selectable: { "status.successful": ({ status }) => `${status.succeeded ?? 0}` },
  notSelectable: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  columns: [
    text("Status", "Whether it is done.", statusOf),
    text("Completions", "How many of its Pods have succeeded.", completionsOf),
    text("Duration", "How long it took, or has taken.", durationOf),
    age,
    ...containers<Job>(({ spec }) => spec.template.spec),
    selector()
  ]
}
