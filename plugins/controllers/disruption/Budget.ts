/** How many Pods of a budget may go now. Pure. Source: "Disruptions" and "Specifying a Disruption Budget" of the documentation. */
import { Result } from "effect"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from "../../resources/contracts/policy/v1.ts"
import { millisOf, time } from "../../resources/contracts/Time.ts"
import { isReady, isTerminating } from "../contracts/Pods.ts"
import { withCondition } from "../contracts/Statuses.ts"

/** How long an evicted Pod is taken to be about to go, in milliseconds. */
export const patience = 120_000

/** What a Pod's workload wants; a failure says that nobody knows, and `undefined` that the Pod has none. */
export interface Workload {
  readonly uid: string
  readonly replicas: number
}
export type Find = (pod: Pod) => Result.Result<Workload | undefined, string>

/** A number, or a share of all, rounded up. */
const amount = (value: number | string, all: number) => {
  const percent = /^(\d+)%$/.exec(`${value}`)?.[1]
  return percent === undefined ? Number(value) : Math.ceil((Number(percent) * all) / 100)
}

/** What the workloads of the Pods want together, each once. */
const scale = (pods: ReadonlyArray<Pod>, find: Find): Result.Result<number, string> =>
  Result.map(Result.all(pods.map(find)), (found) => {
    const each = new Map(found.flatMap((workload) => (workload === undefined ? [] : [[workload.uid, workload.replicas]])))
    return [...each.values()].reduce((sum, replicas) => sum + replicas, 0)
  })

interface Counts {
  readonly expected: number
  readonly desired: number
}

export const counts = (
  { spec: { maxUnavailable, minAvailable } }: PodDisruptionBudget,
  pods: ReadonlyArray<Pod>,
  find: Find
): Result.Result<Counts, string> => {
  if (maxUnavailable !== undefined) {
    return Result.map(scale(pods, find), (expected) => ({
      expected,
      desired: Math.max(0, expected - amount(maxUnavailable, expected))
    }))
  }
  if (typeof minAvailable === "string") {
    return Result.map(scale(pods, find), (expected) => ({ expected, desired: amount(minAvailable, expected) }))
  }
  return Result.succeed({ expected: pods.length, desired: minAvailable ?? 0 })
}

/** The evicted Pods that are about to go, and when the first of them is taken to stay after all. */
const aboutToGo = ({ status }: PodDisruptionBudget, pods: ReadonlyArray<Pod>, now: number) => {
  const { disruptedPods = {} } = status
  const here = new Set(pods.filter((pod) => !isTerminating(pod)).map(({ metadata }) => metadata.name))
  const going = Object.entries(disruptedPods).filter(([name, at]) => here.has(name) && millisOf(at) + patience >= now)
  const soonest = Math.min(...going.map(([, at]) => millisOf(at) + patience))
  return { going: Object.fromEntries(going), recheckIn: Number.isFinite(soonest) ? soonest - now + 1 : undefined }
}

/** Those that were evicted and are still there. */
export const stayed = ({ status }: PodDisruptionBudget, pods: ReadonlyArray<Pod>, now: number) =>
  pods.filter((pod) => {
    const at = status.disruptedPods?.[pod.metadata.name]
    return at !== undefined && !isTerminating(pod) && millisOf(at) + patience < now
  })

const type = "DisruptionAllowed"

export interface Verdict {
  readonly status: PodDisruptionBudgetStatus
  /** In milliseconds. */
  readonly recheckIn: number | undefined
}

export const verdict = (
  budget: PodDisruptionBudget,
  pods: ReadonlyArray<Pod>,
  { desired, expected }: Counts,
  now: number
): Verdict => {
  const { going, recheckIn } = aboutToGo(budget, pods, now)
  const healthy = pods.filter(
    (pod) => !isTerminating(pod) && !Object.hasOwn(going, pod.metadata.name) && isReady(pod)
  ).length
  const allowed = expected <= 0 ? 0 : Math.max(0, healthy - desired)
  const { generation = 0 } = budget.metadata
  const condition = {
    type,
    status: allowed > 0 ? "True" : "False",
    reason: allowed > 0 ? "SufficientPods" : "InsufficientPods",
    message: "",
    observedGeneration: generation
  }
  const status = {
    conditions: withCondition(budget.status.conditions, condition, time(now)),
    currentHealthy: healthy,
    desiredHealthy: desired,
    ...(Object.keys(going).length > 0 && { disruptedPods: going }),
    disruptionsAllowed: allowed,
    expectedPods: expected,
    observedGeneration: generation
  }
  return { status, recheckIn }
}

/** While nobody knows how many there should be, none may go. */
export const unknown = (budget: PodDisruptionBudget, why: string, now: number): PodDisruptionBudgetStatus => {
  const { generation = 0 } = budget.metadata
  const condition = { type, status: "False", reason: "SyncFailed", message: why, observedGeneration: generation }
  const conditions = withCondition(budget.status.conditions, condition, time(now))
  return { ...budget.status, conditions, disruptionsAllowed: 0, observedGeneration: generation }
}
