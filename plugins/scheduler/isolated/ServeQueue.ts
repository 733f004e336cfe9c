/** What is asked of a scheduling plugin about Pods that come into the queue: many at once. It keeps their order. */
import { Effect, Stream } from "effect"
import type { Plugin } from "../contracts/Framework.ts"
import type { SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import { Places } from "./Places.ts"
import { wireRefusal } from "./Refusals.ts"
import { podOf } from "./Told.ts"
import type { World } from "./World.ts"

type ServeQueue = Pick<SchedulerPoints["Service"], "enqueue" | "again">
type Asked = Parameters<ServeQueue["enqueue"]>[0]

export const serveQueue = ({ again, preEnqueue, queueSort }: Plugin, { epoch, seen }: World): ServeQueue => {
  const places = queueSort && new Places(queueSort)

  const enqueue = ({ epoch: known, left, pods }: Asked) => {
    // Who was told nothing yet has nobody here.
    if (known === "") places?.clear()
    for (const uid of left) places?.remove(uid)
    const comers = pods.map(({ attempts, pod, since }) => ({ pod: podOf(pod), attempts, since }))
    const kept = comers.flatMap(({ pod }) => {
      const refusal = preEnqueue?.(pod)
      return refusal === undefined ? [] : [{ uid: pod.metadata.uid, ...wireRefusal(refusal) }]
    })
    const out = new Set(kept.map(({ uid }) => uid))
    const keys = places?.put(comers.filter(({ pod }) => !out.has(pod.metadata.uid))) ?? new Map<string, number>()
    return { epoch, kept, keys: Array.from(keys, ([uid, key]) => ({ uid, key })) }
  }

  return {
    enqueue: (asked) => Effect.map(seen(asked), () => enqueue(asked)),
    again: () => again ?? Stream.never
  }
}
