/** How many Pods each revision of a Deployment shall have next. Sets are given with the sizes that they have. */
import type { Deployment, ReplicaSet } from "../../resources/contracts/apps/v1.ts"
import { sum } from "../contracts/Statuses.ts"
import { desiredAnnotation, maxAnnotation, oldestFirst, sizeOf } from "./Revision.ts"

/** A set and the size it is to have. */
export type Step = readonly [set: ReplicaSet, replicas: number]

const isRolling = ({ spec }: Deployment) => spec.strategy.type === "RollingUpdate"

const amount = (value: number | string | undefined, total: number, round: (value: number) => number) => {
  if (value === undefined) return 0
  if (typeof value === "number") return value
  const percent = /^(\d+)%$/.exec(value)?.[1]
  return percent === undefined ? 0 : round((Number(percent) * total) / 100)
}

/** How many Pods may be too many and too few. Both cannot be 0, or nothing could ever move. */
export const limits = (deployment: Deployment): { readonly surge: number; readonly unavailable: number } => {
  const { replicas, strategy } = deployment.spec
  if (!isRolling(deployment)) return { surge: 0, unavailable: 0 }
  const { maxSurge = "25%", maxUnavailable = "25%" } = strategy.rollingUpdate ?? {}
  const surge = amount(maxSurge, replicas, Math.ceil)
  const unavailable = amount(maxUnavailable, replicas, Math.floor)
  return { surge, unavailable: Math.min(surge + unavailable === 0 ? 1 : unavailable, replicas) }
}

export const active = (sets: ReadonlyArray<ReplicaSet>) => sets.filter(({ spec }) => spec.replicas > 0)
const wanted = (sets: ReadonlyArray<ReplicaSet>) => sum(sets, ({ spec }) => spec.replicas)
/** A set that has been scaled down a moment ago still counts Pods in its status that are about to go. */
const availableOf = ({ spec, status }: ReplicaSet) => Math.min(spec.replicas, status.availableReplicas ?? 0)
const available = (sets: ReadonlyArray<ReplicaSet>) => sum(sets, availableOf)

/** The Deployment was given another size since its sets were last scaled. */
export const isResized = ({ spec }: Deployment, sets: ReadonlyArray<ReplicaSet>) =>
  active(sets).some((set) => {
    const desired = sizeOf(set, desiredAnnotation)
    return desired !== undefined && desired !== spec.replicas
  })

const isSaturated = ({ spec }: Deployment, fresh: ReplicaSet | undefined) =>
  fresh !== undefined &&
  fresh.spec.replicas === spec.replicas &&
  sizeOf(fresh, desiredAnnotation) === spec.replicas &&
  fresh.status.availableReplicas === spec.replicas

/** The only set that matters for a change of size: the one with Pods, or the newest if none has. */
const only = (fresh: ReplicaSet | undefined, olds: ReadonlyArray<ReplicaSet>) => {
  const some = active(fresh === undefined ? olds : [...olds, fresh])
  if (some.length === 0) return fresh ?? olds.toSorted(oldestFirst).at(-1)
  return some.length === 1 ? some[0] : undefined
}

/** A share of the change in proportion to the set's size, when it was scaled last. */
const share = (deployment: Deployment, set: ReplicaSet, max: number) => {
  if (deployment.spec.replicas === 0) return -set.spec.replicas
  const before = sizeOf(set, maxAnnotation) ?? deployment.status.replicas ?? 0
  return before === 0 ? 0 : Math.round((set.spec.replicas * max) / before) - set.spec.replicas
}

/** In the middle of an update every revision with Pods takes its part of a change of size, larger ones first. */
const proportional = (deployment: Deployment, sets: ReadonlyArray<ReplicaSet>): ReadonlyArray<Step> => {
  const { replicas } = deployment.spec
  const max = replicas > 0 ? replicas + limits(deployment).surge : 0
  const change = max - wanted(sets)
  const byAge = change > 0 ? (a: ReplicaSet, b: ReplicaSet) => oldestFirst(b, a) : oldestFirst
  const ordered = sets.toSorted((a, b) => b.spec.replicas - a.spec.replicas || byAge(a, b))
  let given = 0
  const steps = ordered.map((set): Step => {
    const part = change === 0 ? 0 : share(deployment, set, max)
    const left = change - given
    const taken = change > 0 ? Math.min(part, left) : Math.max(part, left)
    given += taken
    return [set, set.spec.replicas + taken]
  })
  return steps.map(([set, size], index) => [set, index === 0 ? Math.max(0, size + change - given) : size])
}

/** For a change of size, and while paused: the template plays no part in it. */
export const resize = (
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  olds: ReadonlyArray<ReplicaSet>
): ReadonlyArray<Step> => {
  const one = only(fresh, olds)
  if (one !== undefined) return [[one, deployment.spec.replicas]]
  if (isSaturated(deployment, fresh)) return active(olds).map((set) => [set, 0])
  return isRolling(deployment) ? proportional(deployment, active(fresh === undefined ? olds : [...olds, fresh])) : []
}

/** How large the set of now may be, beside the others. */
export const freshSize = (deployment: Deployment, fresh: number, olds: ReadonlyArray<ReplicaSet>) => {
  const { replicas } = deployment.spec
  if (!isRolling(deployment) || fresh > replicas) return replicas
  const room = replicas + limits(deployment).surge - wanted(olds) - fresh
  return room <= 0 ? fresh : fresh + Math.min(room, replicas - fresh)
}

/** Takes up to `budget` Pods from the sets, the oldest first; from each no more than `from` says. */
const take = (sets: ReadonlyArray<ReplicaSet>, budget: number, from: (set: ReplicaSet) => number): ReadonlyArray<Step> => {
  let left = budget
  return sets.toSorted(oldestFirst).map((set) => {
    const taken = Math.max(0, Math.min(left, from(set)))
    left -= taken
    return [set, set.spec.replicas - taken]
  })
}

/**
 * How far the old sets go down: first by Pods that are not available, which nobody misses, then by as many as the available
 * ones of all sets allow.
 */
export const shrink = (deployment: Deployment, fresh: ReplicaSet, olds: ReadonlyArray<ReplicaSet>): ReadonlyArray<Step> => {
  const least = deployment.spec.replicas - limits(deployment).unavailable
  const missing = fresh.spec.replicas - availableOf(fresh)
  const budget = wanted([...olds, fresh]) - least - missing
  if (budget <= 0) return []
  const unhealthy = take(olds, budget, (set) => set.spec.replicas - availableOf(set))
  const sized = unhealthy.map(([set, replicas]): ReplicaSet => ({ ...set, spec: { ...set.spec, replicas } }))
  const healthy = take(sized, available([...olds, fresh]) - least, ({ spec }) => spec.replicas)
  const sizes = new Map(healthy.map(([{ metadata }, replicas]) => [metadata.uid, replicas]))
  return olds
    .map((set): Step => [set, sizes.get(set.metadata.uid) ?? set.spec.replicas])
    .filter(([set, replicas]) => replicas !== set.spec.replicas)
}
