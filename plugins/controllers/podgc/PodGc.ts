/**
 * Removes Pods that nobody else will: those of nodes that are gone or out of service, those that end without ever having had a node, and
 * old finished ones.
 */
import { Clock, Effect, Metric, Option, Order } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import { Node, Pod } from "../../resources/contracts/core/v1.ts"
import { millisOf, time } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { isFinished, isTerminating } from "../contracts/Pods.ts"
import { withCondition } from "../contracts/Statuses.ts"

export interface Options {
  /** So many finished Pods are kept for people to look at. */
  readonly kept: number
  /** A node that was not there for so long is not only late, in milliseconds. */
  readonly quarantine: number
  /** How often is looked for Pods to remove, in milliseconds. */
  readonly interval: number
}
const usual: Options = { kept: 12_500, quarantine: 40_000, interval: 20_000 }

const isEvicted = ({ status: { phase, reason } }: Pod) => phase === "Failed" && reason === "Evicted"
const byAge = Order.mapInput(Order.Number, ({ metadata }: Pod) => millisOf(metadata.creationTimestamp))
const byName = Order.mapInput(Order.String, ({ metadata }: Pod) => metadata.name)
/** Those that were evicted first: they are no use to whoever made them. */
const cheapestFirst = Order.combineAll([Order.mapInput(Order.Boolean, (pod: Pod) => !isEvicted(pod)), byAge, byName])

/** The oldest finished Pods beyond those that are kept. */
export const surplus = (pods: ReadonlyArray<Pod>, keep = usual.kept) => {
  const finished = pods.filter((pod) => isFinished(pod) && !isTerminating(pod))
  return finished.toSorted(cheapestFirst).slice(0, Math.max(0, finished.length - keep))
}

const outOfService = "node.kubernetes.io/out-of-service"
/** Somebody has said that it is off and will not come back by itself: nobody there ends Pods. Source: KEP-2268. */
export const isOutOfService = ({ spec, status }: Node) =>
  spec.taints?.some(({ key }) => key === outOfService) === true &&
  !status.conditions?.some(({ status, type }) => type === "Ready" && status === "True")

export const endsWithoutNode = (pod: Pod) => isTerminating(pod) && !pod.spec.nodeName

/** So that a look costs what there is to remove, and not what there is. */
const indexes = {
  node: ({ spec }: Pod) => (spec.nodeName ? [spec.nodeName] : []),
  state: (pod: Pod) => (endsWithoutNode(pod) ? ["unplaced"] : isFinished(pod) ? ["finished"] : [])
}

type Reason = "orphaned" | "out-of-service" | "terminated" | "unscheduled"
const counter = (name: string, description: string) => (namespace: string, reason: Reason) =>
  Metric.update(Metric.counter(name, { description, attributes: { namespace, reason }, incremental: true }), 1)
const deleted = counter(
  "pod_gc_collector_force_delete_pods_total",
  "Number of pods that are being forcefully deleted since the Pod GC Controller started."
)
const failed = counter(
  "pod_gc_collector_force_delete_pod_errors_total",
  "Number of errors encountered when forcefully deleting the pods since the Pod GC Controller started."
)

const disruption = {
  type: "DisruptionTarget",
  status: "True",
  reason: "DeletionByPodGC",
  message: "PodGC: node no longer exists"
}

const start = Effect.fnUntraced(function* ({ interval, kept, quarantine }: Options) {
  const client = yield* Client
  const pods = yield* client.cache(Pod, { indexes })
  const nodes = yield* client.cache(Node, {
    indexes: { state: (node: Node) => (isOutOfService(node) ? [outOfService] : []) }
  })
  /** Since when nodes are not there. */
  const missing = new Map<string, number>()

  /** Whoever waits for the Pod's end finds out how it ended. */
  const fail = Effect.fnUntraced(function* (pod: Pod, reason: Reason) {
    const now = time(yield* Clock.currentTimeMillis)
    const conditions = reason === "orphaned" ? withCondition(pod.status.conditions, disruption, now) : undefined
    // Conditions are JSON by their type, hence the cast.
    const body = { status: { phase: "Failed", ...(conditions && { conditions }) } } as unknown as Parameters<
      typeof client.patch
    >[3]
    yield* client.patch(Pod, keyOf(pod), "merge", body, { subresource: "status" })
  })

  /** What cannot be removed now, is looked at again. */
  const remove = (reason: Reason) => (pod: Pod) => {
    const { namespace } = keyOf(pod)
    const gone = client.delete(Pod, keyOf(pod), { uid: pod.metadata.uid, gracePeriodSeconds: 0 })
    return (isFinished(pod) ? gone : Effect.andThen(fail(pod, reason), gone)).pipe(
      Effect.catchTag("NotFound", () => Effect.void),
      Effect.tap(deleted(namespace, reason)),
      Effect.catch((error) => Effect.andThen(failed(namespace, reason), Effect.logDebug("a Pod is not removed", error._tag)))
    )
  }

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
    yield* Effect.forEach(left, remove("orphaned"), { discard: true })
    return pods.by("node", key.name).length > 0 ? Controllers.again(quarantine) : Controllers.done
  })

  const reconcile = Effect.fn("PodGc.reconcile")(function* () {
    const off = nodes.by("state", outOfService).flatMap(({ metadata }) => pods.by("node", metadata.name))
    yield* Effect.forEach(off.filter(isTerminating), remove("out-of-service"), { discard: true })
    yield* Effect.forEach(surplus(pods.by("state", "finished"), kept), remove("terminated"), { discard: true })
    yield* Effect.forEach(pods.by("state", "unplaced"), remove("unscheduled"), { discard: true })
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
  const triggers = [Controllers.every(interval, () => [node("pods")])]
  yield* Controllers.run({ name: "pod_gc", triggers, concurrency: 1, reconcile })
})

export const pluginWith = (options: Options) => Controllers.plugin("pod-garbage-collector", start(options))
export const plugin = pluginWith(usual)
