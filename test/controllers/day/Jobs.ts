/** Jobs run each of their Pods once and no more of them than they may; CronJobs make one Job for each time, and none twice. */
import { Effect } from "effect"
import { controllerOf } from "../../../kernel/resource/Kind.ts"
import { CronJob, Job } from "../../../plugins/resources/contracts/batch/v1.ts"
import { millisOf } from "../../../plugins/resources/contracts/Time.ts"
import { isLive, type Seen, type Verdict, type World } from "./World.ts"

const index = "batch.kubernetes.io/job-completion-index"
const scheduled = "batch.kubernetes.io/cronjob-scheduled-timestamp"

const isDone = ({ status }: Job) =>
  status.conditions?.some(({ status, type }) => (type === "Complete" || type === "Failed") && status === "True") === true

interface Times {
  readonly name: string
  readonly schedule: string
  readonly since: number
  /** When it was to go; 0: it is there. */
  until: number
  policy: string
  readonly served: Set<string>
  readonly open: Map<string, string>
}

const hour = 3_600_000

/** How often `0 *\/6 * * *` comes after one time and up to another. */
const due = (schedule: string, since: number, until: number) => {
  const step = Number(/\*\/(\d+)/.exec(schedule)?.[1])
  let count = 0
  for (let at = (Math.floor(since / hour) + 1) * hour; at <= until; at += hour)
    if (new Date(at).getUTCHours() % step === 0) count++
  return count
}

export const judge = Effect.fnUntraced(function* (world: World, verdict: Verdict) {
  const jobs = new Map<string, Job>()
  const succeeded = new Map<string, number>()
  const crons = new Map<string, Times>()
  const uids = new Map<string, string>()
  const cronUids = new Map<string, string>()

  yield* world.follow(CronJob, (path, cron) => {
    const uid = cron?.metadata.uid ?? cronUids.get(path) ?? ""
    const name = path
    const since = millisOf(cron?.metadata.creationTimestamp)
    const made = { name, schedule: cron?.spec.schedule ?? "", since, until: 0, policy: "", served: new Set<string>() }
    const times = crons.get(uid) ?? { ...made, open: new Map<string, string>() }
    times.policy = cron?.spec.concurrencyPolicy ?? times.policy
    if ((cron === undefined || cron.metadata.deletionTimestamp !== undefined) && times.until === 0)
      times.until = verdict.now()
    cronUids.set(path, uid)
    crons.set(uid, times)
  })

  const begun = (path: string, job: Job, times: Times) => {
    const time = job.metadata.annotations?.[scheduled] ?? ""
    if (times.served.has(time)) verdict.say(`CronJob ${times.name}: ${time} was served twice, by ${path} now`)
    times.served.add(time)
    const others = [...times.open.values()]
    if (times.policy === "Forbid" && others.length > 0)
      verdict.say(`CronJob ${times.name}: ${path} began while ${others.join(", ")} ran`)
  }
  yield* world.follow(Job, (path, job) => {
    const known = uids.get(path)
    const { uid } = job?.metadata ?? { uid: known ?? "" }
    const seen = job ?? jobs.get(uid)
    const times = crons.get((seen && controllerOf(seen)?.uid) ?? "")
    if (job === undefined || known !== uid) {
      times?.open.delete(known ?? "")
      jobs.delete(known ?? "")
      succeeded.delete(known ?? "")
      uids.delete(path)
    }
    if (job === undefined) return
    if (known !== uid && times !== undefined) begun(path, job, times)
    uids.set(path, uid)
    jobs.set(uid, job)
    if (isDone(job) || job.metadata.deletionTimestamp !== undefined) times?.open.delete(uid)
    else times?.open.set(uid, path)
    const isComplete = job.status.conditions?.some(({ status, type }) => type === "Complete" && status === "True")
    if (isComplete && job.status.succeeded !== job.spec.completions)
      verdict.say(`Job ${path}: complete with ${job.status.succeeded} of ${job.spec.completions}`)
  })

  const made = (pod: Seen, job: Job) => {
    const { completions = 1, parallelism = 1 } = job.spec
    const { uid } = job.metadata
    const live = world.owned(uid).filter(isLive)
    const path = `${pod.namespace}/${pod.name}`
    if (isDone(job)) verdict.say(`${path}: made for a Job that is over`)
    if (live.length > parallelism)
      verdict.say(`${path}: number ${live.length} at once of a Job that may have ${parallelism}`)
    const all = live.length + (succeeded.get(uid) ?? 0)
    if (all > completions) verdict.say(`${path}: the Job has ${all} that succeeded or may, and wants ${completions}`)
    const same = live.filter(
      ({ annotations }) => annotations[index] !== undefined && annotations[index] === pod.annotations[index]
    )
    if (same.length > 1) verdict.say(`${path}: another one has its index`)
  }
  world.judge((before, after) => {
    const job = jobs.get(after?.owner?.uid ?? "")
    if (job === undefined || after === undefined) return
    if (before === undefined) made(after, job)
    if (after.phase === "Succeeded" && before?.phase !== "Succeeded")
      succeeded.set(job.metadata.uid, 1 + (succeeded.get(job.metadata.uid) ?? 0))
  })

  /** Whoever does not wait for another one serves every time, also one at which nobody led. */
  const missed = () => {
    for (const { name, policy, schedule, served, since, until } of crons.values()) {
      const wanted = due(schedule, since, until || verdict.now())
      if (policy !== "Forbid" && served.size !== wanted)
        verdict.say(`CronJob ${name} (${schedule}): ${served.size} times were served, of ${wanted}`)
    }
  }
  return { missed, served: () => [...crons.values()].reduce((sum, { served }) => sum + served.size, 0) }
})
