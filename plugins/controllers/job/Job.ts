/** Runs Pods of a Job until enough have succeeded, or too many have failed, or its time is over. */
import { Clock, Effect } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import { Job, type JobCondition, type JobStatus } from "../../resources/contracts/batch/v1.ts"
import { Pod, type PodDraft } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import { millisOf, time } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Owned from "../contracts/Owned.ts"
import { isActive, isFinished, isReady, isTerminating } from "../contracts/Pods.ts"
import { positive, withCondition } from "../contracts/Statuses.ts"
import { isEnding, slowStart } from "../contracts/Writes.ts"
import * as Accounting from "./Accounting.ts"
import * as Orphans from "./Orphans.ts"
import * as PerIndex from "./PerIndex.ts"

/** `last`: the Pod of this index that failed, if it is tried again. */
export const newPod = (job: Job, index: number | undefined, last?: Pod): PodDraft => {
  const { metadata, spec } = job.spec.template
  const { name } = job.metadata
  const key = Accounting.indexAnnotation
  const mark = index === undefined ? {} : { [key]: `${index}` }
  const env = { name: "JOB_COMPLETION_INDEX", valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${key}']` } } }
  const numbered = <C extends { readonly env?: ReadonlyArray<object> }>(container: C): C =>
    index === undefined ? container : { ...container, env: [...(container.env ?? []), env] }
  return {
    metadata: {
      generateName: index === undefined ? `${name}-` : `${name}-${index}-`,
      namespace: Kind.keyOf(job).namespace,
      labels: { ...metadata.labels, ...mark },
      annotations: { ...metadata.annotations, ...mark, ...PerIndex.annotationsOf(job, last) },
      finalizers: [...(metadata.finalizers ?? []), Accounting.finalizer],
      ownerReferences: [Kind.controllerReference(Job, job)]
    },
    spec: {
      ...spec,
      containers: spec.containers.map(numbered),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(numbered) }),
      ...(index !== undefined && { hostname: `${name}-${index}` })
    }
  }
}

/** Somebody else brings it to its end. */
const isForeign = ({ spec: { managedBy } }: Job) => managedBy !== undefined && managedBy !== "kubernetes.io/job-controller"

/** What the status says of the numbers; conditions are another matter. */
const counted = (
  job: Job,
  tally: Accounting.Tally,
  pods: ReadonlyArray<Pod>,
  conditions: ReadonlyArray<JobCondition>
): JobStatus => {
  const { completed, failedIndexes, uncounted } = tally
  const { completionTime, startTime } = job.status
  const live = pods.filter(isActive)
  return {
    ...(startTime !== undefined && { startTime }),
    ...(completionTime !== undefined && { completionTime }),
    ...(PerIndex.isPerIndex(job) && { failedIndexes: Accounting.writeIndexes(failedIndexes) }),
    ...positive({ active: live.length, ...tally.counted }),
    // These two are told also where they are nothing: without them nobody has counted.
    ready: live.filter(isReady).length,
    terminating: pods.filter((pod) => isTerminating(pod) && !isFinished(pod)).length,
    ...(completed.size > 0 && { completedIndexes: Accounting.writeIndexes(completed) }),
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.length > 0 && { succeeded: uncounted.succeeded }),
      ...(uncounted.failed.length > 0 && { failed: uncounted.failed })
    },
    ...(conditions.length > 0 && { conditions })
  }
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "job-controller" })
  const jobs = yield* client.cache(Job, { indexes: Controllers.byNamespace })
  const pods = yield* client.cache(Pod, { indexes: Owned.byOwner })

  const tell = (object: Job, type: "Normal" | "Warning", reason: string, message: string) =>
    record({ kind: Job, object, type, reason, message })

  const create = (job: Job, index: number | undefined, last: Pod | undefined) =>
    client.create(Pod, newPod(job, index, last)).pipe(
      Effect.flatMap((pod) => tell(job, "Normal", "SuccessfulCreate", `Created pod: ${pod.metadata.name}`)),
      Effect.catchIf(isEnding, () => Effect.void)
    )
  const release = (pod: Pod) => Orphans.release(client, pod)
  const releaseAll = (all: ReadonlyArray<Pod>) => Effect.forEach(all, release, { concurrency: 8, discard: true })

  /** A Pod that the Job itself does away with has not failed: it is let go before it could be counted. */
  const remove = (job: Job, pod: Pod) =>
    Effect.andThen(
      Accounting.isHeld(pod) ? release(pod) : Effect.void,
      client.delete(Pod, Kind.keyOf(pod), { uid: pod.metadata.uid })
    ).pipe(
      Effect.flatMap(() => tell(job, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`)),
      Effect.catchTag("NotFound", () => Effect.void)
    )
  const removeAll = (job: Job, all: ReadonlyArray<Pod>) =>
    Effect.forEach(all, (pod) => remove(job, pod), { concurrency: 8, discard: true })

  const putStatus = (job: Job, status: JobStatus) =>
    same(status, job.status) ? Effect.succeed(job) : client.update(Job, { ...job, status }, { subresource: "status" })

  /** Suspended, or going on: with the time from which its deadline counts. */
  const begun = Effect.fnUntraced(function* (job: Job, now: number) {
    const { conditions = [], startTime } = job.status
    const wasSuspended = conditions.some(({ status, type }) => type === "Suspended" && status === "True")
    const isSuspended = job.spec.suspend === true
    if (isSuspended === wasSuspended && (isSuspended || startTime !== undefined)) return job
    const word = isSuspended ? "Suspended" : "Resumed"
    const news = {
      type: "Suspended",
      status: isSuspended ? "True" : "False",
      reason: `Job${word}`,
      message: `Job ${word.toLowerCase()}`
    }
    const { startTime: _, ...rest } = job.status
    const changed = isSuspended !== wasSuspended
    if (changed) yield* tell(job, "Normal", word, `Job ${word.toLowerCase()}`)
    return yield* putStatus(job, {
      ...rest,
      ...(!isSuspended && { startTime: time(now) }),
      ...(changed && { conditions: withCondition(conditions, news, time(now)) })
    })
  })

  /** First what is to come is said, then the Pods end, and when all are counted it is so. */
  const finish = Effect.fnUntraced(function* (
    job: Job,
    tally: Accounting.Tally,
    own: ReadonlyArray<Pod>,
    end: Accounting.End,
    now: number
  ) {
    const announced = { ...end, type: end.type === "Failed" ? "FailureTarget" : "SuccessCriteriaMet", status: "True" }
    const conditions = withCondition(job.status.conditions, announced, time(now))
    const said = yield* putStatus(job, counted(job, tally, own, conditions))
    yield* releaseAll(tally.release)
    yield* removeAll(job, own.filter(isActive))
    const left = own.filter((pod) => !isFinished(pod)).length
    if (left + tally.release.length > 0) return Controllers.done
    const last = withCondition(said.status.conditions, { ...end, status: "True" }, time(now))
    const status = counted(said, tally, own, last)
    yield* putStatus(said, { ...status, ...(end.type === "Complete" && { completionTime: time(now) }) })
    yield* end.type === "Complete"
      ? tell(job, "Normal", "Completed", "Job completed")
      : tell(job, "Warning", end.reason, end.message)
    return Controllers.done
  })

  const manage = Effect.fnUntraced(function* (job: Job, tally: Accounting.Tally, own: ReadonlyArray<Pod>, now: number) {
    const active = own.filter(isActive)
    const missing = Accounting.wanted(job, tally, active.length) - active.length
    if (missing < 0) {
      const ordered = active.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)))
      yield* removeAll(job, ordered.slice(0, -missing))
      return undefined
    }
    const leaving =
      job.spec.podReplacementPolicy === "Failed" ? own.filter((pod) => isTerminating(pod) && !isFinished(pod)).length : 0
    if (missing - leaving <= 0) return undefined
    const due = PerIndex.isPerIndex(job) ? 0 : Accounting.notBefore(own)
    if (due > now) return due - now
    if (!Accounting.isIndexed(job)) {
      yield* slowStart(missing - leaving, () => create(job, undefined, undefined))
      return undefined
    }
    const { due: next, free } = Accounting.freeIndexes(job, tally, active, missing - leaving, now)
    const last = (at: number) => tally.kept.get(free[at] ?? -1)
    yield* slowStart(free.length, (at) => create(job, free[at], last(at)))
    return Number.isFinite(next) ? next - now : undefined
  })

  const sync = Effect.fnUntraced(function* (found: Job, now: number) {
    const by = { kind: Job, owner: found, selects: Selector.matcher(found.spec.selector) }
    const own = yield* Owned.claimAll(client, by, Pod, Owned.mine(pods, found))
    if (Accounting.isOver(found)) {
      yield* releaseAll(own.filter(Accounting.isHeld))
      return Controllers.done
    }
    if (found.metadata.deletionTimestamp !== undefined) {
      yield* releaseAll(own.filter((pod) => Accounting.isHeld(pod) && isTerminating(pod)))
      return Controllers.done
    }
    const job = yield* begun(found, now)
    const tally = Accounting.tally(job, own)
    const end = Accounting.endOf(job, tally, own.filter(isActive), now)
    if (end !== undefined) return yield* finish(job, Accounting.tally(job, own, true), own, end, now)
    const said = yield* putStatus(job, counted(job, tally, own, job.status.conditions ?? []))
    yield* releaseAll(tally.release)
    const later = yield* manage(said, tally, own, now)
    const after = pods.by("owner", job.metadata.uid)
    const rest = yield* putStatus(said, counted(said, Accounting.tally(said, after), after, said.status.conditions ?? []))
    const { activeDeadlineSeconds: seconds } = job.spec
    const deadline = seconds === undefined ? undefined : millisOf(rest.status.startTime) + seconds * 1000 - now
    const soonest = Math.min(later ?? Number.POSITIVE_INFINITY, deadline ?? Number.POSITIVE_INFINITY)
    return Number.isFinite(soonest) ? Controllers.again(Math.max(0, soonest)) : Controllers.done
  })

  /** Without a selector, which the API gives it, nobody could tell which Pods are its own. */
  const reconcile = Effect.fn("Job.reconcile")(function* (key: Kind.Key) {
    const job = jobs.get(key)
    if (job?.spec.selector === undefined || isForeign(job)) return Controllers.done
    return yield* sync(job, yield* Clock.currentTimeMillis)
  })

  yield* Orphans.run(client, jobs, pods)
  const triggers = [Controllers.each(jobs), Controllers.ownerOf(pods, Job)]
  yield* Controllers.run({ name: "job", triggers, concurrency: 5, reconcile })
})

export const plugin = Controllers.plugin("job", start)
