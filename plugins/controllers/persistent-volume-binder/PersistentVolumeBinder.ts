/** Brings claims and volumes together, and volumes back when their claims are gone. */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf, type Resource } from "../../../kernel/resource/Kind.ts"
import { PersistentVolume, PersistentVolumeClaim, Pod } from "../../resources/contracts/core/v1.ts"
import { isDefault } from "../../resources/contracts/DefaultClass.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import { StorageClass } from "../../resources/contracts/storage/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { claimsOf } from "../storage-protection/Claims.ts"
import * as Claims from "./Claims.ts"
import { annotations, classOf, hasNoClass, isMarked, keyOfReference } from "./Matching.ts"
import * as Volumes from "./Volumes.ts"
import * as Writes from "./Writes.ts"

const isWaiting = (claim: PersistentVolumeClaim) => !isMarked(claim, annotations.completed)
const keysOf = (objects: ReadonlyArray<Resource>): ReadonlyArray<Key> => objects.map(keyOf)

/** The claims that an unscheduled Pod names: what they wait for is said anew. */
const named = (pod: Pod) => {
  const { namespace = "" } = pod.metadata
  return pod.spec.nodeName ? [] : claimsOf(pod).map((name) => ({ namespace, name }))
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const world: Claims.World = {
    writes: yield* Writes.make,
    record: yield* EventRecorder.make({ component: "persistentvolume-controller" }),
    claims: yield* client.cache(PersistentVolumeClaim, { indexes: { class: (claim) => [classOf(claim)] } }),
    volumes: yield* client.cache(PersistentVolume, {
      indexes: {
        claim: ({ spec: { claimRef } }) => (claimRef === undefined ? [] : [Claims.pathOf(keyOfReference(claimRef))]),
        class: (volume) => [classOf(volume)]
      }
    }),
    classes: yield* client.cache(StorageClass, { indexes: { default: (one) => (isDefault(one) ? [""] : []) } }),
    pods: yield* client.cache(Pod, { indexes: { claim: (pod) => named(pod).map(Claims.pathOf) } })
  }
  const { claims, classes, pods, volumes } = world
  const waiting = (name: string) => claims.by("class", name).filter(isWaiting)

  /** The claim that a volume names; of a free one, those of its class that wait. */
  const ofVolume = (volume: PersistentVolume) => {
    const { claimRef } = volume.spec
    return claimRef === undefined ? keysOf(waiting(classOf(volume))) : [keyOfReference(claimRef)]
  }
  const ofClass = (found: StorageClass) => [
    ...keysOf(waiting(found.metadata.name)),
    ...(isDefault(found) ? keysOf(waiting("").filter(hasNoClass)) : [])
  ]
  // One at a time: two claims would choose the same volume.
  yield* Controllers.run({
    name: "claims",
    triggers: [
      Controllers.each(claims),
      Controllers.on(volumes, ofVolume),
      Controllers.on(classes, ofClass),
      Controllers.on(pods, named)
    ],
    concurrency: 1,
    reconcile: Claims.make(world)
  })

  const ofClaim = (claim: PersistentVolumeClaim) => {
    const { volumeName = "" } = claim.spec
    const naming = keysOf(volumes.by("claim", Claims.pathOf(keyOf(claim))))
    return volumeName === "" ? naming : [...naming, { namespace: "", name: volumeName }]
  }
  yield* Controllers.run({
    name: "volumes",
    triggers: [Controllers.each(volumes), Controllers.on(claims, ofClaim)],
    reconcile: Volumes.make(world)
  })
})

export const plugin = Controllers.plugin("persistent-volume-binder", start)
