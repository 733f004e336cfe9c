/** What a PodDisruptionBudget says to one more Pod that is to go, and how it keeps account of it. Source: policy/v1. */
import { Forbidden, TooManyRequests } from "../../../kernel/client/Errors.ts"
import type { Pod } from "../contracts/core/v1.ts"
import type { PodDisruptionBudget } from "../contracts/policy/v1.ts"

const isReady = ({ status }: Pod) =>
  status.conditions?.some(({ status, type }) => type === "Ready" && status === "True") === true

const refused = (message: string, retryAfterSeconds: number) =>
  new TooManyRequests({
    detail: "Cannot evict pod as it would violate the pod's disruption budget.",
    retryAfterSeconds,
    causes: [{ reason: "DisruptionBudget", message }]
  })

/** So many Pods may be on their way before the controller has seen them go. */
const mostDisrupted = 2000

/** `free`: a Pod that this budget does not count. */
export const judge = (
  { metadata, spec, status }: PodDisruptionBudget,
  pod: Pod
): "allowed" | "free" | TooManyRequests | Forbidden => {
  const { currentHealthy, desiredHealthy, disruptedPods = {}, disruptionsAllowed } = status
  const isHealthyEnough = currentHealthy >= desiredHealthy && desiredHealthy > 0
  if (!isReady(pod) && (spec.unhealthyPodEvictionPolicy === "AlwaysAllow" || isHealthyEnough)) return "free"
  const { generation = 0, name, namespace = "" } = metadata
  const forbidden = (detail: string) =>
    new Forbidden({ group: "policy", resource: "poddisruptionbudgets", namespace, name, detail })
  if ((status.observedGeneration ?? 0) < generation)
    return refused(`The disruption budget ${name} is still being processed by the server.`, 10)
  if (disruptionsAllowed < 0) return forbidden("pdb disruptions allowed is negative")
  if (Object.keys(disruptedPods).length > mostDisrupted)
    return forbidden("DisruptedPods map too big - too many evictions not confirmed by PDB controller")
  return disruptionsAllowed === 0
    ? refused(`The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`, 0)
    : "allowed"
}

const conditionsOf = ({ metadata, status }: PodDisruptionBudget, isLeft: boolean, now: string) => {
  const type = "DisruptionAllowed"
  const value = isLeft ? "True" : "False"
  const { conditions = [] } = status
  const before = conditions.find((one) => one.type === type)
  const condition = {
    ...{ type, status: value, reason: isLeft ? "SufficientPods" : "InsufficientPods", message: "" },
    observedGeneration: metadata.generation ?? 0,
    lastTransitionTime: before?.status === value ? (before.lastTransitionTime ?? now) : now
  }
  return [...conditions.filter((one) => one.type !== type), condition]
}

/** With one disruption less, in which this Pod is one that will be missing. */
export const spent = (budget: PodDisruptionBudget, pod: string, now: string): PodDisruptionBudget => {
  const { status } = budget
  const left = status.disruptionsAllowed - 1
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: left,
      ...(left === 0 && { conditions: conditionsOf(budget, false, now) }),
      disruptedPods: { ...status.disruptedPods, [pod]: now }
    }
  }
}
