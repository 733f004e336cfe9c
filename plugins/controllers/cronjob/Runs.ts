/** Which Jobs of a CronJob are running, which time is due, and which Jobs are past remembering. Pure. */
import { controllerReference, keyOf } from "../../../kernel/resource/Kind.ts"
import { CronJob, type CronJobStatus, type Job, type JobDraft } from "../../resources/contracts/batch/v1.ts"
import type { ObjectReference } from "../../resources/contracts/core/v1.ts"
import { millisOf, time } from "../../resources/contracts/Time.ts"
import type { Schedule } from "./Schedule.ts"

const scheduledAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp"

/** `Complete` or `Failed`, when it is over. */
export const endOf = ({ status }: Job) =>
  status.conditions?.find(({ status, type }) => (type === "Complete" || type === "Failed") && status === "True")?.type

export const referenceTo = ({ metadata: { name, namespace = "", uid } }: Job): ObjectReference => ({
  apiVersion: "batch/v1",
  kind: "Job",
  name,
  namespace,
  uid
})

interface News {
  readonly type: "Normal" | "Warning"
  readonly reason: string
  readonly message: string
}

/** The status as its Jobs have made it, and what there is to tell of them. */
export const seen = (cron: CronJob, jobs: ReadonlyArray<Job>) => {
  const { active = [], lastSuccessfulTime, ...rest } = cron.status
  const here = new Map(jobs.map((job) => [job.metadata.uid, job]))
  const news: Array<News> = []
  const still: Array<ObjectReference> = []
  for (const one of active) {
    const job = here.get(one.uid ?? "")
    const end = job && endOf(job)
    if (job === undefined)
      news.push({ type: "Warning", reason: "MissingJob", message: `Active job went missing: ${one.name}` })
    else if (end === undefined) still.push(one)
    else {
      const message = `Saw completed job: ${one.name}, condition: ${end}`
      news.push({ type: "Normal", reason: "SawCompletedJob", message })
    }
  }
  const known = new Set(active.map(({ uid }) => uid))
  for (const job of jobs) {
    if (known.has(job.metadata.uid) || endOf(job) !== undefined) continue
    const message = `Saw a job that the controller did not create or forgot: ${job.metadata.name}`
    news.push({ type: "Warning", reason: "UnexpectedJob", message })
  }
  const succeeded = jobs.filter((job) => endOf(job) === "Complete").map(({ status }) => millisOf(status.completionTime))
  const last = Math.max(millisOf(lastSuccessfulTime), ...succeeded)
  const status: CronJobStatus = {
    ...(still.length > 0 && { active: still }),
    ...rest,
    ...(last > 0 && { lastSuccessfulTime: time(last) })
  }
  return { status, news }
}

export interface Due {
  /** The last time that has come and is not served yet. */
  readonly at: number | undefined
  /** Too late to begin. */
  readonly isLate: boolean
  /** So many times were missed that something is wrong. */
  readonly tooMany: boolean
}

/** The time that was served last, or the beginning. */
export const since = ({ metadata, status }: CronJob) => millisOf(status.lastScheduleTime ?? metadata.creationTimestamp)

export const dueOf = (cron: CronJob, schedule: Schedule, now: number): Due => {
  const { startingDeadlineSeconds: deadline } = cron.spec
  const before = since(cron)
  const earliest = deadline === undefined ? before : Math.max(before, now - deadline * 1000)
  const at = schedule.last(before, now)
  const first = schedule.next(earliest)
  const second = first === undefined ? undefined : schedule.next(first)
  const missed = first === undefined || second === undefined ? 0 : (now - first) / (second - first)
  return {
    at,
    isLate: at !== undefined && deadline !== undefined && at + deadline * 1000 < now,
    tooMany: at !== undefined && missed > 100
  }
}

/** One time, one name. */
export const jobName = ({ metadata }: CronJob, at: number) => `${metadata.name}-${Math.floor(at / 60_000)}`

export const newJob = (cron: CronJob, at: number): JobDraft => {
  const { metadata, spec } = cron.spec.jobTemplate
  return {
    metadata: {
      name: jobName(cron, at),
      namespace: keyOf(cron).namespace,
      ...(metadata.labels && { labels: metadata.labels }),
      annotations: { ...metadata.annotations, [scheduledAnnotation]: time(at) },
      ownerReferences: [controllerReference(CronJob, cron)]
    },
    spec
  }
}

const begunAt = ({ metadata, status }: Job) => millisOf(status.startTime ?? metadata.creationTimestamp)

/** Those beyond the limits, oldest first. */
export const outdated = ({ spec }: CronJob, jobs: ReadonlyArray<Job>): ReadonlyArray<Job> => {
  const beyond = (end: string, limit: number) => {
    const all = jobs.filter((job) => endOf(job) === end).toSorted((a, b) => begunAt(a) - begunAt(b))
    return all.slice(0, Math.max(0, all.length - limit))
  }
  return [...beyond("Complete", spec.successfulJobsHistoryLimit), ...beyond("Failed", spec.failedJobsHistoryLimit)]
}
