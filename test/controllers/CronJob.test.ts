/** The CronJob controller: Jobs at their times, one, several or the last of them at once, and as many remembered as asked. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../kernel/client/Client.ts"
import * as CronJobController from "../../plugins/controllers/cronjob/CronJob.ts"
import * as Schedule from "../../plugins/controllers/cronjob/Schedule.ts"
import { CronJob, type CronJobSpecDraft, Job } from "../../plugins/resources/contracts/batch/v1.ts"
import { Event } from "../../plugins/resources/contracts/core/v1.ts"
import { time } from "../../plugins/resources/contracts/Time.ts"
import { at, cluster, names, when } from "./Cluster.ts"

const draft = (more: Partial<CronJobSpecDraft> = {}) => ({
  metadata: at("tick"),
  spec: {
    schedule: "*/1 * * * *",
    jobTemplate: {
      metadata: { labels: { app: "tick" } },
      spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } } }
    },
    ...more
  }
})
const begin = Date.parse("2026-03-01T12:00:10Z")
const minute = Date.parse("2026-03-01T12:01:00Z") / 60_000
const nameAt = (minutes: number) => `tick-${minute + minutes}`

const ends = Effect.fnUntraced(function* (name: string, type: "Complete" | "Failed" = "Complete") {
  const client = yield* Client
  const job = yield* client.get(Job, at(name))
  const now = time(yield* Effect.clockWith((clock) => clock.currentTimeMillis))
  const conditions = [{ type, status: "True", lastTransitionTime: now }]
  const status = { ...job.status, startTime: now, conditions, ...(type === "Complete" && { completionTime: now }) }
  yield* client.update(Job, { ...job, status }, { subresource: "status" })
})
const running = (...expected: ReadonlyArray<string>) =>
  when(
    CronJob,
    ([cron]) => (cron?.status.active ?? []).map(({ name }) => name).join() === expected.join() && cron !== undefined
  )

/** The time is set before anything runs that would live through all the years until then. */
const story = (body: Effect.Effect<void, unknown, Client>) =>
  Effect.andThen(TestClock.setTime(begin), Effect.provide(body, cluster(CronJobController.plugin)))

describe("CronJob", () => {
  it.effect("makes a Job at each time, named after it, and remembers some that are over", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        yield* client.create(CronJob, draft({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 }))
        yield* when(CronJob, (all) => all.length === 1)
        yield* TestClock.adjust("51 seconds")
        const [first] = yield* when(Job, (all) => all.length === 1)
        assert.strictEqual(first?.metadata.name, nameAt(0))
        assert.deepStrictEqual(first?.metadata.labels?.["app"], "tick")
        const scheduled = first?.metadata.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"]
        assert.strictEqual(scheduled, "2026-03-01T12:01:00Z")
        const [cron] = yield* running(nameAt(0))
        assert.strictEqual(cron?.status.lastScheduleTime, "2026-03-01T12:01:00Z")
        yield* ends(nameAt(0))
        const [quiet] = yield* running()
        assert.strictEqual(quiet?.status.lastSuccessfulTime, "2026-03-01T12:01:01Z")
        yield* TestClock.adjust("1 minute")
        yield* running(nameAt(1))
        yield* ends(nameAt(1))
        yield* when(Job, (all) => names(all).join() === nameAt(1))
        yield* TestClock.adjust("1 minute")
        yield* running(nameAt(2))
        yield* ends(nameAt(2), "Failed")
        yield* when(Job, (all) => names(all).join() === nameAt(1))
        const events = yield* when(Event, (all) => all.filter(({ reason }) => reason === "SawCompletedJob").length === 3)
        const messages = events.map(({ message }) => message)
        assert.include(messages, `Created job ${nameAt(0)}`)
        assert.include(messages, `Saw completed job: ${nameAt(2)}, condition: Failed`)
      })
    )
  )

  it.effect("lets them run beside each other, unless its policy forbids or replaces", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        yield* client.create(CronJob, draft())
        yield* when(CronJob, (all) => all.length === 1)
        yield* TestClock.adjust("1 minute")
        yield* running(nameAt(0))
        yield* TestClock.adjust("1 minute")
        yield* running(nameAt(0), nameAt(1))
        yield* client.patch(CronJob, at("tick"), "merge", { spec: { concurrencyPolicy: "Replace" } })
        yield* TestClock.adjust("1 minute")
        yield* running(nameAt(2))
        assert.deepStrictEqual(names(yield* client.list(Job)), [nameAt(2)])
        yield* client.patch(CronJob, at("tick"), "merge", { spec: { concurrencyPolicy: "Forbid" } })
        yield* TestClock.adjust("1 minute")
        yield* when(Event, (all) => all.some(({ reason }) => reason === "JobAlreadyActive"))
        yield* running(nameAt(2))
        yield* ends(nameAt(2))
        yield* running(nameAt(3))
      })
    )
  )

  it.effect("makes nothing while it is suspended, and then what is not too late", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        yield* client.create(CronJob, draft({ suspend: true, startingDeadlineSeconds: 5 }))
        yield* when(CronJob, (all) => all.length === 1)
        yield* TestClock.adjust("70 seconds")
        yield* client.patch(CronJob, at("tick"), "merge", { spec: { suspend: false } })
        yield* when(Event, (all) => all.some(({ reason }) => reason === "MissSchedule"))
        assert.strictEqual((yield* client.list(Job)).length, 0)
        yield* TestClock.adjust("40 seconds")
        yield* when(Job, (all) => names(all).join() === nameAt(1))
      })
    )
  )

  const read = (text: string, timeZone?: string) => Result.getOrThrow(Schedule.parse(text, timeZone))
  const iso = (millis: number | undefined) => (millis === undefined ? undefined : new Date(millis).toISOString())
  const cases: ReadonlyArray<readonly [text: string, zone: string | undefined, next: string | undefined]> = [
    ["0 9 * * MON-FRI", undefined, "2026-03-02T09:00:00.000Z"],
    ["0 9 * * 1-5", "Asia/Tokyo", "2026-03-02T00:00:00.000Z"],
    ["0 9 * * ?", "America/New_York", "2026-03-01T14:00:00.000Z"],
    ["@daily", undefined, "2026-03-02T00:00:00.000Z"],
    ["@every 1h30m", undefined, "2026-03-01T13:30:10.000Z"],
    ["0 0 30 2 *", undefined, undefined],
    ["*/20 12 1 3 *", undefined, "2026-03-01T12:20:00.000Z"]
  ]
  for (const [text, zone, next] of cases) {
    it(`${text} in ${zone ?? "UTC"} is next at ${next ?? "no time"}`, () => {
      assert.strictEqual(iso(read(text, zone).next(begin)), next)
    })
  }
  it("finds the last time that has come", () => {
    const hour = read("0 * * * *")
    const noon = Date.parse("2026-03-01T12:00:00Z")
    assert.strictEqual(hour.last(noon - 1, noon), noon)
    assert.strictEqual(hour.last(noon - 7_200_000, begin), noon)
    assert.strictEqual(hour.last(noon, begin), undefined)
    assert.strictEqual(read("@every 1m").last(begin, begin + 150_000), begin + 120_000)
  })
  it("says what it cannot read", () => {
    for (const text of ["* * * *", "61 * * * *", "@every soon", "0 0 0 * * *"]) {
      assert.isTrue(Result.isFailure(Schedule.parse(text)), text)
    }
  })
})
