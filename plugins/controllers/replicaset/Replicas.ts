/**
 * Keeps the number of live Pods that a set controls equal to `spec.replicas`: what ReplicaSets and ReplicationControllers have in
 * common. Every run reads the whole state.
 */
import { Array, Clock, Effect, Schema } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import * as Status from "../../../kernel/client/Status.ts"
import {
  controllerOf,
  controllerReference,
  type Key,
  type Kind,
  keyOf,
  type ResourceDraft
} from "../../../kernel/resource/Kind.ts"
import type { ReplicaSet, ReplicaSetStatus } from "../../resources/contracts/apps/v1.ts"
import { Pod, type PodDraft, type PodTemplateSpec } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import { time } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Owned from "../contracts/Owned.ts"
import { isActive, isAvailable, isFinished, isReady, isTerminating, nextAvailable } from "../contracts/Pods.ts"
import { positive, withCondition, withoutCondition } from "../contracts/Statuses.ts"
import { isEnding, slowStart } from "../contracts/Writes.ts"
import { cheapestFirst } from "./Victims.ts"

/** The most Pods that one run makes or removes. */
const burst = 500

/** A set, as far as it matters here. */
export interface Replicating extends Pick<ReplicaSet, "metadata" | "status"> {
  readonly spec: {
    readonly replicas: number
    readonly minReadySeconds?: number
    readonly template?: PodTemplateSpec
  }
}

/** A kind of sets. */
export interface Family<A extends Replicating, D extends ResourceDraft> {
  /** The controller's. */
  readonly name: string
  /** Who its events are from. */
  readonly component: string
  readonly kind: Kind<A, D>
  readonly selects: (set: A) => Owned.Selects
  /** Whether the status knows Pods that are ending. */
  readonly countsTerminating: boolean
}

const newPod = <A extends Replicating, D extends ResourceDraft>(kind: Kind<A, D>, set: A): PodDraft => {
  const { annotations, finalizers, labels } = set.spec.template?.metadata ?? {}
  return {
    metadata: {
      generateName: `${set.metadata.name}-`,
      namespace: keyOf(set).namespace,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [controllerReference(kind, set)]
    },
    ...(set.spec.template && { spec: set.spec.template.spec })
  }
}

/** All Pods of a set are looked through at each change of one. What is large of them, and nothing here, is left out. */
const slim = ({ metadata: { managedFields: _, ...metadata }, spec, status }: Pod): Pod => ({
  metadata,
  spec: { ...spec, containers: [], volumes: [] },
  status
})

/** A Pod that could not be made or removed: what the condition ReplicaFailure shows. */
class Failure extends Schema.TaggedError<Failure>()("Failure", {
  reason: Schema.Literals(["FailedCreate", "FailedDelete"]),
  message: Schema.String
}) {}

const statusOf = (
  set: Replicating,
  pods: ReadonlyArray<Pod>,
  failure: Failure | undefined,
  now: number,
  countsTerminating: boolean
): ReplicaSetStatus => {
  const wanted = Object.entries(set.spec.template?.metadata.labels ?? {})
  const carriesAll = ({ metadata: { labels = {} } }: Pod) => wanted.every(([key, value]) => labels[key] === value)
  const count = { live: 0, labeled: 0, ready: 0, available: 0, terminating: 0 }
  for (const pod of pods) {
    if (isFinished(pod)) continue
    if (isTerminating(pod)) {
      count.terminating++
      continue
    }
    count.live++
    if (carriesAll(pod)) count.labeled++
    if (!isReady(pod)) continue
    count.ready++
    if (isAvailable(pod, set.spec.minReadySeconds ?? 0, now)) count.available++
  }
  // The first failure stays: each has another name in it, and to write each would be the next reason to try at once.
  const hasFailed = set.status.conditions?.some(({ type }) => type === "ReplicaFailure") === true
  const conditions =
    failure === undefined
      ? withoutCondition(set.status.conditions, "ReplicaFailure")
      : hasFailed
        ? (set.status.conditions ?? [])
        : withCondition(
            set.status.conditions,
            { type: "ReplicaFailure", status: "True", reason: failure.reason, message: failure.message },
            time(now)
          )
  return {
    replicas: count.live,
    ...positive({
      fullyLabeledReplicas: count.labeled,
      readyReplicas: count.ready,
      availableReplicas: count.available,
      terminatingReplicas: countsTerminating ? count.terminating : undefined,
      observedGeneration: set.metadata.generation
    }),
    ...(conditions.length > 0 && { conditions })
  }
}

export const start = Effect.fnUntraced(function* <A extends Replicating, D extends ResourceDraft>(family: Family<A, D>) {
  const { kind, selects } = family
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: family.component })
  const pods = yield* client.cache(Pod, { indexes: Owned.byOwner, transform: slim })
  const sets = yield* client.cache(kind, { indexes: { ...Owned.byOwner, ...Controllers.byNamespace } })

  const adopters = (pod: Pod) =>
    sets
      .by("namespace", keyOf(pod).namespace)
      .filter((set) => Owned.claim(set, selects(set), pod) === "adopt")
      .map(keyOf)

  const tell = (set: A, type: "Normal" | "Warning", reason: string, message: string) =>
    record({ kind, object: set, type, reason, message })

  const failed = (set: A, reason: Failure["reason"], doing: string) =>
    Effect.fnUntraced(function* (error: Status.Failure) {
      const message = Status.messageOf(error)
      yield* tell(set, "Warning", reason, `Error ${doing}: ${message}`)
      return yield* new Failure({ reason, message })
    })
  const create = (set: A) =>
    client.create(Pod, newPod(kind, set)).pipe(
      Effect.flatMap((pod) => tell(set, "Normal", "SuccessfulCreate", `Created pod: ${pod.metadata.name}`)),
      // Nothing can be made there, and nobody needs to hear of it.
      Effect.catchIf(isEnding, () => Effect.void),
      Effect.catch(failed(set, "FailedCreate", "creating"))
    )
  const remove = (set: A, pod: Pod) =>
    client.delete(Pod, keyOf(pod), { uid: pod.metadata.uid }).pipe(
      Effect.flatMap(() => tell(set, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`)),
      Effect.catchTag("NotFound", () => Effect.void),
      Effect.catch(failed(set, "FailedDelete", "deleting"))
    )

  /** The live Pods of all sets with the same owner: old and new ones of a Deployment. */
  const relatedTo = (set: A, own: ReadonlyArray<Pod>) => {
    const owner = controllerOf(set)
    if (owner === undefined) return own
    return sets.by("owner", owner.uid).flatMap((peer) => pods.by("owner", peer.metadata.uid).filter(isActive))
  }

  const manage = Effect.fnUntraced(function* (set: A, live: ReadonlyArray<Pod>, now: number) {
    const missing = Math.min(burst, set.spec.replicas - live.length)
    if (missing >= 0) return yield* slowStart(missing, () => create(set))
    const ordered = Array.sort(live, cheapestFirst(relatedTo(set, live), now, set.spec.minReadySeconds))
    const surplus = ordered.slice(0, Math.min(burst, -missing))
    yield* Effect.forEach(surplus, (pod) => remove(set, pod), { concurrency: 16, discard: true })
  })

  const reconcile = Effect.fn(`${kind.kind}.reconcile`)(function* (key: Key) {
    const set = sets.get(key)
    if (set === undefined) return Controllers.done
    const by = { kind, owner: set, selects: selects(set) }
    const own = yield* Owned.claimAll(client, by, Pod, Owned.mine(pods, set))
    const now = yield* Clock.currentTimeMillis
    const failure =
      set.metadata.deletionTimestamp === undefined
        ? yield* manage(set, own.filter(isActive), now).pipe(
            Effect.as(undefined),
            Effect.catchTag("Failure", (failure) => Effect.succeed(failure))
          )
        : undefined

    const after = pods.by("owner", set.metadata.uid)
    const status = statusOf(set, after, failure, now, family.countsTerminating)
    if (!same(status, set.status)) yield* client.update(kind, { ...set, status }, { subresource: "status" })
    if (failure !== undefined) return yield* failure
    const soon = nextAvailable(after.filter(isActive), set.spec.minReadySeconds ?? 0, now)
    return Controllers.after(after.length, soon === undefined ? Controllers.done : Controllers.again(soon))
  })

  const triggers = [Controllers.each(sets), Controllers.ownerOf(pods, kind), Controllers.on(pods, adopters)]
  yield* Controllers.run({ name: family.name, triggers, concurrency: 5, reconcile })
})
