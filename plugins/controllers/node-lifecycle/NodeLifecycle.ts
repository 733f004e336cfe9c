/**
 * Notices nodes whose agent is silent, marks them and their Pods as not ready, taints nodes by their conditions, and evicts Pods
 * that do not tolerate it.
 */
import { Clock, Effect } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import { Lease } from "../../resources/contracts/coordination/v1.ts"
import { Node, Pod } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import { time } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { condition, isFinished, isReady, isTerminating } from "../contracts/Pods.ts"
import { withCondition } from "../contracts/Statuses.ts"
import { deadline, grace, type Heartbeat, leavesAt, lost, readiness, signOf, tainted } from "./Health.ts"

const leases = "kube-node-lease"

const byNode = { node: ({ spec }: Pod) => (spec.nodeName ? [spec.nodeName] : []) }

const health = Effect.fnUntraced(function* (patience: number) {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "node-controller" })
  const nodes = yield* client.cache(Node, { indexes: {} })
  const pods = yield* client.cache(Pod, { indexes: byNode })
  const beats = yield* client.cache(Lease, { indexes: {}, selection: { namespace: leases } })
  const heartbeats = new Map<string, Heartbeat>()

  /** Pods of a node that is not there get no traffic. */
  const unready = Effect.fnUntraced(function* (pod: Pod, now: number) {
    const before = condition(pod, "Ready")
    if (before === undefined || !isReady(pod) || isTerminating(pod)) return
    const conditions = withCondition(pod.status.conditions, { ...before, status: "False" }, time(now))
    yield* Effect.ignore(client.update(Pod, { ...pod, status: { ...pod.status, conditions } }, { subresource: "status" }))
  })

  const listen = (node: Node, now: number): Heartbeat => {
    const { name } = node.metadata
    const sign = signOf(node, beats.get({ namespace: leases, name })?.spec.renewTime)
    const before = heartbeats.get(name)
    const heartbeat = before?.sign === sign ? before : { sign, at: now }
    heartbeats.set(name, heartbeat)
    return heartbeat
  }

  const giveUp = Effect.fnUntraced(function* (node: Node, now: number) {
    const conditions = lost(node, now)
    if (readiness(node) !== "Unknown") {
      const message = `Node ${node.metadata.name} status is now: NodeNotReady`
      yield* record({ kind: Node, object: node, type: "Normal", reason: "NodeNotReady", message })
    }
    if (same(conditions, node.status.conditions)) return node
    return yield* client.update(Node, { ...node, status: { ...node.status, conditions } }, { subresource: "status" })
  })

  const reconcile = Effect.fn("NodeLifecycle.reconcile")(function* (key: Key) {
    const found = nodes.get(key)
    if (found === undefined) {
      heartbeats.delete(key.name)
      return Controllers.done
    }
    const now = yield* Clock.currentTimeMillis
    const due = deadline(found, listen(found, now), patience)
    const node = due <= now ? yield* giveUp(found, now) : found
    const isAnyReady = readiness(node) === "True" || nodes.all().some((other) => readiness(other) === "True")
    const taints = tainted(node, isAnyReady, now)
    if (!same(taints, node.spec.taints ?? [])) yield* client.update(Node, { ...node, spec: { ...node.spec, taints } })
    if (readiness(node) !== "True") {
      yield* Effect.forEach(pods.by("node", key.name), (pod) => unready(pod, now), { discard: true })
    }
    return due <= now ? Controllers.done : Controllers.again(due - now)
  })

  const ofLease = Controllers.on(beats, ({ metadata }) => [{ namespace: "", name: metadata.name }])
  yield* Controllers.run({ name: "node_lifecycle", triggers: [Controllers.each(nodes), ofLease], reconcile })
})

const eviction = Effect.gen(function* () {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "taint-eviction-controller" })
  const nodes = yield* client.cache(Node, { indexes: {} })
  const pods = yield* client.cache(Pod, { indexes: byNode })

  const evict = Effect.fnUntraced(function* (pod: Pod, now: number) {
    const key = keyOf(pod)
    const message = `Marking for deletion Pod ${key.namespace}/${key.name}`
    yield* record({ kind: Pod, object: pod, type: "Normal", reason: "TaintManagerEviction", message })
    const disrupted = {
      type: "DisruptionTarget",
      status: "True",
      reason: "DeletionByTaintManager",
      message: "Taint manager: deleting due to NoExecute taint"
    }
    const conditions = withCondition(pod.status.conditions, disrupted, time(now))
    yield* client.update(Pod, { ...pod, status: { ...pod.status, conditions } }, { subresource: "status" })
    yield* client.delete(Pod, key, { uid: pod.metadata.uid })
  })

  const reconcile = Effect.fn("TaintEviction.reconcile")(function* (key: Key) {
    const pod = pods.get(key)
    if (pod === undefined || isTerminating(pod) || isFinished(pod)) return Controllers.done
    const node = nodes.get({ namespace: "", name: pod.spec.nodeName ?? "" })
    const now = yield* Clock.currentTimeMillis
    const at = leavesAt(pod, node?.spec.taints ?? [], now)
    if (at === undefined) return Controllers.done
    if (at > now) return Controllers.again(at - now)
    yield* evict(pod, now)
    return Controllers.done
  })

  const onNode = Controllers.on(nodes, ({ metadata, spec }) =>
    spec.taints?.some(({ effect }) => effect === "NoExecute") ? pods.by("node", metadata.name).map(keyOf) : []
  )
  yield* Controllers.run({ name: "taint_eviction", triggers: [Controllers.each(pods), onNode], reconcile })
})

/** `patience`: how long a node agent may be silent, in milliseconds. */
export const patient = (patience: number) => Controllers.plugin("node-lifecycle", Effect.andThen(health(patience), eviction))

export const plugin = patient(grace)
