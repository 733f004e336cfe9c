/** What the phases, conditions and times of a Pod mean to controllers. */
import type { Pod } from "../../resources/contracts/core/v1.ts"
import { millisOf } from "../../resources/contracts/Time.ts"

export const isFinished = ({ status: { phase } }: Pod) => phase === "Succeeded" || phase === "Failed"

export const isTerminating = ({ metadata }: Pod) => metadata.deletionTimestamp !== undefined

/** Counts as one of its controller's replicas. */
export const isActive = (pod: Pod) => !isFinished(pod) && !isTerminating(pod)

export const condition = ({ status: { conditions = [] } }: Pod, type: string) =>
  conditions.find((condition) => condition.type === type)

export const isReady = (pod: Pod) => condition(pod, "Ready")?.status === "True"

/** Since when it is ready, in milliseconds; 0 when it is not. */
export const readySince = (pod: Pod) => {
  const ready = condition(pod, "Ready")
  return ready?.status === "True" ? millisOf(ready.lastTransitionTime) : 0
}

/** Ready for that long. */
export const isAvailable = (pod: Pod, minReadySeconds: number, now: number) =>
  isReady(pod) && (minReadySeconds === 0 || (readySince(pod) > 0 && readySince(pod) + minReadySeconds * 1000 <= now))

/** When the first of them that is ready becomes available, in milliseconds from now; undefined when there is none. */
export const nextAvailable = (pods: ReadonlyArray<Pod>, minReadySeconds: number, now: number) => {
  if (minReadySeconds === 0) return undefined
  const left = pods
    .filter((pod) => isReady(pod) && !isAvailable(pod, minReadySeconds, now))
    .map((pod) => Math.max(0, readySince(pod) + minReadySeconds * 1000 - now))
  return left.length === 0 ? undefined : Math.min(...left)
}
