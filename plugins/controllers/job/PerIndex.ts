/**
 * Indexes that fail one by one: how often each has is counted on its Pods, from one to the next, so the last one that failed is kept until
 * the next is made. Pure. Source: KEP-3850.
 */
import type { Job } from "../../resources/contracts/batch/v1.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import { isActive } from "../contracts/Pods.ts"
import { endedAt, indexOf, isIndexed, judged, readIndexes } from "./Accounting.ts"

const failures = "batch.kubernetes.io/job-index-failure-count"
const ignoredFailures = "batch.kubernetes.io/job-index-ignored-failure-count"

export const isPerIndex = (job: Job) => isIndexed(job) && job.spec.backoffLimitPerIndex !== undefined

const countOf = ({ metadata: { annotations = {} } }: Pod, annotation: string) => {
  const count = Number(annotations[annotation] ?? 0)
  return Number.isSafeInteger(count) ? count : 0
}
const allOf = (pod: Pod) => countOf(pod, failures) + countOf(pod, ignoredFailures)

/** By a rule of the policy, or because it has failed too often. */
const failsIndex = (job: Job, pod: Pod) => {
  const action = judged(job, pod)
  if (action === "FailIndex") return true
  return action !== "Ignore" && countOf(pod, failures) >= (job.spec.backoffLimitPerIndex ?? Number.POSITIVE_INFINITY)
}

/** `lost`: Pods that have failed and were not counted yet. */
export const failedIndexes = (job: Job, lost: ReadonlyArray<Pod>): ReadonlySet<number> => {
  const failed = new Set(readIndexes(job.status.failedIndexes))
  if (!isPerIndex(job)) return failed
  for (const pod of lost) {
    const index = indexOf(pod)
    if (index !== undefined && index < (job.spec.completions ?? 0) && failsIndex(job, pod)) failed.add(index)
  }
  return failed
}

/** Of each index that is to be tried again the Pod that failed last. */
export const kept = (
  job: Job,
  over: { readonly completed: ReadonlySet<number>; readonly failed: ReadonlySet<number> },
  lost: ReadonlyArray<Pod>,
  pods: ReadonlyArray<Pod>
): ReadonlyMap<number, Pod> => {
  const last = new Map<number, Pod>()
  if (!isPerIndex(job)) return last
  const active = new Set(pods.filter(isActive).map(indexOf))
  for (const pod of lost) {
    const index = indexOf(pod)
    if (index === undefined || over.completed.has(index) || over.failed.has(index) || active.has(index)) continue
    const before = last.get(index)
    if (before === undefined || allOf(pod) > allOf(before)) last.set(index, pod)
  }
  return last
}

/** What the next Pod of an index carries. */
export const annotationsOf = (job: Job, last: Pod | undefined): { readonly [key: string]: string } => {
  if (!isPerIndex(job)) return {}
  if (last === undefined) return { [failures]: "0" }
  const isIgnored = judged(job, last) === "Ignore"
  const ignored = countOf(last, ignoredFailures) + (isIgnored ? 1 : 0)
  const counted = countOf(last, failures) + (isIgnored ? 0 : 1)
  return { [failures]: `${counted}`, ...(ignored > 0 && { [ignoredFailures]: `${ignored}` }) }
}

/** When its index may be tried again: twice as late from failure to failure, at most ten minutes. */
export const dueAt = (last: Pod) => endedAt(last) + Math.min(600_000, 10_000 * 2 ** Math.min(allOf(last), 16))
