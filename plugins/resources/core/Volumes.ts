/** PersistentVolumes and their claims, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { oneOf } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { same } from "../apps/Workloads.ts"
import { age, text, unset, wide } from "../Columns.ts"
import type { PersistentVolume, PersistentVolumeClaim } from "../contracts/core/v1.ts"
import { validateQuantity } from "./ResourceValidation.ts"

const modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
const shortModes: { readonly [mode: string]: string } = {
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOnce: "RWO",
  ReadWriteOncePod: "RWOP"
}
const shown = (list: ReadonlyArray<string> | undefined) =>
  ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]
    .filter((mode) => list?.includes(mode))
    .map((mode) => shortModes[mode])
    .join(",")

const validateModes = (accessModes: ReadonlyArray<string> = [], detail: string): Causes.Causes => [
  ...(accessModes.length === 0 ? [Causes.required("spec.accessModes", detail)] : []),
  ...accessModes.flatMap((mode) => oneOf("spec.accessModes", mode, modes)),
  ...(accessModes.includes("ReadWriteOncePod") && accessModes.length > 1
    ? [Causes.forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes")]
    : [])
]

/** Where the bytes are. */
const sources =
  /^(?:awsElasticBlockStore|azure|cephfs|cinder|csi|fc$|flex|flocker|gcePersistentDisk|glusterfs|hostPath|iscsi|local|nfs|photon|portworx|quobyte|rbd|scaleIO|storageos|vsphere)/

const validateVolume = ({ spec }: PersistentVolume): Causes.Causes => {
  const { accessModes, capacity, persistentVolumeReclaimPolicy } = spec
  const [first, second] = Object.keys(spec).filter((name) => sources.test(name))
  return [
    ...validateModes(accessModes, ""),
    ...(capacity?.["storage"] === undefined
      ? [Causes.notSupported("spec.capacity", capacity ?? null, ["storage"])]
      : validateQuantity(capacity["storage"], "spec.capacity[storage]")),
    ...(first === undefined ? [Causes.required("spec", "must specify a volume type")] : []),
    ...(second === undefined ? [] : [Causes.forbidden(`spec.${second}`, "may not specify more than 1 volume type")]),
    ...oneOf("spec.persistentVolumeReclaimPolicy", persistentVolumeReclaimPolicy, ["Delete", "Recycle", "Retain"])
  ]
}

const claimOf = ({ spec: { claimRef } }: PersistentVolume) =>
  claimRef === undefined ? "" : `${claimRef.namespace ?? ""}/${claimRef.name ?? ""}`
const betaClass = "volume.beta.kubernetes.io/storage-class"

export const volume: Strategy<PersistentVolume> = {
  generation: false,
  validate: validateVolume,
  columns: [
    text("Capacity", "How much it holds.", ({ spec }) => spec.capacity?.["storage"] ?? ""),
    text("Access Modes", "By whom it can be mounted.", ({ spec }) => shown(spec.accessModes)),
    text("Reclaim Policy", "What becomes of it without a claim.", ({ spec }) => spec.persistentVolumeReclaimPolicy),
    text("Status", "Whether it is in use.", ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? status.phase : "Terminating"
    ),
    text("Claim", "Who uses it.", claimOf),
    text(
      "StorageClass",
      "Of what class it is.",
      ({ metadata, spec }) => metadata.annotations?.[betaClass] ?? spec.storageClassName ?? ""
    ),
    text("VolumeAttributesClass", "Of what attributes it is.", ({ spec }) => spec.volumeAttributesClassName ?? unset),
    text("Reason", "Why it has failed.", ({ status }) => status.reason ?? ""),
    age,
    wide(text("VolumeMode", "Whether it is a file system.", ({ spec }) => spec.volumeMode))
  ]
}

const validateClaim = ({ spec }: PersistentVolumeClaim): Causes.Causes => {
  const storage = spec.resources.requests?.["storage"]
  return [
    ...validateModes(spec.accessModes, "at least 1 access mode is required"),
    ...(storage === undefined
      ? [Causes.required("spec.resources[storage]")]
      : validateQuantity(storage, "spec.resources[storage]"))
  ]
}

const claimFixed =
  "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"

const validateClaimUpdate = ({ spec }: PersistentVolumeClaim, { spec: old }: PersistentVolumeClaim): Causes.Causes => {
  const without = ({
    resources: _r,
    volumeAttributesClassName: _v,
    volumeName,
    storageClassName,
    ...rest
  }: typeof spec) => ({
    ...rest,
    // Who binds a claim that has none yet gives it its volume, and its class.
    volumeName: old.volumeName ? volumeName : undefined,
    storageClassName: old.storageClassName === undefined ? undefined : storageClassName
  })
  return same(without(spec), without(old)) ? [] : [Causes.forbidden("spec", claimFixed)]
}

export const claim: Strategy<PersistentVolumeClaim> = {
  generation: false,
  validate: validateClaim,
  validateUpdate: validateClaimUpdate,
  columns: [
    text("Status", "Whether it is bound.", ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? status.phase : "Terminating"
    ),
    text("Volume", "The volume it is bound to.", ({ spec }) => spec.volumeName ?? ""),
    text("Capacity", "How much it holds.", ({ spec, status }) =>
      spec.volumeName ? (status.capacity?.["storage"] ?? "") : ""
    ),
    text("Access Modes", "By whom it can be mounted.", ({ spec, status }) =>
      spec.volumeName ? shown(status.accessModes) : ""
    ),
    text(
      "StorageClass",
      "Of what class it is.",
      ({ metadata, spec }) => metadata.annotations?.[betaClass] ?? spec.storageClassName ?? ""
    ),
    text("VolumeAttributesClass", "Of what attributes it is.", ({ spec }) => spec.volumeAttributesClassName ?? unset),
    age,
    wide(text("VolumeMode", "Whether it is a file system.", ({ spec }) => spec.volumeMode))
  ]
}
