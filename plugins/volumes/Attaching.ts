/** Attaches volumes to this node, and takes them back, as VolumeAttachments say it; for the drivers of which this node is the controller. */
import { Clock, Effect } from "effect"
import type { Key } from "../../kernel/resource/Kind.ts"
import { time } from "../resources/contracts/Time.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { VolumeAttachment, type VolumeAttachmentStatus } from "../resources/contracts/storage/v1.ts"
import type { Driver } from "./contracts/Drivers.ts"
import { accessOfVolume, wordsOf, type World } from "./World.ts"

/** As upstream's attacher calls its own. */
const finalizerOf = (driver: string) => `external-attacher/${driver.replaceAll(".", "-")}`

const withFinalizers = (attachment: VolumeAttachment, finalizers: ReadonlyArray<string>): VolumeAttachment => ({
  ...attachment,
  metadata: { ...attachment.metadata, finalizers }
})

export const run = Effect.fnUntraced(function* ({ arrivals, attachments, client, controller, nodeName, volumes }: World) {
  const tell = (attachment: VolumeAttachment, status: VolumeAttachmentStatus) =>
    client.update(VolumeAttachment, { ...attachment, status }, { subresource: "status" })

  const told =
    (attachment: VolumeAttachment, what: "attachError" | "detachError") =>
    (failure: { readonly _tag: string; readonly message: string }) =>
      Effect.gen(function* () {
        const error = { message: wordsOf(failure), time: time(yield* Clock.currentTimeMillis) }
        yield* tell(attachment, { ...attachment.status, [what]: error })
      })

  const attach = Effect.fn("Volumes.attach")(function* (found: VolumeAttachment, { about, volumes: service }: Driver) {
    const volume = volumes.get({ namespace: "", name: found.spec.source.persistentVolumeName ?? "" })
    const csi = volume?.spec.csi
    if (volume === undefined || csi === undefined) return
    const finalizer = finalizerOf(about.driver)
    const { finalizers = [] } = found.metadata
    const ours = finalizers.includes(finalizer)
      ? found
      : yield* client.update(VolumeAttachment, withFinalizers(found, [...finalizers, finalizer]))
    const { readOnly = false, volumeAttributes: context = {}, volumeHandle: id } = csi
    const asked = { id, node: about.node.id, readOnly, access: accessOfVolume(volume), context }
    // A driver that attaches nothing has its volumes attached by saying so.
    const attachmentMetadata = about.can.attach
      ? yield* Effect.tapError(service.attach(asked), told(ours, "attachError"))
      : {}
    yield* tell(ours, { attached: true, attachmentMetadata })
  })

  const detach = Effect.fn("Volumes.detach")(function* (found: VolumeAttachment, { about, volumes: service }: Driver) {
    const volume = volumes.get({ namespace: "", name: found.spec.source.persistentVolumeName ?? "" })
    const id = volume?.spec.csi?.volumeHandle
    if (about.can.attach && id !== undefined) {
      yield* Effect.tapError(service.detach({ id, node: about.node.id }), told(found, "detachError"))
    }
    const left = (found.metadata.finalizers ?? []).filter((one) => one !== finalizerOf(about.driver))
    yield* client.update(VolumeAttachment, withFinalizers(found, left))
  })

  const reconcile = Effect.fn("Volumes.reconcileAttachment")(function* (key: Key) {
    const found = attachments.get(key)
    const driver = controller(found?.spec.attacher)
    if (found === undefined || driver === undefined || found.spec.nodeName !== nodeName) return
    const isOurs = found.metadata.finalizers?.includes(finalizerOf(driver.about.driver)) === true
    if (found.metadata.deletionTimestamp !== undefined) {
      if (isOurs) yield* detach(found, driver)
    } else if (found.status?.attached !== true) yield* attach(found, driver)
  })

  yield* Controllers.run({
    name: "volume_attacher",
    triggers: [Controllers.each(attachments), arrivals(attachments.all)],
    reconcile
  })
})
