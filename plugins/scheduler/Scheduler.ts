/**
 * Gives Pods their nodes. One loop takes a Pod from the queue and decides, synchronously, on a snapshot that follows the caches; the
 * Pod is assumed to be there at once, and bound beside the loop. What no node takes waits until something changes.
 */
import { Clock, Effect, Equal, Latch, Layer, Random, Semaphore, Stream } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { keyOf } from "../../kernel/resource/Kind.ts"
import type { Event } from "../../kernel/table/Table.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { Namespace, Node, Pod } from "../resources/contracts/core/v1.ts"
import * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import { time } from "../resources/contracts/Time.ts"
import * as Extensions from "./contracts/Extensions.ts"
import type { PodInfo } from "./contracts/Nodes.ts"
import { decide } from "./Decision.ts"
import * as Defaults from "./Defaults.ts"
import * as Metrics from "./Metrics.ts"
import { Queue, type Waiting } from "./Queue.ts"
import { infoOf } from "./Resources.ts"
import { Snapshot } from "./Snapshot.ts"

export interface Options {
  /** Pods that name this scheduler are its own. */
  readonly name?: string
}

/** How many binds are under way at most. */
const binds = 32

/** With the condition PodScheduled; the same Pod if that says so already. */
export const refused = (pod: Pod, message: string, now: number): Pod => {
  const { conditions = [] } = pod.status
  const before = conditions.find(({ type }) => type === "PodScheduled")
  if (before?.status === "False" && before.reason === "Unschedulable" && before.message === message) return pod
  const since = before?.status === "False" ? before.lastTransitionTime : undefined
  const lastTransitionTime = since ?? time(now)
  const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message, lastTransitionTime }
  const others = conditions.filter(({ type }) => type !== "PodScheduled")
  return { ...pod, status: { ...pod.status, conditions: [...others, condition] } }
}

const bindingOf = ({ metadata: { name, namespace = "", uid } }: Pod, node: string) => ({
  apiVersion: "v1",
  kind: "Binding",
  metadata: { name, namespace, uid },
  target: { kind: "Node", name: node }
})

const isSameForUs = (a: Pod, b: Pod) => Equal.equals(a.spec, b.spec) && Equal.equals(a.metadata.labels, b.metadata.labels)

/** Heartbeats let no Pod be placed that could not be before. */
const isSameNode = (a: Node, b: Node) =>
  Equal.equals(a.spec, b.spec) &&
  Equal.equals(a.metadata.labels, b.metadata.labels) &&
  Equal.equals(a.status.allocatable, b.status.allocatable)

const start = Effect.fnUntraced(function* ({ name = "default-scheduler" }: Options) {
  const client = yield* Client
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const [filters, scores, gates] = [yield* Extensions.Filters, yield* Extensions.Scores, yield* Extensions.Gates]
  const record = yield* EventRecorder.make({ component: name })
  const metrics = yield* Metrics.make(name)
  const limit = yield* Semaphore.make(binds)
  const scope = yield* Effect.scope

  const namespaces = yield* client.cache(Namespace, { indexes: {} })
  const nodes = yield* client.cache(Node, { indexes: {} })
  const pods = yield* client.cache(Pod, { indexes: {} })
  const snapshot = new Snapshot((namespace) => namespaces.get({ namespace: "", name: namespace })?.metadata.labels ?? {})
  const queue = new Queue()
  const news = Latch.makeUnsafe()
  const waiting = new Map<string, Pod>()
  let turn = 0

  const happened = (event: Extensions.ClusterEvent) => {
    queue.happened(event, clock.currentTimeMillisUnsafe())
    news.openUnsafe()
  }

  const isGated = (pod: Pod) => Defaults.gates.concat(gates.all()).some((gate) => gate.holds(pod))
  const isOurs = ({ metadata, spec, status }: Pod) =>
    !spec.nodeName &&
    spec.schedulerName === name &&
    metadata.deletionTimestamp === undefined &&
    status.phase !== "Succeeded" &&
    status.phase !== "Failed"

  const forget = (uid: string) => {
    waiting.delete(uid)
    queue.remove(uid)
  }

  const seePod = (pod: Pod) => {
    const { uid } = pod.metadata
    if (snapshot.setPod(pod)) happened("pod removed")
    if (!isOurs(pod) || isGated(pod)) {
      forget(uid)
      if (pod.spec.nodeName) happened("pod added")
      return
    }
    if (snapshot.holds(uid)) return
    const before = waiting.get(uid)
    waiting.set(uid, pod)
    if (before !== undefined && isSameForUs(before, pod)) return queue.refresh(pod)
    queue.add(pod, clock.currentTimeMillisUnsafe())
    news.openUnsafe()
  }
  const losePod = (pod: Pod) => {
    forget(pod.metadata.uid)
    if (snapshot.removePod(pod)) happened("pod removed")
  }
  const seeNode = (node: Node) => {
    const before = snapshot.node(node.metadata.name)
    snapshot.setNode(node)
    if (before === undefined || !isSameNode(before, node)) happened("node")
  }

  /** After a snapshot of the cache, what it does not show is gone. */
  const follow = <A extends Pod | Node>(see: (object: A) => void, lose: (object: A) => void) => {
    const known = new Map<string, A>()
    return (event: Event<A>) => {
      if (event._tag === "Deleted") {
        known.delete(event.object.metadata.uid)
        return lose(event.object)
      }
      const objects = event._tag === "Snapshot" ? event.objects : [event.object]
      if (event._tag === "Snapshot") {
        const here = new Set(objects.map(({ metadata }) => metadata.uid))
        for (const [uid, object] of known) {
          if (here.has(uid)) continue
          known.delete(uid)
          lose(object)
        }
      }
      for (const object of objects) {
        known.set(object.metadata.uid, object)
        see(object)
      }
    }
  }

  /** What nothing can be done about now goes back into the queue; what has changed meanwhile, as it is now. */
  const putBack = (tried: Waiting, retryOn?: ReadonlySet<Extensions.ClusterEvent>) => {
    const { uid } = tried.pod.metadata
    const pod = waiting.get(uid)
    if (pod === undefined) return queue.done(uid)
    const changed = !isSameForUs(pod, tried.pod)
    queue.failed({ ...tried, pod }, changed ? undefined : retryOn, clock.currentTimeMillisUnsafe())
    news.openUnsafe()
  }

  const bind = Effect.fn("Scheduler.bind")(
    function* (tried: Waiting, info: PodInfo, node: string, began: number) {
      const { pod } = info
      const { name: podName, namespace = "", uid } = pod.metadata
      yield* client.post(Pod, keyOf(pod), "binding", bindingOf(pod, node))
      forget(uid)
      queue.done(uid)
      const now = clock.currentTimeMillisUnsafe()
      metrics.ended("scheduled", now - began)
      metrics.placed(tried.attempts, now - tried.since)
      const message = `Successfully assigned ${namespace}/${podName} to ${node}`
      yield* record({ kind: Pod, object: pod, type: "Normal", reason: "Scheduled", message })
    },
    (bound, tried, info, node, began) =>
      bound.pipe(
        Effect.catchCause((cause) => {
          snapshot.forget(info)
          putBack(tried)
          metrics.ended("error", clock.currentTimeMillisUnsafe() - began)
          const log = Controllers.isOrdinary(cause) ? Effect.logDebug : Effect.logWarning
          return log(`${tried.pod.metadata.name} could not be bound to ${node}`, cause)
        })
      )
  )

  const refuse = Effect.fnUntraced(function* (pod: Pod, message: string) {
    yield* record({ kind: Pod, object: pod, type: "Warning", reason: "FailedScheduling", message })
    const current = pods.get(keyOf(pod))
    if (current?.metadata.uid !== pod.metadata.uid || current.spec.nodeName) return
    const changed = refused(current, message, clock.currentTimeMillisUnsafe())
    if (changed === current) return
    // Were it changed by somebody else, the next attempt says it again.
    yield* Effect.ignore(client.update(Pod, changed, { subresource: "status" }))
  })

  const attempt = Effect.fn("Scheduler.attempt")(function* (tried: Waiting) {
    const began = clock.currentTimeMillisUnsafe()
    const info = infoOf(tried.pod)
    const rules = { filters: Defaults.filters.concat(filters.all()), scores: Defaults.scores.concat(scores.all()) }
    const pick = (count: number) => Math.floor(random.nextDoubleUnsafe() * count)
    const decision = decide(info, snapshot, rules, pick, turn)
    metrics.chosen(clock.currentTimeMillisUnsafe() - began)
    if (decision._tag === "Node") {
      turn = (turn + decision.evaluated) % Math.max(1, snapshot.nodes.length)
      snapshot.assume(info, decision.node)
      return yield* Effect.forkIn(limit.withPermit(bind(tried, info, decision.node, began)), scope)
    }
    putBack(tried, decision.retryOn)
    metrics.ended("unschedulable", clock.currentTimeMillisUnsafe() - began)
    return yield* Effect.forkIn(refuse(tried.pod, decision.message), scope)
  })

  const next = Effect.gen(function* () {
    const now = clock.currentTimeMillisUnsafe()
    const due = queue.flush(now)
    const tried = queue.pop()
    metrics.waiting(queue.sizes())
    if (tried !== undefined) return yield* attempt(tried)
    news.closeUnsafe()
    return yield* due === undefined ? news.await : Effect.raceFirst(news.await, Effect.sleep(due - now))
  })

  const following = <A extends Pod | Node>(
    { changes }: { readonly changes: Stream.Stream<{ readonly events: ReadonlyArray<Event<A>> }> },
    on: (event: Event<A>) => void
  ) => Stream.runForEach(changes, ({ events }) => Effect.sync(() => events.forEach(on)))

  const loseNode = ({ metadata }: Node) => snapshot.removeNode(metadata.name)
  yield* Plugin.background(following(nodes, follow(seeNode, loseNode)))
  yield* Plugin.background(following(pods, follow(seePod, losePod)))
  yield* Plugin.background(Effect.forever(next))
})

/** With registries that others can add filters, scores and gates to. */
export const layer = (options: Options = {}) => Layer.effectDiscard(start(options))

export const make = (options: Options = {}) =>
  Plugin.make({ name: "scheduler", layer: Layer.provide(layer(options), Extensions.layer) })

export const plugin = make()
