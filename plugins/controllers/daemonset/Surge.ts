/** Updates of a DaemonSet that put the new Pod beside the old one, and end that when the new one is available. Pure. Source: KEP-1591. */
import type { DaemonSet } from "../../resources/contracts/apps/v1.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import { isAvailable, isReady } from "../contracts/Pods.ts"
import { hashOf } from "../contracts/Revisions.ts"
import type { Plan } from "./Placement.ts"

const amount = (value: number | string | undefined, total: number) => {
  const percent = /^(\d+)%$/.exec(`${value ?? 0}`)?.[1]
  return percent === undefined ? Number(value ?? 0) : Math.ceil((Number(percent) * total) / 100)
}

/** How many nodes may have two Pods at a time; 0: the strategy knows no surge. */
export const limit = ({ spec: { updateStrategy } }: DaemonSet, nodes: number) =>
  updateStrategy.type === "RollingUpdate" ? amount(updateStrategy.rollingUpdate?.maxSurge, nodes) : 0

/** Of the live Pods of a node, the oldest first, those that are too many: all but one of each template, and the old one when it is done. */
export const surplus = (
  { spec: { minReadySeconds = 0 } }: DaemonSet,
  live: ReadonlyArray<Pod>,
  hash: string,
  now: number
): ReadonlyArray<Pod> => {
  if (live.length <= 1) return []
  const fresh = live.find((pod) => hashOf(pod) === hash)
  const old = live.find((pod) => hashOf(pod) !== hash)
  const others = live.filter((pod) => pod !== fresh && pod !== old)
  if (fresh === undefined || old === undefined) return others
  const isDone = !isReady(old) || isAvailable(fresh, minReadySeconds, now)
  return isDone ? [...others, old] : others
}

/** Where a new Pod is put beside the old one: at once where that is not available, else on as many nodes as may have two. */
export const rollout = (
  set: DaemonSet,
  wanted: ReadonlyArray<string>,
  pods: ReadonlyMap<string, ReadonlyArray<Pod>>,
  hash: string,
  now: number
): Plan => {
  const { minReadySeconds = 0 } = set.spec
  const isUp = (pod: Pod) => isAvailable(pod, minReadySeconds, now)
  const [allowed, candidates, remove] = [[] as string[], [] as string[], [] as Pod[]]
  let surging = 0
  for (const node of wanted) {
    const here = pods.get(node) ?? []
    const fresh = here.filter((pod) => hashOf(pod) === hash)
    const olds = here.filter((pod) => hashOf(pod) !== hash)
    const [[newPod], [old]] = [fresh, olds]
    if (fresh.length > 1 || olds.length > 1) surging++
    else if (old === undefined) continue
    else if (newPod === undefined) (isUp(old) ? candidates : allowed).push(node)
    else if (!isUp(old) || isUp(newPod)) remove.push(old)
    else surging++
  }
  const left = Math.max(0, limit(set, wanted.length) - surging)
  return { create: [...allowed, ...candidates.slice(0, left)], remove }
}
