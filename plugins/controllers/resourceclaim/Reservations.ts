/**
 * Takes Pods that are over out of the claims that are reserved for them. What nobody uses any more is no longer allocated, and what was
 * made for a Pod that is over goes.
 */
import { Effect, Option } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import { Pod } from "../../resources/contracts/core/v1.ts"
import { ResourceClaim, type ResourceClaimConsumerReference } from "../../resources/contracts/resource/v1.ts"
import { isFinished, isTerminating } from "../contracts/Pods.ts"
import { podOf } from "./Generated.ts"

/** The scheduler sets it with the allocation, so that what is in use stays. */
export const finalizer = "resource.kubernetes.io/delete-protection"
/** So many Pods may share a claim. */
const most = 256

/** None of its containers runs, or ever will. */
export const isOver = (pod: Pod) => isFinished(pod) || (isTerminating(pod) && !pod.spec.nodeName)

const isPod = ({ apiGroup = "", resource }: ResourceClaimConsumerReference) => apiGroup === "" && resource === "pods"

export const isReservedFor = ({ status: { reservedFor = [] } }: ResourceClaim, { metadata: { uid } }: Pod) =>
  reservedFor.some((one) => one.uid === uid)

/** Someone else bound the Pod than the scheduler, who reserves what he finds allocated. */
export const wantsReservation = (claim: ResourceClaim, pod: Pod) =>
  claim.status.allocation !== undefined && !isReservedFor(claim, pod) && (claim.status.reservedFor ?? []).length < most

export const reserve = Effect.fnUntraced(function* (claim: ResourceClaim, { metadata: { name, uid } }: Pod) {
  const client = yield* Client
  const reservedFor = [...(claim.status.reservedFor ?? []), { resource: "pods", name, uid }]
  const status = { ...claim.status, reservedFor }
  yield* client.update(ResourceClaim, { ...claim, status }, { subresource: "status" })
})

/** A Pod that the cache does not show may be one that it does not show yet: the API is asked. */
const isHeld = Effect.fnUntraced(function* (
  pods: { readonly get: (key: Key) => Pod | undefined },
  namespace: string,
  consumer: ResourceClaimConsumerReference
) {
  // Who else may hold claims is not known here, and is left in peace.
  if (!isPod(consumer)) return true
  const client = yield* Client
  const key = { namespace, name: consumer.name }
  const pod = pods.get(key) ?? Option.getOrUndefined(yield* client.find(Pod, key))
  return pod !== undefined && pod.metadata.uid === consumer.uid && !isOver(pod)
})

const withoutFinalizer = ({ metadata, ...claim }: ResourceClaim) => ({
  ...claim,
  metadata: { ...metadata, finalizers: (metadata.finalizers ?? []).filter((one) => one !== finalizer) }
})

/** Brings `reservedFor`, the allocation and the finalizer to what is true of a claim. */
export const release = Effect.fnUntraced(function* (
  pods: { readonly get: (key: Key) => Pod | undefined },
  claim: ResourceClaim
) {
  const client = yield* Client
  const { namespace } = keyOf(claim)
  const reserved = claim.status.reservedFor ?? []
  const remaining = yield* Effect.filter(reserved, (one) => isHeld(pods, namespace, one))
  const isProtected = claim.metadata.finalizers?.includes(finalizer) === true
  const isFreed = remaining.length === 0 && isProtected
  const ends = isFreed && (reserved.length > 0 || claim.metadata.deletionTimestamp !== undefined)
  const { allocation, reservedFor: _, ...rest } = claim.status
  const keeps = allocation !== undefined && !ends
  let now = claim
  if (remaining.length < reserved.length || (ends && allocation !== undefined)) {
    const status = {
      ...rest,
      ...(keeps && { allocation }),
      ...(remaining.length > 0 && { reservedFor: remaining })
    }
    now = yield* client.update(ResourceClaim, { ...claim, status }, { subresource: "status" })
  }
  // Also where another died between the two writes: nothing is allocated any more, and the finalizer is still there.
  if (isFreed && now.status.allocation === undefined) now = yield* client.update(ResourceClaim, withoutFinalizer(now))
  if (remaining.length === 0) yield* removeUnused(pods, now)
})

const removeUnused = Effect.fnUntraced(function* (
  pods: { readonly get: (key: Key) => Pod | undefined },
  claim: ResourceClaim
) {
  const owner = podOf(claim)
  const { namespace } = keyOf(claim)
  const pod = owner && pods.get({ namespace, name: owner.name })
  // Of a Pod that is gone altogether the garbage collector takes it away.
  if (owner === undefined || pod === undefined || (pod.metadata.uid === owner.uid && !isOver(pod))) return
  const client = yield* Client
  const { uid } = claim.metadata
  yield* Effect.catchTag(client.delete(ResourceClaim, keyOf(claim), { uid }), "NotFound", () => Effect.void)
})
