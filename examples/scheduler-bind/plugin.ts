/** Binds Pods in its own way: those with the label `signed` learn by an annotation who has given them their node. Others are not its business. */
import { Effect } from "effect"
import { Client } from "keelson/kernel/client/Client"
import { keyOf } from "keelson/kernel/resource/Kind"
import { Pod } from "keelson/resources/core/v1"
import * as SchedulerPlugin from "keelson/scheduler/SchedulerPlugin"

const name = "scheduler-bind"

const binding = Effect.gen(function* () {
  const client = yield* Client
  return {
    bind: Effect.fnUntraced(function* ({ pod }, node) {
      const { labels, name: podName, namespace = "", uid } = pod.metadata
      if (labels?.["signed"] === undefined) return false
      const metadata = { name: podName, namespace, uid, annotations: { "bound-by": name } }
      const target = { apiVersion: "v1", kind: "Node", name: node }
      yield* client.post(Pod, keyOf(pod), "binding", { apiVersion: "v1", kind: "Binding", metadata, target })
      return true
    })
  } satisfies SchedulerPlugin.Points
})

export const plugin = SchedulerPlugin.making(name, binding)
