/** Spare Pods make room: where a Pod finds no node, Pods with the label `spare` go from the first node where that is enough. */
import { Effect } from "effect"
import { Client } from "keelson/kernel/client/Client"
import { keyOf } from "keelson/kernel/resource/Kind"
import { Pod } from "keelson/resources/core/v1"
import type { Failure } from "keelson/scheduler/Framework"
import type { NodeInfo } from "keelson/scheduler/Nodes"
import * as SchedulerPlugin from "keelson/scheduler/SchedulerPlugin"

const isSpare = (pod: Pod) => pod.metadata.labels?.["spare"] !== undefined

/** Which have to go from a node, if that helps. */
const victims = ({ trial }: Failure, node: NodeInfo): ReadonlyArray<Pod> => {
  const tried = trial(node)
  const going: Array<Pod> = []
  for (const info of [...node.pods.values()].filter(({ pod }) => isSpare(pod))) {
    tried.remove(info)
    going.push(info.pod)
    if (tried.fits() === undefined) return going
  }
  return []
}

const making = Effect.gen(function* () {
  const client = yield* Client
  // One that is gone already makes room as well.
  const remove = (pod: Pod) => Effect.ignore(client.delete(Pod, keyOf(pod)), { log: "Debug" })
  return {
    postFilter: (failure) => {
      const { pod, refusals, view } = failure
      if (isSpare(pod.pod)) return {}
      for (const node of view.nodes) {
        // Whatever goes from it, it will not do.
        if (refusals.get(node.name)?.isUnresolvable === true) continue
        const going = victims(failure, node)
        if (going.length > 0) return { nominate: node.name, act: Effect.forEach(going, remove, { discard: true }) }
      }
      return { message: "no spare Pods are in its way" }
    }
  } satisfies SchedulerPlugin.Points
})

export const plugin = SchedulerPlugin.making("scheduler-post-filter", making)
