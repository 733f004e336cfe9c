/** What a StatefulSet's Pods need next, and what its status says. Pure. Source: "StatefulSets" of the Kubernetes documentation. */
import type { StatefulSet, StatefulSetStatus } from "../../resources/contracts/apps/v1.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import { isAvailable, isFinished, isReady, isTerminating } from "../contracts/Pods.ts"
import { positive } from "../contracts/Statuses.ts"
import { firstOrdinal, ordinals, revisionOf } from "./Identity.ts"

type ByOrdinal = ReadonlyMap<number, Pod>

export interface Plan {
  readonly create: ReadonlyArray<number>
  readonly remove: ReadonlyArray<Pod>
}

export const isOrdered = ({ spec }: StatefulSet) => spec.podManagementPolicy !== "Parallel"

const runs = (pod: Pod) => pod.status.phase === "Running" && isReady(pod)
const isUp = ({ spec }: StatefulSet, now: number) => {
  const { minReadySeconds = 0 } = spec
  return (pod: Pod | undefined) =>
    pod !== undefined && !isTerminating(pod) && runs(pod) && isAvailable(pod, minReadySeconds, now)
}

/** Those beyond the last ordinal, the last of them first. */
export const condemned = (set: StatefulSet, pods: ByOrdinal) => {
  const wanted = new Set(ordinals(set))
  return [...pods]
    .filter(([ordinal]) => !wanted.has(ordinal))
    .toSorted(([a], [b]) => b - a)
    .map(([, pod]) => pod)
}

/** Pods that are missing, and that have ended. `waits`: nothing else may be done before they are there. */
const filled = (set: StatefulSet, pods: ByOrdinal, now: number): Plan & { readonly waits: boolean } => {
  const create: Array<number> = []
  const remove: Array<Pod> = []
  let waits = false
  for (const ordinal of ordinals(set)) {
    const pod = pods.get(ordinal)
    if (pod === undefined) create.push(ordinal)
    else if (isFinished(pod)) {
      waits = true
      if (!isTerminating(pod)) remove.push(pod)
    }
    if (isOrdered(set) && !isUp(set, now)(pod)) return { create, remove, waits: true }
  }
  return { create, remove, waits }
}

/** In order they go one by one, each when those before it are up; one that is not up does not keep itself from going. */
const shrunk = (set: StatefulSet, pods: ByOrdinal, now: number): ReadonlyArray<Pod> => {
  const leaving = condemned(set, pods)
  if (!isOrdered(set)) return leaving.filter((pod) => !isTerminating(pod))
  const [last] = leaving
  if (last === undefined || isTerminating(last)) return []
  const lowestDown = leaving.findLast((pod) => !isUp(set, now)(pod))
  return lowestDown === undefined || lowestDown === last ? [last] : []
}

const share = (value: number | string | undefined, total: number) => {
  const percent = /^(\d+)%$/.exec(`${value}`)?.[1]
  const amount = percent === undefined ? Number(value ?? 1) : Math.ceil((Number(percent) * total) / 100)
  return Math.max(1, amount)
}

/** From the last ordinal down to the partition: Pods of another revision, as long as not too many are down. */
const replaced = (set: StatefulSet, pods: ByOrdinal, revision: string, now: number): ReadonlyArray<Pod> => {
  const { replicas, updateStrategy } = set.spec
  if (updateStrategy.type === "OnDelete") return []
  const { maxUnavailable, partition = 0 } = updateStrategy.rollingUpdate ?? {}
  const all = ordinals(set).map((ordinal) => ({ ordinal, pod: pods.get(ordinal) }))
  const some = all.filter(({ ordinal }) => ordinal >= firstOrdinal(set) + partition).toReversed()
  const most = share(maxUnavailable, replicas)
  const up = isUp(set, now)
  // One at a time: what is down further below has its turn later. More at a time: all that is down counts.
  let down = most === 1 ? 0 : all.filter(({ pod }) => !up(pod)).length
  const go: Array<Pod> = []
  for (const { pod } of some) {
    if (pod === undefined || isTerminating(pod) || revisionOf(pod) === revision) {
      if (most === 1 && !up(pod)) return go
      continue
    }
    const costs = most === 1 || up(pod) ? 1 : 0
    if (down + costs > most) return go
    down += costs
    go.push(pod)
  }
  return go
}

/** `revision`: the name of the one to come to. */
export const plan = (set: StatefulSet, pods: ByOrdinal, revision: string, now: number): Plan => {
  const { create, remove, waits } = filled(set, pods, now)
  if (waits) return { create, remove }
  const leaving = shrunk(set, pods, now)
  if (isOrdered(set) && condemned(set, pods).length > 0) return { create, remove: leaving }
  return { create, remove: [...leaving, ...replaced(set, pods, revision, now)] }
}

/** Which revision a new Pod is of: below the partition the old one. */
export const isOfCurrent = (set: StatefulSet, ordinal: number) => {
  const { rollingUpdate, type } = set.spec.updateStrategy
  return type === "RollingUpdate" && ordinal < firstOrdinal(set) + (rollingUpdate?.partition ?? 0)
}

export interface RevisionNames {
  readonly current: string
  readonly update: string
}

export const statusOf = (
  set: StatefulSet,
  pods: ReadonlyArray<Pod>,
  { current, update }: RevisionNames,
  now: number
): StatefulSetStatus => {
  const { minReadySeconds = 0, replicas, updateStrategy } = set.spec
  const { collisionCount, conditions } = set.status
  const { generation } = set.metadata
  const of = (revision: string) => pods.filter((pod) => !isTerminating(pod) && revisionOf(pod) === revision).length
  const ready = pods.filter(runs)
  const updated = of(update)
  const isThere = [updated, ready.length, pods.length].every((count) => count === replicas)
  const isDone = updateStrategy.type === "RollingUpdate" && isThere
  return {
    replicas: pods.length,
    availableReplicas: ready.filter((pod) => isAvailable(pod, minReadySeconds, now)).length,
    ...positive({
      readyReplicas: ready.length,
      currentReplicas: isDone ? updated : of(current),
      updatedReplicas: updated,
      observedGeneration: generation
    }),
    currentRevision: isDone ? update : current,
    updateRevision: update,
    ...(collisionCount !== undefined && { collisionCount }),
    ...(conditions !== undefined && { conditions })
  }
}
