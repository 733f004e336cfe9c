/** What is written of volumes and claims: each as it shall be, and nothing when it is so already. */
import { Clock, Effect } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { apiVersion } from "../../../kernel/resource/Kind.ts"
import { PersistentVolume, PersistentVolumeClaim } from "../../resources/contracts/core/v1.ts"
import { time } from "../../resources/contracts/Time.ts"
import { annotations, isFor, isMarked } from "./Matching.ts"

type Annotations = NonNullable<PersistentVolume["metadata"]["annotations"]>

export const annotated = <A extends { readonly metadata: PersistentVolume["metadata"] }>(
  object: A,
  more: Annotations
): A => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...more } }
})

/** The volume as the claim's. Whoever had named the claim before is remembered by not being marked. */
const taken = (volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume => {
  if (volume.spec.claimRef?.uid === claim.metadata.uid) return volume
  const { name, namespace = "", resourceVersion, uid } = claim.metadata
  const { kind, versions } = PersistentVolumeClaim
  const claimRef = { kind, apiVersion: apiVersion(versions[0]), namespace, name, uid, resourceVersion }
  const after = { ...volume, spec: { ...volume.spec, claimRef } }
  return isFor(volume, claim) ? after : annotated(after, { [annotations.byController]: "yes" })
}

const given = (claim: PersistentVolumeClaim, { metadata: { name } }: PersistentVolume): PersistentVolumeClaim => {
  const isNamed = claim.spec.volumeName === name
  const after = isNamed
    ? claim
    : annotated({ ...claim, spec: { ...claim.spec, volumeName: name } }, { [annotations.byController]: "yes" })
  return isMarked(after, annotations.completed) ? after : annotated(after, { [annotations.completed]: "yes" })
}

export const make = Effect.gen(function* () {
  const client = yield* Client

  const volumeStatus = Effect.fnUntraced(function* (volume: PersistentVolume, phase: string, message = "", reason = "") {
    if (volume.status.phase === phase) return volume
    const now = yield* Clock.currentTimeMillis
    const status = {
      phase,
      lastPhaseTransitionTime: time(now),
      ...(message !== "" && { message }),
      ...(reason !== "" && { reason })
    }
    return yield* client.update(PersistentVolume, { ...volume, status }, { subresource: "status" })
  })

  /** What a claim has is told when it gets it; how large it is later, is told by who makes it larger. */
  const claimStatus = (claim: PersistentVolumeClaim, phase: "Pending" | "Lost" | "Bound", volume?: PersistentVolume) => {
    const { accessModes: _, capacity, ...before } = claim.status ?? { phase: "" }
    const { accessModes, capacity: held, volumeAttributesClassName: attributes } = volume?.spec ?? {}
    const size = claim.status?.phase === "Bound" ? capacity : held
    const status = {
      ...before,
      phase,
      ...(volume !== undefined && accessModes !== undefined && { accessModes }),
      ...(volume !== undefined && size !== undefined && { capacity: size }),
      ...(attributes !== undefined && { currentVolumeAttributesClassName: attributes })
    }
    return same(status, claim.status)
      ? Effect.void
      : Effect.asVoid(client.update(PersistentVolumeClaim, { ...claim, status }, { subresource: "status" }))
  }

  /** Four writes, each of which the next run goes on from: the volume names the claim before the claim has it. */
  const bind = Effect.fnUntraced(function* (volume: PersistentVolume, claim: PersistentVolumeClaim) {
    const named = taken(volume, claim)
    const ours = named === volume ? volume : yield* client.update(PersistentVolume, named)
    yield* volumeStatus(ours, "Bound")
    const completed = given(claim, ours)
    const done = completed === claim ? claim : yield* client.update(PersistentVolumeClaim, completed)
    yield* claimStatus(done, "Bound", ours)
  })

  /** It is nobody's again; if somebody had kept it for a claim, for that one still. */
  const unbind = Effect.fnUntraced(function* (volume: PersistentVolume) {
    const { [annotations.byController]: ours, ...others } = volume.metadata.annotations ?? {}
    const { claimRef, ...spec } = volume.spec
    const { resourceVersion: _, uid: __, ...kept } = claimRef ?? {}
    const after: PersistentVolume = {
      ...volume,
      metadata: { ...volume.metadata, annotations: others },
      spec: ours === undefined ? { ...spec, claimRef: kept } : spec
    }
    yield* volumeStatus(yield* client.update(PersistentVolume, after), "Available")
  })

  return { client, volumeStatus, claimStatus, bind, unbind }
})
export type Writes = Effect.Success<typeof make>
