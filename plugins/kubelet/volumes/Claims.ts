/** Volumes by claims, as far as they lie on this machine: the folder of it that a `hostPath` or `local` volume is. */
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

/** The claim that a volume is of; one of an ephemeral volume bears its Pod's name too. */
export const claimOf = (pod: Pod, { ephemeral, name, persistentVolumeClaim }: Volume) =>
  persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${pod.metadata.name}-${name}`)

const refused = (volume: Volume, why: string) =>
  new Refusal({ message: `MountVolume.SetUp failed for volume "${volume.name}" : ${why}` })

const folderOf = Effect.fnUntraced(function* (client: Client["Service"], pod: Pod, volume: Volume, name: string) {
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
  if (found === undefined) return yield* refused(volume, `persistentvolume "${key.name}" not found`)
  const { hostPath, local, volumeMode } = found.spec
  const folder = hostPath ?? (local === undefined ? undefined : { path: local.path, type: "Directory" })
  if (folder === undefined || volumeMode === "Block") {
    return yield* refused(volume, `no volume plugin matched for volume "${key.name}"`)
  }
  return folder
})

/** By the volumes' names. */
export const folders = Effect.fnUntraced(function* (client: Client["Service"], pod: Pod) {
  const all = new Map<string, HostPathVolumeSource>()
  for (const volume of pod.spec.volumes ?? []) {
    const name = claimOf(pod, volume)
    if (name !== undefined) all.set(volume.name, yield* folderOf(client, pod, volume, name))
  }
  return all
})
