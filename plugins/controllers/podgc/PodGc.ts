/** Removes Pods that nobody else will: those of nodes that are gone, those that end without ever having had a node, and old finished ones. */
import { Clock, Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { keyOf } from "../../../kernel/resource/Kind.ts"
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

const start = Effect.gen(function* () {
  const client = yield* Client
  const pods = yield* client.cache(Pod, { indexes: { node: ({ spec }: Pod) => (spec.nodeName ? [spec.nodeName] : []) } })
  const nodes = yield* client.cache(Node, { indexes: {} })
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

  /** Nodes that Pods name and that are not there, for long enough, also when the API is asked afresh. */
  const lostNodes = Effect.fnUntraced(function* (now: number) {
    const named = new Set(pods.all().flatMap(({ spec }) => spec.nodeName ?? []))
    for (const name of missing.keys()) if (!named.has(name) || nodes.get({ namespace: "", name })) missing.delete(name)
    for (const name of named) if (name && !nodes.get({ namespace: "", name }) && !missing.has(name)) missing.set(name, now)
    const late = [...missing].filter(([, since]) => since + quarantine <= now).map(([name]) => name)
    return yield* Effect.filter(late, (name) =>
      Effect.map(client.find(Node, { namespace: "", name }), ({ _tag }) => _tag === "None")
    )
  })

  const reconcile = Effect.fn("PodGc.reconcile")(function* () {
    const now = yield* Clock.currentTimeMillis
    for (const name of yield* lostNodes(now)) {
      yield* Effect.forEach(pods.by("node", name), (pod) => removeLost(pod, now), { discard: true })
    }
    const all = pods.all()
    yield* Effect.forEach([...all.filter(endsWithoutNode), ...surplus(all)], remove, { discard: true })
  })

  const triggers = [Controllers.every("20 seconds", () => [{ namespace: "", name: "pods" }])]
  yield* Controllers.run({ name: "pod_gc", triggers, concurrency: 1, reconcile })
})

export const plugin = Controllers.plugin("pod-garbage-collector", start)
