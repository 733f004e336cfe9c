/** Who waits for a node, and in which order: Pods of paused namespaces stay outside the queue, and of the others the urgent ones come first. */
import { Effect, Stream } from "effect"
import { Client } from "keelson/kernel/client/Client"
import { Namespace } from "keelson/resources/core/v1"
import { type Queued, unresolvable } from "keelson/scheduler/Framework"
import * as SchedulerPlugin from "keelson/scheduler/SchedulerPlugin"

const isUrgent = ({ pod }: Queued) => pod.metadata.labels?.["urgent"] !== undefined
const priorityOf = ({ pod }: Queued) => pod.spec.priority ?? 0

const queueing = Effect.gen(function* () {
  const client = yield* Client
  const namespaces = yield* client.cache(Namespace, { indexes: {} })
  const isPaused = (name = "") => namespaces.get({ namespace: "", name })?.metadata.labels?.["paused"] !== undefined
  return {
    preEnqueue: ({ metadata }) => (isPaused(metadata.namespace) ? unresolvable("its namespace is paused") : undefined),
    // Whatever changes in namespaces, who was kept out may come in now.
    again: Stream.map(namespaces.changes, () => []),
    queueSort: (a, b) => Number(isUrgent(b)) - Number(isUrgent(a)) || priorityOf(b) - priorityOf(a) || a.since - b.since
  } satisfies SchedulerPlugin.Points
})

export const plugin = SchedulerPlugin.making("scheduler-queue", queueing)
