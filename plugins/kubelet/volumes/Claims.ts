/** What volumes by claims are: a folder of this machine, or a volume of a driver. */
import { Effect, Option } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import {
  type HostPathVolumeSource,
  PersistentVolume,
  PersistentVolumeClaim,
  type Pod,
  type Volume
} from "../../resources/contracts/core/v1.ts"
import { Refusal } from "../pod/Environment.ts"
import type { Driven } from "./Driven.ts"

/** The claim that a volume is of; one of an ephemeral volume bears its Pod's name too. */
export const claimOf = (pod: Pod, { ephemeral, name, persistentVolumeClaim }: Volume) =>
  persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${pod.metadata.name}-${name}`)

const refused = (volume: Volume, why: string) =>
  new Refusal({ message: `MountVolume.SetUp failed for volume "${volume.name}" : ${why}` })

/** The claim and its volume, bound to one another. */
const bound = Effect.fnUntraced(function* (client: Client["Service"], pod: Pod, volume: Volume, name: string) {
  const { namespace = "" } = pod.metadata
  const claim = Option.getOrUndefined(yield* client.find(PersistentVolumeClaim, { namespace, name }))
  if (claim === undefined) return yield* refused(volume, `persistentvolumeclaim "${name}" not found`)
  const isOurs = claim.metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === pod.metadata.uid)
  if (volume.ephemeral !== undefined && !isOurs) {
    const whose = `${namespace}/${pod.metadata.name}`
    return yield* refused(volume, `PVC ${namespace}/${name} was not created for pod ${whose} (pod is not owner)`)
  }
  if (claim.status.phase !== "Bound" || claim.metadata.deletionTimestamp !== undefined) {
    return yield* refused(volume, `error processing PVC ${namespace}/${name}: PVC is not bound`)
  }
  const key = { namespace: "", name: claim.spec.volumeName ?? "" }
  const found = Option.getOrUndefined(yield* client.find(PersistentVolume, key))
  return found === undefined
    ? yield* refused(volume, `persistentvolume "${key.name}" not found`)
    : { claim, persistent: found }
})

const driven = (volume: Volume, claim: PersistentVolumeClaim, { metadata, spec }: PersistentVolume): Driven | undefined => {
  const { csi, mountOptions, volumeMode } = spec
  if (csi === undefined) return undefined
  return {
    name: metadata.name,
    driver: csi.driver,
    id: csi.volumeHandle,
    modes: spec.accessModes ?? [],
    isBlock: volumeMode === "Block",
    fsType: csi.fsType,
    mountOptions,
    context: csi.volumeAttributes ?? {},
    isReadOnly: csi.readOnly === true || volume.persistentVolumeClaim?.readOnly === true,
    isInline: false,
    secrets: { stage: csi.nodeStageSecretRef, publish: csi.nodePublishSecretRef, expand: csi.nodeExpandSecretRef },
    claim
  }
}

export interface Found {
  readonly folders: ReadonlyMap<string, HostPathVolumeSource>
  readonly driven: ReadonlyMap<string, Driven>
}

/** By the volumes' names. */
export const find = Effect.fnUntraced(function* (client: Client["Service"], pod: Pod) {
  const folders = new Map<string, HostPathVolumeSource>()
  const all = new Map<string, Driven>()
  for (const volume of pod.spec.volumes ?? []) {
    const name = claimOf(pod, volume)
    if (name === undefined) continue
    const { claim, persistent } = yield* bound(client, pod, volume, name)
    const { hostPath, local, volumeMode } = persistent.spec
    const folder = hostPath ?? (local === undefined ? undefined : { path: local.path, type: "Directory" })
    const ofDriver = driven(volume, claim, persistent)
    if (ofDriver !== undefined) all.set(volume.name, ofDriver)
    else if (folder !== undefined && volumeMode !== "Block") folders.set(volume.name, folder)
    else return yield* refused(volume, `no volume plugin matched for volume "${persistent.metadata.name}"`)
  }
  return { folders, driven: all } satisfies Found
})
