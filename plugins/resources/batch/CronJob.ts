/** CronJobs, as the API server treats them. */
import * as Age from "../../../kernel/resource/Age.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { nonNegative, oneOf, when } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, containers, integer, none, text, wide } from "../Columns.ts"
import type { CronJob } from "../contracts/batch/v1.ts"
import * as PodDefaults from "../core/PodDefaults.ts"
import * as PodWarnings from "../core/PodWarnings.ts"
import { validateSpec } from "./JobValidation.ts"

const defaults = (cron: CronJob): CronJob => {
  const { jobTemplate } = cron.spec
  const spec = { ...jobTemplate.spec, template: PodDefaults.template(jobTemplate.spec.template) }
  return { ...cron, spec: { ...cron.spec, jobTemplate: { ...jobTemplate, spec } } }
}

const isTimeZone = (name: string) => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** Five fields, or a name such as `@daily`. What is in them is the controller's to read. */
const schedule =
  /^(?:@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)|@every \S+|(?:[\d*/,?\-A-Za-z]+\s+){4}[\d*/,?\-A-Za-z]+)$/

/** A Job's name is the CronJob's with the time behind it. */
const maxName = 52

const validate = ({ metadata, spec }: CronJob, old: CronJob | undefined): Causes.Causes => [
  ...(old === undefined && metadata.name.length > maxName
    ? [Causes.invalid("metadata.name", metadata.name, `must be no more than ${maxName} characters`)]
    : []),
  ...(spec.schedule === "" ? [Causes.required("spec.schedule")] : []),
  ...(spec.schedule !== "" && !spec.schedule.includes("TZ") && !schedule.test(spec.schedule.trim())
    ? [
        Causes.invalid(
          "spec.schedule",
          spec.schedule,
          `expected exactly 5 fields, found ${spec.schedule.trim().split(/\s+/).length}: [${spec.schedule}]`
        )
      ]
    : []),
  ...when(spec.schedule.includes("TZ"), () =>
    Causes.invalid("spec.schedule", spec.schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
  ),
  ...nonNegative("spec.startingDeadlineSeconds", spec.startingDeadlineSeconds),
  ...when(spec.timeZone === "", () => Causes.invalid("spec.timeZone", "", "timeZone must be nil or non-empty string")),
  ...(spec.timeZone && !isTimeZone(spec.timeZone)
    ? [Causes.invalid("spec.timeZone", spec.timeZone, `unknown time zone ${spec.timeZone}`)]
    : []),
  ...oneOf("spec.concurrencyPolicy", spec.concurrencyPolicy, ["Allow", "Forbid", "Replace"]),
  ...validateSpec(spec.jobTemplate.spec, "spec.jobTemplate.spec"),
  ...nonNegative("spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit),
  ...nonNegative("spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit)
]

export const strategy: Strategy<CronJob> = {
  warnings: PodWarnings.ofWorkload(({ spec }) => spec.jobTemplate.spec.template, "spec.jobTemplate.spec.template"),
  defaults,
  validate,
  columns: [
    text("Schedule", "When it runs.", ({ spec }) => spec.schedule),
    text("Timezone", "By which clock.", ({ spec }) => spec.timeZone ?? none),
    { ...text("Suspend", "Whether it is stopped.", ({ spec }) => (spec.suspend ? "True" : "False")), type: "boolean" },
    integer("Active", "How many Jobs are running.", ({ status }) => status.active?.length),
    text("Last Schedule", "When it ran last.", ({ status }, now) =>
      status.lastScheduleTime === undefined ? none : Age.since(status.lastScheduleTime, now)
    ),
    age,
    ...containers<CronJob>(({ spec }) => spec.jobTemplate.spec.template.spec),
    wide(text("Selector", "Which Pods belong to it.", () => none))
  ]
}
