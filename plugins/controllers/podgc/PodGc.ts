/** Removes Pods that nobody else will: those of nodes that are gone, those that end without ever having had a node, and old finished ones. */
import { Clock, Effect, Option } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import { Node, Pod } from "../../resources/contracts/core/v1.ts"
import { millisOf, time } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { isFinished, isTerminating } from "../contracts/Pods.ts"
import { withCondition } from "../contracts/Statuses.ts"

/** So many finished Pods are kept for people to look at. */
const kept = 12_500
/** A node that was not there for so long is not only late, in milliseconds. */
const quarantine = 40_000

/** The oldest finished Pods beyond those that are kept. */
export const surplus = (pods: ReadonlyArray<Pod>, keep = kept) => {
  const finished = pods.filter((pod) => isFinished(pod) && !isTerminating(pod))
  return finished
    .toSorted((a, b) => millisOf(a.metadata.creationTimestamp) - millisOf(b.metadata.creationTimestamp))
    .slice(0, Math.max(0, finished.length - keep))
}

export const endsWithoutNode = (pod: Pod) => isTerminating(pod) && !pod.spec.nodeName

/** So that a look costs what there is to remove, and not what there is. */
const indexes = {
  node: ({ spec }: Pod) => (spec.nodeName ? [spec.nodeName] : []),
  state: (pod: Pod) => (endsWithoutNode(pod) ? ["unplaced"] : isFinished(pod) ? ["finished"] : [])
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const pods = yield* client.cache(Pod, { indexes })
  const nodes = yield* client.cache(Node, { indexes: {} })
  /** Since when nodes are not there. */
  const missing = new Map<string, number>()

  const remove = (pod: Pod) =>
    Effect.ignore(client.delete(Pod, keyOf(pod), { uid: pod.metadata.uid, gracePeriodSeconds: 0 }))

  /** Whoever waits for the Pod's end finds out how it ended. */
  const removeLost = Effect.fnUntraced(function* (pod: Pod, now: number) {
    if (!isFinished(pod)) {
      const disrupted = {
        type: "DisruptionTarget",
        status: "True",
        reason: "DeletionByPodGC",
        message: "PodGC: node no longer exists"
      }
      const conditions = withCondition(pod.status.conditions, disrupted, time(now))
      // Conditions are JSON by their type, hence the cast.
      const body = { status: { phase: "Failed", conditions } } as unknown as Parameters<typeof client.patch>[3]
      yield* Effect.ignore(client.patch(Pod, keyOf(pod), "merge", body, { subresource: "status" }))
    }
    yield* remove(pod)
  })

  /** A node that Pods name and that is not there, for long enough, also when the API is asked afresh. */
  const reconcileNode = Effect.fn("PodGc.reconcileNode")(function* (key: Key) {
    const left = pods.by("node", key.name)
    if (left.length === 0 || nodes.get(key) !== undefined) {
      missing.delete(key.name)
      return Controllers.done
    }
    const now = yield* Clock.currentTimeMillis
    const since = missing.get(key.name) ?? now
    missing.set(key.name, since)
    if (since + quarantine > now) return Controllers.again(since + quarantine - now)
    if (Option.isSome(yield* client.find(Node, key))) return Controllers.again(quarantine)
    yield* Effect.forEach(left, (pod) => removeLost(pod, now), { discard: true })
    return pods.by("node", key.name).length > 0 ? Controllers.again(quarantine) : Controllers.done
  })

  const reconcile = Effect.fn("PodGc.reconcile")(function* () {
    const gone = [...pods.by("state", "unplaced"), ...surplus(pods.by("state", "finished"))]
    yield* Effect.forEach(gone, remove, { discard: true })
    return Controllers.done
  })

  const node = (name: string) => ({ namespace: "", name })
  const missed = ({ spec: { nodeName } }: Pod) =>
    nodeName && nodes.get(node(nodeName)) === undefined ? [node(nodeName)] : []
  yield* Controllers.run({
    name: "orphaned_pods_nodes",
    triggers: [Controllers.on(pods, missed), Controllers.on(nodes, ({ metadata }) => [node(metadata.name)])],
    concurrency: 1,
    reconcile: reconcileNode
  })
  const triggers = [Controllers.every("20 seconds", () => [node("pods")])]
  yield* Controllers.run({ name: "pod_gc", triggers, concurrency: 1, reconcile })
})

export const plugin = Controllers.plugin("pod-garbage-collector", start)
