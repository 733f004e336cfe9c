/** Removes the volumes whose claims are gone, where they were made here and their policy says so; then their PersistentVolumes. */
import { Effect } from "effect"
import type { Key } from "../../kernel/resource/Kind.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { PersistentVolume } from "../resources/contracts/core/v1.ts"
import type { Driver } from "./contracts/Drivers.ts"
import { annotation, annotations, finalizer, reaches, wordsOf, type World } from "./World.ts"

/** Its claim is gone, or it was removed while nobody had it. */
const isOver = ({ metadata, status }: PersistentVolume) =>
  status.phase === "Released" ||
  status.phase === "Failed" ||
  (metadata.deletionTimestamp !== undefined && status.phase !== "Bound")

const isDeleted = ({ spec }: PersistentVolume) => spec.persistentVolumeReclaimPolicy === "Delete"

export const run = Effect.fnUntraced(function* ({ arrivals, attachments, client, controller, record, volumes }: World) {
  const fail = (object: PersistentVolume) => (failure: { readonly _tag: string; readonly message: string }) =>
    record({ kind: PersistentVolume, object, type: "Warning", reason: "VolumeFailedDelete", message: wordsOf(failure) })

  const release = Effect.fnUntraced(function* (volume: PersistentVolume) {
    const { finalizers = [], name } = volume.metadata
    if (volume.metadata.deletionTimestamp === undefined) yield* client.delete(PersistentVolume, { namespace: "", name })
    const now = volumes.get({ namespace: "", name })
    if (now === undefined || !finalizers.includes(finalizer)) return
    const left = (now.metadata.finalizers ?? []).filter((one) => one !== finalizer)
    yield* client.update(PersistentVolume, { ...now, metadata: { ...now.metadata, finalizers: left } })
  })

  const remove = Effect.fn("Volumes.remove")(function* (volume: PersistentVolume, { volumes: service }: Driver) {
    const { name } = volume.metadata
    const [attached] = attachments.by("volume", name)
    if (attached !== undefined) {
      const message = `persistentvolume ${name} is still attached to node ${attached.spec.nodeName}`
      yield* fail(volume)({ _tag: "StillAttached", message })
      return Controllers.again("5 seconds")
    }
    yield* Effect.tapError(service.delete({ id: volume.spec.csi?.volumeHandle ?? "" }), fail(volume))
    yield* release(volume)
    return Controllers.done
  })

  const reconcile = Effect.fn("Volumes.reconcileVolume")(function* (key: Key) {
    const volume = volumes.get(key)
    const driver = controller(volume?.spec.csi?.driver)
    if (volume === undefined || driver === undefined || !isOver(volume) || !reaches(volume, driver)) return Controllers.done
    if (annotation(volume, annotations.provisionedBy) !== driver.about.driver) return Controllers.done
    if (isDeleted(volume)) return yield* remove(volume, driver)
    // What is retained is left where it is; nobody has to wait for us any more.
    if (volume.metadata.deletionTimestamp !== undefined) yield* release(volume)
    return Controllers.done
  })

  yield* Controllers.run({
    name: "volume_remover",
    triggers: [Controllers.each(volumes), arrivals(volumes.all)],
    reconcile
  })
})
