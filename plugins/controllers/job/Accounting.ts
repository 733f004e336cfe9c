/**
 * What a Job's Pods have come to. A Pod that has ended is held by a finalizer until it is counted: first the status names it, then
 * the finalizer goes, then it is a number; so each is counted once, whatever happens in between. Pure.
 */
import type { Job, PodFailurePolicyRule } from "../../resources/contracts/batch/v1.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import { millisOf } from "../../resources/contracts/Time.ts"
import { isTerminating } from "../contracts/Pods.ts"
import * as PerIndex from "./PerIndex.ts"

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

type ExitCodes = NonNullable<PodFailurePolicyRule["onExitCodes"]>
type PodCondition = NonNullable<PodFailurePolicyRule["onPodConditions"]>[number]

/** The containers that have ended as these codes say. */
const ended = ({ status }: Pod, { containerName, operator, values }: ExitCodes) =>
  [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].filter(({ name, state }) => {
    const code = state?.terminated?.exitCode ?? 0
    if (code === 0 || (containerName !== undefined && containerName !== name)) return false
    return values.includes(code) === (operator === "In")
  })
const isSaid = ({ status: { conditions = [] } }: Pod, { status, type }: PodCondition) =>
  conditions.some((condition) => condition.type === type && condition.status === status)
const fits =
  (pod: Pod) =>
  ({ onExitCodes, onPodConditions = [] }: PodFailurePolicyRule) =>
    onExitCodes === undefined ? onPodConditions.some((one) => isSaid(pod, one)) : ended(pod, onExitCodes).length > 0

/** What the policy says of a failed Pod: by its exit codes or its conditions, the first rule that fits. */
export const judged = ({ spec }: Job, pod: Pod): PodFailurePolicyRule["action"] =>
  spec.podFailurePolicy?.rules.find(fits(pod))?.action ?? "Count"

/** The policy's rule by which a Pod ends the Job, as upstream words it. */
const fatalMessage = ({ spec }: Job, pod: Pod) => {
  const { rules } = spec.podFailurePolicy ?? { rules: [] }
  const at = rules.findIndex((rule) => fits(pod)(rule))
  const rule = rules[at]
  const { name, namespace = "" } = pod.metadata
  const by = `matching ${rule?.action ?? ""} rule at index ${at}`
  const container = rule?.onExitCodes === undefined ? undefined : ended(pod, rule.onExitCodes)[0]
  if (container !== undefined) {
    const code = container.state?.terminated?.exitCode ?? 0
    return `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${code} ${by}`
  }
  const condition = rule?.onPodConditions?.find((one) => isSaid(pod, one))
  return `Pod ${namespace}/${name} has condition ${condition?.type ?? ""} ${by}`
}

export interface Tally {
  /** Including those that are named but not counted yet. */
  readonly succeeded: number
  readonly failed: number
  readonly completed: ReadonlySet<number>
  readonly uncounted: { readonly succeeded: ReadonlyArray<string>; readonly failed: ReadonlyArray<string> }
  /** As the status has them: what is named is not in them. */
  readonly counted: { readonly succeeded: number; readonly failed: number }
  /** Why the policy ends the Job. */
  readonly fatal: string | undefined
  /** Indexes that are given up. */
  readonly failedIndexes: ReadonlySet<number>
  /** The Pods that failed last, by indexes that are tried again: held, and not counted, until the next is made. */
  readonly kept: ReadonlyMap<number, Pod>
  /** Held, but no longer needed: by now they are named, or the policy ignores them. */
  readonly release: ReadonlyArray<Pod>
}

/** `isEnding`: nothing is tried again, so nothing is kept for it. */
export const tally = (job: Job, pods: ReadonlyArray<Pod>, isEnding = false): Tally => {
  const { failed = 0, succeeded = 0, uncountedTerminatedPods = {}, completedIndexes } = job.status
  const held = new Map(pods.filter(isHeld).map((pod) => [pod.metadata.uid, pod]))
  const before = { succeeded: uncountedTerminatedPods.succeeded ?? [], failed: uncountedTerminatedPods.failed ?? [] }
  const isNamed = new Set([...before.succeeded, ...before.failed])
  const fresh = [...held.values()].filter(({ metadata }) => !isNamed.has(metadata.uid))
  const won = fresh.filter(hasSucceeded)
  const lost = fresh.filter((pod) => !hasSucceeded(pod) && hasFailed(job)(pod))
  const completed = new Set(readIndexes(completedIndexes))
  for (const pod of won) {
    const index = indexOf(pod)
    if (isIndexed(job) && index !== undefined && index < (job.spec.completions ?? 0)) completed.add(index)
  }
  const failedIndexes = PerIndex.failedIndexes(job, lost)
  const again = isEnding ? [] : lost
  const kept = PerIndex.kept(job, { completed, failed: failedIndexes }, again, pods)
  const keeps = new Set([...kept.values()].map(({ metadata }) => metadata.uid))
  const over = lost.filter(({ metadata }) => !keeps.has(metadata.uid))
  const ignored = over.filter((pod) => judged(job, pod) === "Ignore")
  const still = (uids: ReadonlyArray<string>) => uids.filter((uid) => held.has(uid))
  const uids = (pods: ReadonlyArray<Pod>) => pods.map(({ metadata }) => metadata.uid)
  const uncounted = {
    succeeded: [...still(before.succeeded), ...uids(won)],
    failed: [...still(before.failed), ...uids(over.filter((pod) => !ignored.includes(pod)))]
  }
  const counted = {
    succeeded: isIndexed(job) ? completed.size : succeeded + before.succeeded.length - still(before.succeeded).length,
    failed: failed + before.failed.length - still(before.failed).length
  }
  const fatal = lost.find((pod) => judged(job, pod) === "FailJob")
  const named = new Set([...uncounted.succeeded, ...uncounted.failed])
  return {
    succeeded: isIndexed(job) ? completed.size : counted.succeeded + uncounted.succeeded.length,
    failed: counted.failed + uncounted.failed.length,
    completed,
    uncounted,
    counted,
    fatal: fatal && fatalMessage(job, fatal),
    failedIndexes,
    kept,
    release: [...[...held.values()].filter(({ metadata }) => named.has(metadata.uid)), ...ignored]
  }
}

export interface End {
  readonly type: "Complete" | "Failed"
  readonly reason: string
  readonly message: string
}

const failedBy = (reason: string, message: string): End => ({ type: "Failed", reason, message })

/** What was said once stands, whatever becomes of the Pods that it was said for. */
const announcedEnd = ({ status: { conditions = [] } }: Job): End | undefined => {
  const found = (type: string) => conditions.find((condition) => condition.type === type && condition.status === "True")
  const [failure, success] = [found("FailureTarget"), found("SuccessCriteriaMet")]
  const { message = "", reason = "" } = failure ?? success ?? {}
  if (failure !== undefined) return failedBy(reason, message)
  return success === undefined ? undefined : { type: "Complete", reason, message }
}

/** The first rule of the success policy that these indexes fulfil; -1 if none does. Source: KEP-3998. */
const successRule = (job: Job, completed: ReadonlySet<number>) =>
  (job.spec.successPolicy?.rules ?? []).findIndex(({ succeededCount, succeededIndexes }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && completed.size >= succeededCount
    const asked = readIndexes(succeededIndexes)
    return asked.intersection(completed).size >= (succeededCount ?? asked.size)
  })

/** Whether the Job is over, and why. */
export const endOf = (
  job: Job,
  { completed, failed, failedIndexes, fatal, succeeded }: Tally,
  active: ReadonlyArray<Pod>,
  now: number
): End | undefined => {
  const { activeDeadlineSeconds, backoffLimit = 6, completions, maxFailedIndexes, suspend, template } = job.spec
  const announced = announcedEnd(job)
  if (announced !== undefined) return announced
  if (fatal !== undefined) return failedBy("PodFailurePolicy", fatal)
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
  if (failedIndexes.size > (maxFailedIndexes ?? Number.POSITIVE_INFINITY)) {
    return failedBy("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes")
  }
  if (failedIndexes.size > 0 && failedIndexes.size + completed.size >= (completions ?? 0)) {
    return failedBy("FailedIndexes", "Job has failed indexes")
  }
  const rule = successRule(job, completed)
  if (rule >= 0) return { type: "Complete", reason: "SuccessPolicy", message: `Matched rules at index ${rule}` }
  const isDone = completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions
  return isDone
    ? { type: "Complete", reason: "CompletionsReached", message: "Reached expected number of succeeded pods" }
    : undefined
}

/** How many Pods shall run now. */
export const wanted = (
  { spec: { completions, parallelism = 1, suspend } }: Job,
  { failedIndexes, succeeded }: Tally,
  active: number
) => {
  if (suspend === true) return 0
  if (completions === undefined) return succeeded > 0 ? Math.min(active, parallelism) : parallelism
  return Math.min(parallelism, completions - succeeded - failedIndexes.size)
}

/** The first indexes that are neither over nor being worked on, nor to be tried later; `due`: when the first of those may be. */
export const freeIndexes = (
  { spec: { completions = 0 } }: Job,
  { completed, failedIndexes, kept }: Tally,
  active: ReadonlyArray<Pod>,
  count: number,
  now: number
) => {
  const taken = new Set(active.map(indexOf))
  const free: Array<number> = []
  let due = Number.POSITIVE_INFINITY
  for (let index = 0; index < completions && free.length < count; index++) {
    if (completed.has(index) || failedIndexes.has(index) || taken.has(index)) continue
    const last = kept.get(index)
    const at = last === undefined ? 0 : PerIndex.dueAt(last)
    if (at > now) due = Math.min(due, at)
    else free.push(index)
  }
  return { free, due }
}

export const endedAt = ({ metadata, status }: Pod) =>
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
