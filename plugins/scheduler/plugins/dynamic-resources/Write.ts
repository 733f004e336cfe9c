/** Writes down what was decided about claims: the devices, and the Pod as their user; and waits until the devices are ready. */
import { Clock, Duration, Effect, Schedule, Stream } from "effect"
import { Client } from "../../../../kernel/client/Client.ts"
import * as Stamp from "../../../../kernel/pipeline/Stamp.ts"
import { keyOf } from "../../../../kernel/resource/Kind.ts"
import { Pod } from "../../../resources/contracts/core/v1.ts"
import type * as EventRecorder from "../../../resources/contracts/EventRecorder.ts"
import { type AllocationResult, ResourceClaim } from "../../../resources/contracts/resource/v1.ts"
import { Failed } from "../../contracts/Framework.ts"
import type { Devices } from "../../devices/Devices.ts"
import { isLate, isReady, isUser, mustBeReady, nameOf } from "./Claims.ts"

/** Kept by whoever has devices of it: kubelets and drivers undo first what they have done. */
const finalizer = "resource.kubernetes.io/delete-protection"

/** Each share of a device has a name of its own. */
const withShares = Effect.fnUntraced(function* (allocation: AllocationResult) {
  const { results = [] } = allocation.devices
  const named = yield* Effect.forEach(results, (result) =>
    result.consumedCapacity === undefined
      ? Effect.succeed(result)
      : Effect.map(Stamp.uid, (shareID) => ({ ...result, shareID }))
  )
  return { ...allocation, devices: { ...allocation.devices, results: named } }
})

export const make = Effect.fnUntraced(function* (
  { claims }: Devices,
  record: EventRecorder.Record,
  bindingTimeout: Duration.Duration
) {
  const client = yield* Client
  const status = { subresource: "status" } as const
  const patience = Duration.toMillis(bindingTimeout)

  const protectedBy = (claim: ResourceClaim) => {
    const { finalizers = [] } = claim.metadata
    if (finalizers.includes(finalizer)) return Effect.succeed(claim)
    return client.update(ResourceClaim, {
      ...claim,
      metadata: { ...claim.metadata, finalizers: [...finalizers, finalizer] }
    })
  }

  const once = Effect.fnUntraced(function* (pod: Pod, known: ResourceClaim, allocation: AllocationResult | undefined) {
    const claim = claims.get(keyOf(known))
    const named = nameOf(known)
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined)
      return yield* new Failed({ message: `claim ${named} got deleted in the meantime` })
    if (isUser(claim, pod)) return
    if (allocation !== undefined && claim.status.allocation !== undefined)
      return yield* new Failed({ message: `claim ${named} got allocated elsewhere in the meantime` })
    const given = claim.status.allocation ?? allocation
    if (given === undefined)
      return yield* new Failed({ message: `claim ${named} got deallocated elsewhere in the meantime` })
    const base = allocation === undefined ? claim : yield* protectedBy(claim)
    const now = yield* Stamp.now
    const { name, uid } = pod.metadata
    const reservedFor = [...(base.status.reservedFor ?? []), { resource: "pods", name, uid }]
    const whole = { allocationTimestamp: now, ...given }
    yield* client.update(ResourceClaim, { ...base, status: { ...base.status, allocation: whole, reservedFor } }, status)
  })

  /** What others write beside it does no harm. */
  const bind = Effect.fnUntraced(function* (pod: Pod, claim: ResourceClaim, allocation: AllocationResult | undefined) {
    const whole = allocation && (yield* withShares(allocation))
    const benign = ({ _tag }: { readonly _tag: string }) => _tag === "Conflict"
    yield* Effect.retry(once(pod, claim, whole), { times: 4, while: benign, schedule: Schedule.exponential("10 millis") })
  })

  const areReady = Effect.fnUntraced(function* (of: ReadonlyArray<ResourceClaim>) {
    const now = yield* Clock.currentTimeMillis
    for (const one of of) {
      const claim = claims.get(keyOf(one))
      const ready = claim === undefined ? `claim ${nameOf(one)} got deleted in the meantime` : isReady(claim)
      if (typeof ready === "string") return yield* new Failed({ message: ready })
      if (ready) continue
      if (isLate(claim ?? one, patience, now))
        return yield* new Failed({ message: `device binding timeout: claim=${one.metadata.name}` })
      return false
    }
    return true
  })

  /** What is allocated now may have to be made ready by its drivers. */
  const ready = Effect.fnUntraced(function* (pod: Pod, node: string, of: ReadonlyArray<ResourceClaim>) {
    if (!of.some((one) => mustBeReady(claims.get(keyOf(one)) ?? one))) return
    yield* record({
      kind: Pod,
      object: pod,
      type: "Normal",
      reason: "BindingConditionsPending",
      message: `waiting for binding conditions for device on node ${node}`,
      action: "Scheduling"
    })
    const late = new Failed({ message: "device binding timeout: context deadline exceeded" })
    yield* claims.changes.pipe(
      Stream.mapEffect(() => areReady(of)),
      Stream.takeUntil((done) => done),
      Stream.runDrain,
      Effect.timeoutOrElse({ duration: bindingTimeout, orElse: () => Effect.fail(late) })
    )
  })

  /** The Pod does not come: others may have the devices, which stay allocated. */
  const release = (pod: Pod, claim: ResourceClaim) => {
    const body = {
      metadata: { uid: claim.metadata.uid },
      status: { reservedFor: [{ $patch: "delete", uid: pod.metadata.uid }] }
    }
    return client.patch(ResourceClaim, keyOf(claim), "strategic", body, status)
  }

  /** So that it can be allocated anew. */
  const deallocate = (claim: ResourceClaim) => client.update(ResourceClaim, { ...claim, status: {} }, status)

  return { bind, ready, release, deallocate, patience }
})
