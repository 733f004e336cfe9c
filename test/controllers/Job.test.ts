/** The Job controller: enough successes, too many failures, indexes, suspension, and each Pod counted once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../kernel/client/Client.ts"
import * as Kind from "../../kernel/resource/Kind.ts"
import * as Accounting from "../../plugins/controllers/job/Accounting.ts"
import * as JobController from "../../plugins/controllers/job/Job.ts"
import { Job, type JobSpecDraft } from "../../plugins/resources/contracts/batch/v1.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { at, cluster, when } from "./Cluster.ts"
import { podOf } from "./Pods.ts"

const labels = { app: "job" }
const draft = (more: Partial<JobSpecDraft> = {}) => ({
  metadata: at("work"),
  spec: {
    manualSelector: true,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } },
    ...more
  }
})

const ends = Effect.fnUntraced(function* (pod: Pod, phase: "Succeeded" | "Failed") {
  const client = yield* Client
  yield* client.update(Pod, { ...pod, status: { ...pod.status, phase } }, { subresource: "status" })
})
const active = (all: ReadonlyArray<Pod>) => all.filter(({ status }) => status.phase === "Pending")
const has = (job: Job | undefined, type: string) =>
  job?.status.conditions?.some((condition) => condition.type === type && condition.status === "True") === true

describe("Job", () => {
  it.live("is complete when enough Pods have succeeded", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Job, draft({ completions: 3, parallelism: 2 }))
      for (let done = 1; done <= 3; done++) {
        const pods = yield* when(Pod, (all) => active(all).length === Math.min(2, 4 - done))
        const [first] = active(pods)
        if (first) yield* ends(first, "Succeeded")
      }
      const [job] = yield* when(Job, ([one]) => has(one, "Complete"))
      assert.strictEqual(job?.status.succeeded, 3)
      assert.isDefined(job?.status.completionTime)
      assert.deepStrictEqual([job?.status.ready, job?.status.terminating], [0, 0])
      const pods = yield* when(Pod, (all) => all.every((pod) => !Accounting.isHeld(pod)))
      assert.strictEqual(pods.length, 3)
    }).pipe(Effect.provide(cluster(JobController.plugin)))
  )

  it.live("lets go of Pods that outlast it, and of nobody else's", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const job = yield* client.create(Job, draft({ completions: 2, parallelism: 2 }))
      const [first, second] = yield* when(Pod, (all) => all.length === 2)
      if (first === undefined || second === undefined) return assert.fail("there are no Pods")
      const gone = { ...Kind.controllerReference(Job, job), name: "gone", uid: "gone" }
      const other = { ...gone, kind: "Other", apiVersion: "example.com/v1" }
      const finalizers = [Accounting.finalizer]
      const spec = { containers: [{ name: "c", image: "i" }] }
      for (const owner of [gone, other]) {
        const metadata = { ...at(`of-${owner.kind.toLowerCase()}`), finalizers, ownerReferences: [owner] }
        yield* client.create(Pod, { metadata, spec })
        yield* client.delete(Pod, at(metadata.name))
      }
      yield* client.delete(Job, at("work"), { propagationPolicy: "Orphan" })
      const { ownerReferences: _, ...metadata } = first.metadata
      yield* client.update(Pod, { ...first, metadata })
      yield* client.delete(Pod, Kind.keyOf(second))
      const [freed, held, ...rest] = yield* when(
        Pod,
        (all) => all.length === 2 && all.filter(Accounting.isHeld).length === 1
      )
      assert.deepStrictEqual(rest, [])
      assert.sameMembers([freed?.metadata.name, held?.metadata.name], [first.metadata.name, "of-other"])
    }).pipe(Effect.provide(cluster(JobController.plugin)))
  )

  it.live("does each index once", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Job, draft({ completions: 4, parallelism: 4, completionMode: "Indexed" }))
      const pods = yield* when(Pod, (all) => all.length === 4)
      assert.deepStrictEqual(pods.map(({ spec }) => spec.hostname).toSorted(), ["work-0", "work-1", "work-2", "work-3"])
      yield* Effect.forEach(pods, (pod) => ends(pod, "Succeeded"))
      const [job] = yield* when(Job, ([one]) => has(one, "Complete"))
      assert.strictEqual(job?.status.completedIndexes, "0-3")
    }).pipe(Effect.provide(cluster(JobController.plugin)))
  )

  it.effect("has failed when too many Pods have, which come later from failure to failure", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Job, draft({ backoffLimit: 1 }))
      const fail = Effect.fnUntraced(function* () {
        const [pod] = active(yield* when(Pod, (all) => active(all).length === 1))
        if (pod) yield* ends(pod, "Failed")
        yield* when(Pod, (all) => all.every((pod) => pod.status.phase === "Pending" || !Accounting.isHeld(pod)))
      })
      yield* fail()
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(active(yield* client.list(Pod)).length, 0)
      yield* TestClock.adjust("6 seconds")
      yield* fail()
      const [job] = yield* when(Job, ([one]) => has(one, "Failed"))
      assert.strictEqual(job?.status.failed, 2)
      assert.strictEqual(job?.status.conditions?.find(({ type }) => type === "Failed")?.reason, "BackoffLimitExceeded")
    }).pipe(Effect.provide(cluster(JobController.plugin)))
  )

  it.live("runs nothing while it is suspended", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Job, draft({ suspend: true }))
      yield* when(Job, ([one]) => has(one, "Suspended"))
      assert.strictEqual((yield* client.list(Pod)).length, 0)
      yield* client.patch(Job, at("work"), "merge", { spec: { suspend: false } })
      yield* when(Pod, (all) => all.length === 1)
    }).pipe(Effect.provide(cluster(JobController.plugin)))
  )

  it("indexes are written short", () => {
    assert.strictEqual(Accounting.writeIndexes(new Set([7, 1, 3, 4, 5, 8])), "1,3-5,7,8")
    assert.deepStrictEqual([...Accounting.readIndexes("1,3-5,7,8")], [1, 3, 4, 5, 7, 8])
  })

  it("a failed Pod is judged by the first rule that fits", () => {
    const failed = podOf({ name: "p", phase: "Failed" })
    const status = { ...failed.status.containerStatuses?.[0], state: { terminated: { exitCode: 42 } } }
    const pod = { ...failed, status: { ...failed.status, containerStatuses: [status] } } as Pod
    const rules = [{ action: "FailJob", onExitCodes: { operator: "In", values: [42] } }]
    // Nothing else of the two is looked at, hence the casts.
    const job = { spec: { podFailurePolicy: { rules } } } as unknown as Job
    assert.strictEqual(Accounting.judged(job, pod), "FailJob")
    assert.strictEqual(Accounting.judged(job, failed), "Count")
  })

  it.live("an index fails by itself, after as many tries as it has, and the others go on", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const spec = { completions: 2, parallelism: 2, completionMode: "Indexed", backoffLimitPerIndex: 0 }
      yield* client.create(Job, draft(spec))
      const pods = yield* when(Pod, (all) => all.length === 2)
      const count = "batch.kubernetes.io/job-index-failure-count"
      assert.deepStrictEqual(
        pods.map(({ metadata }) => metadata.annotations?.[count]),
        ["0", "0"]
      )
      yield* Effect.forEach(pods, (pod) => ends(pod, Accounting.indexOf(pod) === 0 ? "Failed" : "Succeeded"))
      const [job] = yield* when(Job, ([one]) => has(one, "Failed"))
      const { completedIndexes, failed, failedIndexes, succeeded } = job?.status ?? {}
      assert.deepStrictEqual([completedIndexes, failedIndexes, succeeded, failed], ["1", "0", 1, 1])
      assert.strictEqual(job?.status.conditions?.find(({ type }) => type === "Failed")?.message, "Job has failed indexes")
    }).pipe(Effect.provide(cluster(JobController.plugin)))
  )

  it.effect("an index is tried again later and later, and its failures are counted on its Pods", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Job, draft({ completions: 1, completionMode: "Indexed", backoffLimitPerIndex: 1 }))
      const [first] = active(yield* when(Pod, (all) => active(all).length === 1))
      if (first) yield* ends(first, "Failed")
      yield* when(Job, ([one]) => one?.status.active === undefined)
      assert.deepStrictEqual((yield* client.list(Pod)).map(Accounting.isHeld), [true])
      yield* TestClock.adjust("11 seconds")
      const [next] = active(yield* when(Pod, (all) => active(all).length === 1))
      assert.strictEqual(next?.metadata.annotations?.["batch.kubernetes.io/job-index-failure-count"], "1")
      yield* when(Job, ([one]) => one?.status.failed === 1)
      if (next) yield* ends(next, "Failed")
      const [job] = yield* when(Job, ([one]) => has(one, "Failed"))
      assert.deepStrictEqual([job?.status.failed, job?.status.failedIndexes], [2, "0"])
    }).pipe(Effect.provide(cluster(JobController.plugin)))
  )

  it.live("is complete as soon as its success policy says so, and lets the others go", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const successPolicy = {
        rules: [
          { succeededIndexes: "2", succeededCount: 2 },
          { succeededIndexes: "0-1", succeededCount: 1 }
        ]
      }
      yield* client.create(Job, draft({ completions: 3, parallelism: 3, completionMode: "Indexed", successPolicy }))
      const pods = yield* when(Pod, (all) => all.length === 3)
      const leader = pods.find((pod) => Accounting.indexOf(pod) === 1)
      if (leader) yield* ends(leader, "Succeeded")
      const [job] = yield* when(Job, ([one]) => has(one, "Complete"))
      const condition = job?.status.conditions?.find(({ type }) => type === "Complete")
      assert.deepStrictEqual([condition?.reason, condition?.message], ["SuccessPolicy", "Matched rules at index 1"])
      assert.strictEqual((yield* client.list(Pod)).length, 1)
    }).pipe(Effect.provide(cluster(JobController.plugin)))
  )
})
