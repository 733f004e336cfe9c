/** What a Deployment's status says: the numbers of its sets, and the conditions that `kubectl rollout status` waits for. */
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from "../../resources/contracts/apps/v1.ts"
import { millisOf, time } from "../../resources/contracts/Time.ts"
import { positive, sum, withoutCondition } from "../contracts/Statuses.ts"
import { limits } from "./Scaling.ts"

/** A deadline of this many seconds is none. */
const never = 2 ** 31 - 1

type Conditions = ReadonlyArray<DeploymentCondition>

export const progressing = (conditions: Conditions | undefined) => conditions?.find(({ type }) => type === "Progressing")

const hasDeadline = ({ spec }: Deployment) => spec.progressDeadlineSeconds !== never

/** A condition that says the same as before stays as it was. */
const set = (conditions: Conditions, condition: DeploymentCondition, now: number): Conditions => {
  const before = conditions.find(({ type }) => type === condition.type)
  if (before?.status === condition.status && before.reason === condition.reason) return conditions
  const lastTransitionTime = before?.status === condition.status ? (before.lastTransitionTime ?? time(now)) : time(now)
  const after = { ...condition, lastUpdateTime: time(now), lastTransitionTime }
  return [...withoutCondition(conditions, condition.type), after]
}

const availability = (deployment: Deployment, available: number): DeploymentCondition =>
  available >= deployment.spec.replicas - limits(deployment).unavailable
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability."
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability."
      }

/** The numbers, and the condition Available. */
const counted = (
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  all: ReadonlyArray<ReplicaSet>,
  now: number
): DeploymentStatus & { readonly conditions: Conditions } => {
  const available = sum(all, ({ status }) => status.availableReplicas)
  return {
    ...positive({
      observedGeneration: deployment.metadata.generation,
      replicas: sum(all, ({ status }) => status.replicas),
      updatedReplicas: fresh?.status.replicas,
      readyReplicas: sum(all, ({ status }) => status.readyReplicas),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, sum(all, ({ spec }) => spec.replicas) - available),
      terminatingReplicas: sum(all, ({ status }) => status.terminatingReplicas),
      collisionCount: deployment.status.collisionCount
    }),
    conditions: set(deployment.status.conditions ?? [], availability(deployment, available), now)
  }
}

export const isComplete = ({ metadata, spec }: Deployment, status: DeploymentStatus) =>
  (status.updatedReplicas ?? 0) === spec.replicas &&
  (status.replicas ?? 0) === spec.replicas &&
  (status.availableReplicas ?? 0) === spec.replicas &&
  (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)

const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas

const isMoving = ({ status: before }: Deployment, status: DeploymentStatus) =>
  (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
  old(status) < old(before) ||
  (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
  (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0)

const deadline = ({ spec }: Deployment, condition: DeploymentCondition) =>
  millisOf(condition.lastUpdateTime) + spec.progressDeadlineSeconds * 1000

const isLate = (deployment: Deployment, now: number) => {
  const condition = progressing(deployment.status.conditions)
  if (condition === undefined || condition.reason === "NewReplicaSetAvailable") return false
  return condition.reason === "ProgressDeadlineExceeded" || deadline(deployment, condition) < now
}

const progress = (status: "True" | "False" | "Unknown", reason: string, message: string): DeploymentCondition => ({
  type: "Progressing",
  status,
  reason,
  message
})

/** What the condition Progressing is to say, if that is something new. */
const judged = (deployment: Deployment, fresh: ReplicaSet | undefined, status: DeploymentStatus, now: number) => {
  const subject = fresh === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${fresh.metadata.name}"`
  if (isComplete(deployment, status))
    return progress("True", "NewReplicaSetAvailable", `${subject} has successfully progressed.`)
  if (isMoving(deployment, status)) return progress("True", "ReplicaSetUpdated", `${subject} is progressing.`)
  if (isLate(deployment, now)) return progress("False", "ProgressDeadlineExceeded", `${subject} has timed out progressing.`)
  return undefined
}

/** It has arrived, but at another revision than the one that the condition still names. */
const isElsewhere = (conditions: Conditions, { message, reason }: DeploymentCondition) =>
  reason === "NewReplicaSetAvailable" && progressing(conditions)?.message !== message

/** Each step forward begins the deadline anew, so a condition of the same words is written again. */
const progressed = (conditions: Conditions, condition: DeploymentCondition, now: number): Conditions =>
  condition.reason !== "ReplicaSetUpdated" && !isElsewhere(conditions, condition)
    ? set(conditions, condition, now)
    : [
        ...withoutCondition(conditions, "Progressing"),
        {
          ...condition,
          lastUpdateTime: time(now),
          lastTransitionTime:
            progressing(conditions)?.status === "True"
              ? (progressing(conditions)?.lastTransitionTime ?? time(now))
              : time(now)
        }
      ]

const failure = (fresh: ReplicaSet | undefined, all: ReadonlyArray<ReplicaSet>) =>
  (fresh === undefined ? all : [fresh, ...all])
    .flatMap(({ status }) => status.conditions ?? [])
    .find(({ type }) => type === "ReplicaFailure")

/** While an update goes on, and after it. */
export const rollout = (
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  all: ReadonlyArray<ReplicaSet>,
  now: number
): DeploymentStatus => {
  const { conditions, ...numbers } = counted(deployment, fresh, all, now)
  const { message = "", reason = "" } = progressing(deployment.status.conditions) ?? {}
  const wasDone = reason === "NewReplicaSetAvailable" && message.includes(fresh?.metadata.name ?? "")
  const isDone = wasDone && numbers.replicas === numbers.updatedReplicas
  const news = hasDeadline(deployment) && !isDone ? judged(deployment, fresh, numbers, now) : undefined
  const base = hasDeadline(deployment) ? conditions : withoutCondition(conditions, "Progressing")
  const moved = news === undefined ? base : progressed(base, news, now)
  const failed = failure(fresh, all)
  return {
    ...numbers,
    conditions: failed === undefined ? withoutCondition(moved, "ReplicaFailure") : set(moved, failed, now)
  }
}

/** While it is paused or changes its size: only the numbers, and that it is paused. */
export const resting = (
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  all: ReadonlyArray<ReplicaSet>,
  now: number
): DeploymentStatus => counted(deployment, fresh, all, now)

/** With what a pause or its end does to the condition Progressing. */
export const paused = (deployment: Deployment, now: number): DeploymentStatus => {
  const { conditions = [] } = deployment.status
  const before = progressing(conditions)?.reason
  if (!hasDeadline(deployment) || before === "ProgressDeadlineExceeded") return deployment.status
  const wasPaused = before === "DeploymentPaused"
  const isPaused = deployment.spec.paused === true
  if (isPaused === wasPaused) return deployment.status
  const news = isPaused
    ? progress("Unknown", "DeploymentPaused", "Deployment is paused")
    : progress("Unknown", "DeploymentResumed", "Deployment is resumed")
  return { ...deployment.status, conditions: set(conditions, news, now) }
}

/** That there is a set for the template of now. */
export const found = (deployment: Deployment, set_: ReplicaSet, isNew: boolean, now: number): DeploymentStatus => {
  const { conditions = [] } = deployment.status
  if (!hasDeadline(deployment) || (!isNew && progressing(conditions) !== undefined)) return deployment.status
  const { name } = set_.metadata
  const news = isNew
    ? progress("True", "NewReplicaSetCreated", `Created new replica set "${name}"`)
    : progress("True", "FoundNewReplicaSet", `Found new replica set "${name}"`)
  return { ...deployment.status, conditions: set(conditions, news, now) }
}

export const refused = (deployment: Deployment, name: string, why: string, now: number): DeploymentStatus => {
  const { conditions = [] } = deployment.status
  const news = progress("False", "ReplicaSetCreateError", `Failed to create new replica set "${name}": ${why}`)
  return { ...deployment.status, conditions: hasDeadline(deployment) ? set(conditions, news, now) : conditions }
}

/** When to look again whether it is late, in milliseconds; undefined if nothing is to come. */
export const untilLate = (deployment: Deployment, now: number) => {
  const condition = progressing(deployment.status.conditions)
  if (condition === undefined || !hasDeadline(deployment) || deployment.spec.paused === true) return undefined
  if (isComplete(deployment, deployment.status) || condition.reason === "ProgressDeadlineExceeded") return undefined
  return Math.max(0, deadline(deployment, condition) - now) + 1000
}
