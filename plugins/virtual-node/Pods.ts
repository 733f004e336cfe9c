/** The Pods of virtual nodes: each is run by the service, what the service says of it is told, and what nobody wants any more is stopped. */
import { Clock, Effect, Stream } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { Client } from "../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../kernel/resource/Kind.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { Pod } from "../resources/contracts/core/v1.ts"
import { type Change, ContainerService, type PodState } from "./contracts/ContainerService.ts"
import * as Status from "./Status.ts"

const pathOf = ({ name, namespace }: Key) => `${namespace}/${name}`

/** What the service has said last, by the key of the Pod: one that was deleted and made again has two uids for a while. */
const makeStates = () => {
  const byUid = new Map<string, PodState>()
  const byPath = new Map<string, Set<string>>()
  const forget = (state: PodState | undefined) => {
    if (state === undefined) return
    const uids = byPath.get(pathOf(state))
    uids?.delete(state.uid)
    if (uids?.size === 0) byPath.delete(pathOf(state))
    byUid.delete(state.uid)
  }
  return {
    get: (uid: string) => byUid.get(uid),
    at: (key: Key) => [...(byPath.get(pathOf(key)) ?? [])],
    /** The key that it concerns. */
    take: ({ pod, uid }: Change): ReadonlyArray<Key> => {
      const before = byUid.get(uid)
      if (pod === undefined) {
        forget(before)
        return before === undefined ? [] : [{ namespace: before.namespace, name: before.name }]
      }
      byUid.set(uid, pod)
      const uids = byPath.get(pathOf(pod)) ?? new Set()
      byPath.set(pathOf(pod), uids.add(uid))
      return [{ namespace: pod.namespace, name: pod.name }]
    }
  }
}

/** An object is the wire's JSON as it stands: its type has no index signature, hence the cast. */
const wireOf = (pod: Pod) => ({ ...pod, apiVersion: "v1", kind: "Pod" }) as unknown as WireObject

const isDone = ({ status: { phase } }: Pod) => phase === "Succeeded" || phase === "Failed"

export interface Options {
  readonly names: ReadonlyArray<string>
  readonly address: string
}

/** Of one node its Pods alone are followed; of many those that are on any node. */
const selectionOf = ([first = "", ...others]: ReadonlyArray<string>) => ({
  fieldSelector: others.length === 0 ? `spec.nodeName=${first}` : "spec.nodeName!="
})

export const run = Effect.fn("Pods.run")(function* ({ address, names }: Options) {
  const client = yield* Client
  const service = yield* ContainerService
  const own = new Set(names)
  const states = makeStates()
  /** What was told of a Pod, by its uid. */
  const told = new Map<string, PodState>()
  const pods = yield* client.cache(Pod, { indexes: {}, selection: selectionOf(names) })

  const find = (key: Key) => {
    const pod = pods.get(key)
    return pod !== undefined && own.has(pod.spec.nodeName ?? "") ? pod : undefined
  }

  const tell = Effect.fnUntraced(function* (pod: Pod, state: PodState) {
    const { uid = "" } = pod.metadata
    if (told.get(uid) === state) return
    const status = Status.ofPod(pod, state, address, yield* Clock.currentTimeMillis)
    yield* client.update(Pod, { ...pod, status }, { subresource: "status" })
    told.set(uid, state)
  })

  const begin = (pod: Pod) =>
    Effect.catchTag(service.run({ pod: wireOf(pod) }), "PodRefused", ({ message, reason }) =>
      client.update(Pod, { ...pod, status: { ...pod.status, phase: "Failed", reason, message } }, { subresource: "status" })
    )

  const leave = Effect.fnUntraced(function* (pod: Pod, state: PodState | undefined) {
    const { deletionGracePeriodSeconds = 30, uid = "" } = pod.metadata
    // What is gone is told, and this is come back to.
    if (state !== undefined) return yield* service.stop({ uid, gracePeriodSeconds: deletionGracePeriodSeconds })
    told.delete(uid)
    yield* client.delete(Pod, keyOf(pod), { gracePeriodSeconds: 0, uid })
  })

  const reconcile = Effect.fnUntraced(function* (key: Key) {
    const pod = find(key)
    const { deletionTimestamp, uid = "" } = pod?.metadata ?? {}
    for (const other of states.at(key)) {
      if (other === uid) continue
      told.delete(other)
      yield* service.stop({ uid: other, gracePeriodSeconds: 0 })
    }
    if (pod === undefined) return
    const state = states.get(uid)
    if (deletionTimestamp !== undefined) yield* leave(pod, state)
    else if (state !== undefined) yield* tell(pod, state)
    else if (!isDone(pod)) yield* begin(pod)
  })

  yield* Controllers.run({
    name: "virtual-node",
    concurrency: 32,
    triggers: [
      Controllers.each(pods),
      Stream.map(Stream.chunks(service.changes()), (changes) => changes.flatMap((change) => states.take(change)))
    ],
    reconcile
  })
})
