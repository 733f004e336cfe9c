/**
 * What a Job's Pods have come to. A Pod that has ended is held by a finalizer until it is counted: first the status names it, then
 * the finalizer goes, then it is a number; so each is counted once, whatever happens in between. Pure.
 */
import type { Job, PodFailurePolicyRule } from "../../resources/contracts/batch/v1.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import { millisOf } from "../../resources/contracts/Time.ts"
import { isTerminating } from "../contracts/Pods.ts"

export const finalizer = "batch.kubernetes.io/job-tracking"
export const indexAnnotation = "batch.kubernetes.io/job-completion-index"

export const isHeld = ({ metadata }: Pod) => metadata.finalizers?.includes(finalizer) === true
const hasSucceeded = ({ status }: Pod) => status.phase === "Succeeded"
/** With the policy `Failed` a Pod that is about to end has not failed yet. */
const hasFailed =
  ({ spec }: Job) =>
  (pod: Pod) =>
    pod.status.phase === "Failed" ||
    (isTerminating(pod) && !hasSucceeded(pod) && (spec.podReplacementPolicy !== "Failed" || pod.spec.nodeName === undefined))

export const isIndexed = ({ spec }: Job) => spec.completionMode === "Indexed"
export const indexOf = ({ metadata: { annotations = {} } }: Pod) => {
  const index = Number(annotations[indexAnnotation] ?? Number.NaN)
  return Number.isInteger(index) ? index : undefined
}

/** `1,3-5` as numbers, and back. */
export const readIndexes = (text = ""): ReadonlySet<number> => {
  const found = new Set<number>()
  for (const part of text.split(",").filter((part) => part !== "")) {
    const [from = Number.NaN, to = from] = part.split("-").map(Number)
    for (let index = from; index <= to; index++) found.add(index)
  }
  return found
}
export const writeIndexes = (indexes: ReadonlySet<number>): string => {
  const parts: Array<readonly [from: number, to: number]> = []
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = parts.at(-1)
    if (last !== undefined && last[1] === index - 1) parts[parts.length - 1] = [last[0], index]
    else parts.push([index, index])
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : to === from + 1 ? `${from},${to}` : `${from}-${to}`)).join()
}

/** What the policy says of a failed Pod: by its exit codes or its conditions, the first rule that fits. */
export const judged = ({ spec }: Job, pod: Pod): PodFailurePolicyRule["action"] => {
  const ended = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
  const fits = ({ onExitCodes, onPodConditions = [] }: PodFailurePolicyRule) => {
    if (onExitCodes !== undefined) {
      const { containerName, operator, values } = onExitCodes
      return ended.some(({ name, state }) => {
        const code = state?.terminated?.exitCode ?? 0
        if (code === 0 || (containerName !== undefined && containerName !== name)) return false
        return values.includes(code) === (operator === "In")
      })
    }
    return onPodConditions.some(({ status, type }) =>
      pod.status.conditions?.some((condition) => condition.type === type && condition.status === status)
    )
  }
  return spec.podFailurePolicy?.rules.find(fits)?.action ?? "Count"
}

export interface Tally {
  /** Including those that are named but not counted yet. */
  readonly succeeded: number
  readonly failed: number
  readonly completed: ReadonlySet<number>
  readonly uncounted: { readonly succeeded: ReadonlyArray<string>; readonly failed: ReadonlyArray<string> }
  /** As the status has them: what is named is not in them. */
  readonly counted: { readonly succeeded: number; readonly failed: number }
  /** A Pod by whose end the policy ends the Job. */
  readonly fatal: Pod | undefined
  /** Held, but no longer needed: by now they are named, or the policy ignores them. */
  readonly release: ReadonlyArray<Pod>
}

export const tally = (job: Job, pods: ReadonlyArray<Pod>): Tally => {
  const { failed = 0, succeeded = 0, uncountedTerminatedPods = {}, completedIndexes } = job.status
  const held = new Map(pods.filter(isHeld).map((pod) => [pod.metadata.uid, pod]))
  const before = { succeeded: uncountedTerminatedPods.succeeded ?? [], failed: uncountedTerminatedPods.failed ?? [] }
  const isNamed = new Set([...before.succeeded, ...before.failed])
  const fresh = [...held.values()].filter(({ metadata }) => !isNamed.has(metadata.uid))
  const won = fresh.filter(hasSucceeded)
  const lost = fresh.filter((pod) => !hasSucceeded(pod) && hasFailed(job)(pod))
  const ignored = lost.filter((pod) => judged(job, pod) === "Ignore")
  const completed = new Set(readIndexes(completedIndexes))
  for (const pod of won) {
    const index = indexOf(pod)
    if (isIndexed(job) && index !== undefined && index < (job.spec.completions ?? 0)) completed.add(index)
  }
  const still = (uids: ReadonlyArray<string>) => uids.filter((uid) => held.has(uid))
  const uids = (pods: ReadonlyArray<Pod>) => pods.map(({ metadata }) => metadata.uid)
  const uncounted = {
    succeeded: [...still(before.succeeded), ...uids(won)],
    failed: [...still(before.failed), ...uids(lost.filter((pod) => !ignored.includes(pod)))]
  }
  const counted = {
    succeeded: isIndexed(job) ? completed.size : succeeded + before.succeeded.length - still(before.succeeded).length,
    failed: failed + before.failed.length - still(before.failed).length
  }
  const named = new Set([...uncounted.succeeded, ...uncounted.failed])
  return {
    succeeded: isIndexed(job) ? completed.size : counted.succeeded + uncounted.succeeded.length,
    failed: counted.failed + uncounted.failed.length,
    completed,
    uncounted,
    counted,
    fatal: lost.find((pod) => judged(job, pod) === "FailJob"),
    release: [...[...held.values()].filter(({ metadata }) => named.has(metadata.uid)), ...ignored]
  }
}

export interface End {
  readonly type: "Complete" | "Failed"
  readonly reason: string
  readonly message: string
}

const failedBy = (reason: string, message: string): End => ({ type: "Failed", reason, message })

/** Whether the Job is over, and why. */
export const endOf = (
  job: Job,
  { failed, fatal, succeeded }: Tally,
  active: ReadonlyArray<Pod>,
  now: number
): End | undefined => {
  const { activeDeadlineSeconds, backoffLimit = 6, completions, suspend, template } = job.spec
  if (fatal !== undefined) {
    const { name, namespace } = fatal.metadata
    return failedBy(
      "PodFailurePolicy",
      `Pod ${namespace}/${name} has failed in a way that the Job's failure policy does not forgive`
    )
  }
  const restarts = active
    .flatMap(({ status }) => [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0)
  const isWornOut = template.spec.restartPolicy === "OnFailure" && restarts > 0 && restarts >= backoffLimit
  if (failed > backoffLimit || isWornOut)
    return failedBy("BackoffLimitExceeded", "Job has reached the specified backoff limit")
  const started = millisOf(job.status.startTime)
  if (
    activeDeadlineSeconds !== undefined &&
    suspend !== true &&
    started > 0 &&
    now >= started + activeDeadlineSeconds * 1000
  ) {
    return failedBy("DeadlineExceeded", "Job was active longer than specified deadline")
  }
  const isDone = completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions
  return isDone
    ? { type: "Complete", reason: "CompletionsReached", message: "Reached expected number of succeeded pods" }
    : undefined
}

/** How many Pods shall run now. */
export const wanted = ({ spec: { completions, parallelism = 1, suspend } }: Job, { succeeded }: Tally, active: number) => {
  if (suspend === true) return 0
  if (completions === undefined) return succeeded > 0 ? Math.min(active, parallelism) : parallelism
  return Math.min(parallelism, completions - succeeded)
}

/** The first indexes that are neither done nor being worked on. */
export const freeIndexes = (
  { spec: { completions = 0 } }: Job,
  { completed }: Tally,
  active: ReadonlyArray<Pod>,
  count: number
) => {
  const taken = new Set(active.map(indexOf))
  const free: Array<number> = []
  for (let index = 0; index < completions && free.length < count; index++) {
    if (!completed.has(index) && !taken.has(index)) free.push(index)
  }
  return free
}

const endedAt = ({ metadata, status }: Pod) =>
  Math.max(
    millisOf(metadata.deletionTimestamp),
    ...(status.containerStatuses ?? []).map(({ state }) => millisOf(state?.terminated?.finishedAt)),
    millisOf(metadata.creationTimestamp)
  )

/** After a failure the next Pod is made later, from failure to failure twice as late, at most ten minutes. */
export const notBefore = (pods: ReadonlyArray<Pod>) => {
  const lastSuccess = Math.max(-1, ...pods.filter(hasSucceeded).map(endedAt))
  const failures = pods
    .filter(({ status }) => status.phase === "Failed")
    .map(endedAt)
    .filter((at) => at > lastSuccess)
  return failures.length === 0 ? 0 : Math.max(...failures) + Math.min(600_000, 10_000 * 2 ** (failures.length - 1))
}

export const isOver = ({ status }: Job) =>
  status.conditions?.some(({ status, type }) => (type === "Complete" || type === "Failed") && status === "True") === true
