/** Brings a volume to its phase: free, bound, or released when its claim is gone, and then back as its policy says. */
import { Effect, Option } from "effect"
import type { Key } from "../../../kernel/resource/Kind.ts"
import { PersistentVolume, PersistentVolumeClaim } from "../../resources/contracts/core/v1.ts"
import type { World } from "./Claims.ts"
import { annotations, isMarked, keyOfReference } from "./Matching.ts"

const sources = ["csi", "flexVolume"] as const

/** Whoever has made it also removes it: a program outside. */
const isExternal = (volume: PersistentVolume) =>
  isMarked(volume, annotations.provisionedBy) || sources.some((source) => volume.spec[source] !== undefined)

/** Nothing is removed from any machine here. */
const undeletable = ({ metadata: { name }, spec: { hostPath } }: PersistentVolume) =>
  hostPath === undefined
    ? `error getting deleter volume plugin for volume ${JSON.stringify(name)}: no deletable volume plugin matched`
    : `host_path deleter only supports /tmp/.+ but received provided ${hostPath.path}`

export const make = ({ claims, record, volumes, writes }: World) => {
  const { client, unbind, volumeStatus } = writes

  const fail = Effect.fnUntraced(function* (volume: PersistentVolume, reason: string, message: string) {
    if (volume.status.phase === "Failed") return
    yield* volumeStatus(volume, "Failed", message)
    yield* record({ kind: PersistentVolume, object: volume, type: "Warning", reason, message })
  })

  const reclaim = (volume: PersistentVolume) => {
    switch (volume.spec.persistentVolumeReclaimPolicy) {
      case "Delete":
        return isExternal(volume) ? Effect.void : fail(volume, "VolumeFailedDelete", undeletable(volume))
      case "Recycle":
        return fail(volume, "VolumeFailedRecycle", "No recycler plugin found for the volume!")
      default:
        return Effect.void
    }
  }

  const release = Effect.fnUntraced(function* (volume: PersistentVolume) {
    const isOver = volume.status.phase === "Released" || volume.status.phase === "Failed"
    yield* reclaim(isOver ? volume : yield* volumeStatus(volume, "Released"))
  })

  /** By the cache, and when that does not have it, by a fresh read: what is released is not given back. */
  const claimOf = Effect.fnUntraced(function* (volume: PersistentVolume, uid: string) {
    const key = keyOfReference(volume.spec.claimRef ?? {})
    const cached = claims.get(key)
    if (cached?.metadata.uid === uid) return cached
    const fresh = Option.getOrUndefined(yield* client.find(PersistentVolumeClaim, key))
    return fresh?.metadata.uid === uid ? fresh : undefined
  })

  const settle = (volume: PersistentVolume, claim: PersistentVolumeClaim) => {
    const { volumeName = "" } = claim.spec
    // It is on its way: the claim is looked at too.
    if (volumeName === "") return Effect.void
    if (volumeName === volume.metadata.name) return Effect.asVoid(volumeStatus(volume, "Bound"))
    const isOfNobodyElse =
      isMarked(volume, annotations.provisionedBy) && volume.spec.persistentVolumeReclaimPolicy === "Delete"
    return isOfNobodyElse ? release(volume) : unbind(volume)
  }

  return Effect.fn("PersistentVolume.reconcile")(function* (key: Key) {
    const volume = volumes.get(key)
    if (volume === undefined) return
    const { claimRef } = volume.spec
    if (claimRef === undefined || (claimRef.uid ?? "") === "") return void (yield* volumeStatus(volume, "Available"))
    const claim = yield* claimOf(volume, claimRef.uid ?? "")
    yield* claim === undefined ? release(volume) : settle(volume, claim)
  })
}
