/** What is wrong with what is said of how a Job goes: what has ended has ended, and numbers fit together. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { nonNegative, when } from "../../../kernel/resource/Rules.ts"
import type { Job } from "../contracts/batch/v1.ts"

const field = "status.conditions"
/** A cause that shows no value. */
const unfit = (detail: string) => (): Causes.Causes[number] => ({
  field,
  type: "FieldValueInvalid",
  detail: `Invalid value: ${detail}`
})

const has = ({ status }: Job, type: string) =>
  status.conditions?.some((condition) => condition.type === type && condition.status === "True") === true

const pairs = [
  ["Complete", "Failed", "cannot set Complete=True and Failed=true conditions"],
  ["Complete", "FailureTarget", "cannot set Complete=True and FailureTarget=true conditions"],
  ["SuccessCriteriaMet", "Failed", "cannot set SuccessCriteriaMet=True and Failed=true conditions"],
  ["SuccessCriteriaMet", "FailureTarget", "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"]
] as const

const terminal = ["Failed", "Complete", "FailureTarget"]

export const validate = (job: Job, old: Job): Causes.Causes => {
  const { active = 0, completionTime, failed = 0, ready, startTime, succeeded = 0, terminating } = job.status
  const isFinished = has(job, "Complete") || has(job, "Failed")
  const wasFinished = has(old, "Complete") || has(old, "Failed")
  const lost = terminal.filter((type) => has(old, type) && !has(job, type))
  return [
    ...Object.entries({ active, failed, succeeded, ready, terminating }).flatMap(([name, count]) =>
      nonNegative(`status.${name}`, count)
    ),
    ...pairs.flatMap(([one, other, why]) => when(has(job, one) && has(job, other), unfit(why))),
    ...when(completionTime !== undefined && !has(job, "Complete"), () =>
      Causes.invalid(
        "status.completionTime",
        completionTime,
        "cannot set completionTime when there is no Complete=True condition"
      )
    ),
    ...when(completionTime === undefined && has(job, "Complete"), () =>
      Causes.required("status.completionTime", "completionTime is required for Complete jobs")
    ),
    ...when(completionTime !== undefined && startTime !== undefined && completionTime < startTime, () =>
      Causes.invalid("status.completionTime", completionTime, "must be equal to or after `startTime`")
    ),
    ...when(
      has(job, "Failed") && !has(job, "FailureTarget") && !has(old, "Failed"),
      unfit("cannot set Failed=True condition without the FailureTarget=true condition")
    ),
    ...when(
      has(job, "Complete") && !has(job, "SuccessCriteriaMet") && !has(old, "Complete"),
      unfit("cannot set Complete=True condition without the SuccessCriteriaMet=true condition")
    ),
    ...when(active > 0 && isFinished && !wasFinished, () =>
      Causes.invalid("status.active", active, "active>0 is invalid for finished job")
    ),
    ...when(startTime === undefined && isFinished, () =>
      Causes.required("status.startTime", "startTime is required for finished job")
    ),
    ...when((terminating ?? 0) > 0 && isFinished && !wasFinished, () =>
      Causes.invalid("status.terminating", terminating, "terminating>0 is invalid for finished job")
    ),
    ...when((ready ?? 0) > active, () => Causes.invalid("status.ready", ready, "cannot set more ready pods than active")),
    ...lost.flatMap((type) => [unfit(`cannot disable the terminal ${type}=True condition`)()]),
    ...when(failed < (old.status.failed ?? 0), () =>
      Causes.invalid("status.failed", failed, "cannot decrease the failed counter")
    ),
    ...when(succeeded < (old.status.succeeded ?? 0), () =>
      Causes.invalid("status.succeeded", succeeded, "cannot decrease the succeeded counter")
    )
  ]
}
