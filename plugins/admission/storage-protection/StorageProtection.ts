/**
 * Volumes, claims and attribute classes get the finalizer by which their controller keeps them while they are used. Source:
 * "Storage Object in Use Protection" of the Kubernetes documentation.
 */
import { type Admitted, Admissions, atOnce } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import type { Resource } from "../../../kernel/resource/Kind.ts"
import { PersistentVolume, PersistentVolumeClaim } from "../../resources/contracts/core/v1.ts"
import * as Protection from "../../resources/contracts/StorageProtection.ts"
import { VolumeAttributesClass } from "../../resources/contracts/storage/v1.ts"
import { fresh } from "../Fresh.ts"
import { asWire } from "../../../kernel/pipeline/Stages.ts"

const protectedKinds = [
  [PersistentVolumeClaim, Protection.claim],
  [PersistentVolume, Protection.volume],
  [VolumeAttributesClass, Protection.attributes]
] as const

const finalizerOf = (request: Admitted): readonly [Resource, string] | undefined => {
  for (const [kind, finalizer] of protectedKinds) {
    const object = fresh<Resource>(kind, request)
    if (object !== undefined) return [object, finalizer]
  }
  return undefined
}

const mutate = atOnce((request) => {
  const found = finalizerOf(request)
  if (found === undefined) return undefined
  const [object, finalizer] = found
  const { finalizers = [] } = object.metadata
  if (finalizers.includes(finalizer)) return undefined
  return asWire({ ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } })
})

export const layer = Admissions.add({ name: "StorageObjectInUseProtection", order: 430, mutate })

export const plugin = Plugin.make({ name: "admission/storage-protection", layer })
