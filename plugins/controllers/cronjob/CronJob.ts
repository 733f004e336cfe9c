/** Makes Jobs when they are due, and does away with those that are past remembering. */
import { Clock, Effect, Result } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import * as Status from "../../../kernel/client/Status.ts"
import { controllerOf, type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import { CronJob, Job } from "../../resources/contracts/batch/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import { time } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Owned from "../contracts/Owned.ts"
import { isEnding } from "../contracts/Writes.ts"
import * as Runs from "./Runs.ts"
import * as Schedule from "./Schedule.ts"

/** Timers do not reach further than some weeks. */
const farthest = 86_400_000

const start = Effect.gen(function* () {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "cronjob-controller" })
  const crons = yield* client.cache(CronJob, { indexes: {} })
  const jobs = yield* client.cache(Job, { indexes: Owned.byOwner })

  const tell = (object: CronJob, type: "Normal" | "Warning", reason: string, message: string) =>
    record({ kind: CronJob, object, type, reason, message })

  const remove = (cron: CronJob, name: string, uid: string) =>
    client.delete(Job, { ...keyOf(cron), name }, { uid, propagationPolicy: "Background" }).pipe(
      Effect.andThen(tell(cron, "Normal", "SuccessfulDelete", `Deleted job ${name}`)),
      Effect.catchTag("NotFound", () => Effect.void)
    )

  /** The Job of a time; one that a run before this made, and had no time to tell of, is it. */
  const create = Effect.fnUntraced(function* (cron: CronJob, at: number) {
    const draft = Runs.newJob(cron, at)
    const name = Runs.jobName(cron, at)
    return yield* client.create(Job, draft).pipe(
      Effect.tap(() => tell(cron, "Normal", "SuccessfulCreate", `Created job ${name}`)),
      Effect.catchTag("AlreadyExists", (taken) =>
        Effect.flatMap(client.get(Job, { ...keyOf(cron), name }), (job) =>
          controllerOf(job)?.uid === cron.metadata.uid ? Effect.succeed(job) : Effect.fail(taken)
        )
      ),
      Effect.tapError((error) =>
        isEnding(error)
          ? Effect.void
          : tell(cron, "Warning", "FailedCreate", `Error creating job: ${Status.messageOf(error)}`)
      )
    )
  })

  /** Begins what is due, as the policies allow. */
  const begin = Effect.fnUntraced(function* (cron: CronJob, schedule: Schedule.Schedule, now: number) {
    const { at, isLate, tooMany } = Runs.dueOf(cron, schedule, now)
    if (at === undefined) return cron.status
    if (tooMany) {
      const message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
      yield* tell(cron, "Warning", "TooManyMissedTimes", message)
    }
    if (isLate) {
      yield* tell(cron, "Warning", "MissSchedule", `Missed scheduled time to start a job: ${time(at)}`)
      return cron.status
    }
    const { active = [] } = cron.status
    if (cron.spec.concurrencyPolicy === "Forbid" && active.length > 0) {
      const message = "Not starting job because prior execution is running and concurrency policy is Forbid"
      yield* tell(cron, "Normal", "JobAlreadyActive", message)
      return cron.status
    }
    const replaces = cron.spec.concurrencyPolicy === "Replace"
    if (replaces) yield* Effect.forEach(active, ({ name = "", uid = "" }) => remove(cron, name, uid), { discard: true })
    const job = yield* create(cron, at)
    const before = replaces ? [] : active
    const after = Runs.endOf(job) === undefined ? [...before, Runs.referenceTo(job)] : before
    const { active: _, ...rest } = cron.status
    return { ...(after.length > 0 && { active: after }), ...rest, lastScheduleTime: time(at) }
  })

  const put = (cron: CronJob, status: CronJob["status"]) =>
    same(status, cron.status) ? Effect.succeed(cron) : client.update(CronJob, { ...cron, status }, { subresource: "status" })

  const read = Effect.fnUntraced(function* (cron: CronJob) {
    const { schedule, timeZone } = cron.spec
    const parsed = Schedule.parse(schedule, timeZone)
    if (Result.isSuccess(parsed)) return parsed.success
    const message = `unparseable schedule: ${JSON.stringify(schedule)} : ${parsed.failure}`
    yield* tell(cron, "Warning", "UnparseableSchedule", message)
    return undefined
  })

  const reconcile = Effect.fn("CronJob.reconcile")(function* (key: Key) {
    const found = crons.get(key)
    if (found === undefined) return Controllers.done
    const own = jobs.by("owner", found.metadata.uid)
    const { news, status } = Runs.seen(found, own)
    yield* Effect.forEach(news, ({ message, reason, type }) => tell(found, type, reason, message), { discard: true })
    const cron = yield* put(found, status)
    yield* Effect.forEach(Runs.outdated(cron, own), ({ metadata }) => remove(cron, metadata.name, metadata.uid), {
      discard: true
    })
    if (cron.metadata.deletionTimestamp !== undefined || cron.spec.suspend) return Controllers.done
    const schedule = yield* read(cron)
    if (schedule === undefined) return Controllers.done
    const now = yield* Clock.currentTimeMillis
    yield* begin(cron, schedule, now).pipe(
      Effect.flatMap((status) => put(cron, status)),
      Effect.catchIf(isEnding, () => Effect.void)
    )
    // An interval counts from the last time, and the calendar from anywhere.
    const { at } = Runs.dueOf(cron, schedule, now)
    const next = schedule.next(at ?? Runs.since(cron))
    return next === undefined ? Controllers.done : Controllers.again(Math.min(farthest, Math.max(1, next - now)))
  })

  const triggers = [Controllers.each(crons), Controllers.ownerOf(jobs, CronJob)]
  yield* Controllers.run({ name: "cronjob", triggers, concurrency: 5, reconcile })
})

export const plugin = Controllers.plugin("cronjob", start)
