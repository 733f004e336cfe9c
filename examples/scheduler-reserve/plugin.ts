/** Numbered slots: a Pod with the label `slot` gets the lowest number that is free on its node, and finds it in its annotation `slot`. */
import { Effect } from "effect"
import { Client } from "keelson/kernel/client/Client"
import { keyOf } from "keelson/kernel/resource/Kind"
import { Pod } from "keelson/resources/core/v1"
import { onPod } from "keelson/scheduler/Changes"
import { unschedulable } from "keelson/scheduler/Framework"
import type { NodeInfo } from "keelson/scheduler/Nodes"
import * as SchedulerPlugin from "keelson/scheduler/SchedulerPlugin"

interface Options {
  /** How many a node has. */
  readonly slots?: number
}

const wants = (pod: Pod) => pod.metadata.labels?.["slot"] !== undefined

const slotted = ({ slots = 2 }: Options) =>
  Effect.gen(function* () {
    const client = yield* Client
    /** By the uid of a Pod that is on its way to its node. */
    const given = new Map<string, number>()
    const slotOf = ({ metadata: { annotations, uid } }: Pod) => given.get(uid) ?? Number(annotations?.["slot"] ?? Number.NaN)
    const free = ({ pods }: NodeInfo) => {
      const taken = new Set([...pods.values()].map(({ pod }) => slotOf(pod)))
      return Array.from({ length: slots }, (_, slot) => slot).find((slot) => !taken.has(slot))
    }
    return {
      hints: [onPod(["Delete"])],
      preFilter: ({ pod }) =>
        wants(pod)
          ? { filter: (node) => (free(node) === undefined ? unschedulable("node(s) had no free slot") : undefined) }
          : undefined,
      reserve: ({ pod }, node) => {
        const slot = wants(pod) ? free(node) : undefined
        if (slot !== undefined) given.set(pod.metadata.uid, slot)
        return wants(pod) && slot === undefined ? unschedulable("node(s) had no free slot") : undefined
      },
      unreserve: ({ pod }) => void given.delete(pod.metadata.uid),
      preBind: ({ pod }) => {
        const annotations = { slot: String(given.get(pod.metadata.uid)) }
        return wants(pod)
          ? Effect.asVoid(client.patch(Pod, keyOf(pod), "merge", { metadata: { annotations } }))
          : Effect.void
      }
    } satisfies SchedulerPlugin.Points
  })

export const plugin = (options: Options = {}) => SchedulerPlugin.making("scheduler-reserve", slotted(options))
