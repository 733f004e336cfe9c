/** Makes the claims of Pods' ephemeral volumes, which go with their Pods. Source: KEP-1698. */
import { Effect, Option } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { controllerOf, controllerReference, type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import { PersistentVolumeClaim, Pod, type Volume } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import * as Status from "../../../kernel/client/Status.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { isFinished } from "../contracts/Pods.ts"

const volumesOf = (pod: Pod) => (pod.spec.volumes ?? []).filter(({ ephemeral }) => ephemeral !== undefined)
const claimOf = ({ metadata: { name } }: Pod, volume: Volume) => `${name}-${volume.name}`

const start = Effect.gen(function* () {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "ephemeral_volume" })
  const pods = yield* client.cache(Pod, { indexes: {} })
  const claims = yield* client.cache(PersistentVolumeClaim, { indexes: {} })

  const make = Effect.fnUntraced(function* (pod: Pod, volume: Volume) {
    const { namespace } = keyOf(pod)
    const name = claimOf(pod, volume)
    const found =
      claims.get({ namespace, name }) ??
      Option.getOrUndefined(yield* client.find(PersistentVolumeClaim, { namespace, name }))
    const tell = (message: string) =>
      record({ kind: Pod, object: pod, type: "Warning", reason: "EphemeralVolumeProvisioning", message })
    if (found !== undefined) {
      if (controllerOf(found)?.uid === pod.metadata.uid) return
      const claim = JSON.stringify(`${namespace}/${name}`)
      return yield* tell(
        `ephemeral volume ${volume.name}: PVC ${claim} was not created for pod ${JSON.stringify(`${namespace}/${pod.metadata.name}`)} (pod is not owner)`
      )
    }
    const { metadata = {}, spec } = volume.ephemeral?.volumeClaimTemplate ?? {}
    const { annotations, labels } = metadata
    const draft = {
      metadata: {
        name,
        namespace,
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        ownerReferences: [controllerReference(Pod, pod)]
      },
      ...(spec && { spec })
    }
    yield* client
      .create(PersistentVolumeClaim, draft)
      .pipe(
        Effect.tapError((error) => tell(`ephemeral volume ${volume.name}: create PVC ${name}: ${Status.messageOf(error)}`))
      )
  })

  const reconcile = Effect.fn("EphemeralVolume.reconcile")(function* (key: Key) {
    const pod = pods.get(key)
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || isFinished(pod)) return
    yield* Effect.forEach(volumesOf(pod), (volume) => make(pod, volume), { discard: true })
  })
  const triggers = [
    Controllers.on(pods, (pod) => (volumesOf(pod).length === 0 ? [] : [keyOf(pod)])),
    Controllers.ownerOf(claims, Pod)
  ]
  yield* Controllers.run({ name: "ephemeral_volume", triggers, reconcile })
})

export const plugin = Controllers.plugin("ephemeral-volume", start)
