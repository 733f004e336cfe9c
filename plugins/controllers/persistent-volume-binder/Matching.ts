/** Which volume a claim can have, and whose a volume is. Pure. Source: "Persistent Volumes", "Binding". */
import type { Key } from "../../../kernel/resource/Kind.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { ObjectReference, PersistentVolume, PersistentVolumeClaim } from "../../resources/contracts/core/v1.ts"

export const annotations = {
  /** The claim has its volume: what is missing from now on is lost. */
  completed: "pv.kubernetes.io/bind-completed",
  /** Nobody else has chosen it. */
  byController: "pv.kubernetes.io/bound-by-controller",
  provisionedBy: "pv.kubernetes.io/provisioned-by",
  provisioner: "volume.kubernetes.io/storage-provisioner",
  betaProvisioner: "volume.beta.kubernetes.io/storage-provisioner",
  /** The scheduler has chosen a node for the first Pod of the claim. */
  selectedNode: "volume.kubernetes.io/selected-node"
}
const oldClass = "volume.beta.kubernetes.io/storage-class"

interface Classed {
  readonly metadata: PersistentVolume["metadata"]
  readonly spec: { readonly storageClassName?: string }
}
/** Empty: of none. */
export const classOf = ({ metadata, spec }: Classed) => metadata.annotations?.[oldClass] ?? spec.storageClassName ?? ""
export const hasNoClass = ({ metadata, spec }: Classed) =>
  metadata.annotations?.[oldClass] === undefined && spec.storageClassName === undefined

export const isMarked = ({ metadata }: { readonly metadata: PersistentVolume["metadata"] }, annotation: string) =>
  metadata.annotations?.[annotation] !== undefined

export const keyOfReference = ({ name = "", namespace = "" }: ObjectReference): Key => ({ namespace, name })

/** It is the claim's, or is kept for one of that name. */
export const isFor = ({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim) =>
  claimRef !== undefined &&
  claimRef.name === metadata.name &&
  claimRef.namespace === metadata.namespace &&
  ((claimRef.uid ?? "") === "" || claimRef.uid === metadata.uid)

const storage = (amounts: { readonly [name: string]: string } | undefined) => Quantity.of(amounts?.["storage"]).nanos

/** Why a claim cannot have the volume that it names. */
export const misfit = (volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined => {
  if (storage(volume.spec.capacity) < storage(claim.spec.resources.requests)) return "requested PV is too small"
  if (classOf(volume) !== classOf(claim)) return "storageClassName does not match"
  if (volume.spec.volumeMode !== claim.spec.volumeMode) return "incompatible volumeMode"
  if ((volume.spec.volumeAttributesClassName ?? "") !== (claim.spec.volumeAttributesClassName ?? ""))
    return "volumeAttributesClassName does not match"
  const { accessModes = [] } = volume.spec
  const hasAll = (claim.spec.accessModes ?? []).every((mode) => accessModes.includes(mode))
  return hasAll ? undefined : "incompatible accessMode"
}

const isFree = ({ metadata, spec, status }: PersistentVolume) =>
  spec.claimRef === undefined && status.phase === "Available" && metadata.deletionTimestamp === undefined

const fits = (claim: PersistentVolumeClaim) => {
  const { selector } = claim.spec
  const matches = selector === undefined ? () => true : Selector.matcher(selector)
  return (volume: PersistentVolume) =>
    isFree(volume) && matches(volume.metadata.labels) && misfit(volume, claim) === undefined
}

/** Fewer ways to mount it first, then less space: what can do more is kept for who needs it. */
const leastFirst = (a: PersistentVolume, b: PersistentVolume) =>
  (a.spec.accessModes ?? []).length - (b.spec.accessModes ?? []).length ||
  Number(storage(a.spec.capacity) - storage(b.spec.capacity)) ||
  (a.metadata.name < b.metadata.name ? -1 : 1)

/** `kept`: volumes that name the claim already. `free`: those of its class; none where the scheduler chooses. */
export const best = (
  claim: PersistentVolumeClaim,
  kept: ReadonlyArray<PersistentVolume>,
  free: ReadonlyArray<PersistentVolume>
): PersistentVolume | undefined => {
  const isEnough = (volume: PersistentVolume) =>
    volume.spec.volumeMode === claim.spec.volumeMode &&
    storage(volume.spec.capacity) >= storage(claim.spec.resources.requests)
  return kept.find((volume) => isFor(volume, claim) && isEnough(volume)) ?? free.filter(fits(claim)).toSorted(leastFirst)[0]
}
