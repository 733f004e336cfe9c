/** Makes volumes larger whose claims ask for more; what is left to do on a node is told to that node's kubelet by a condition. */
import { Clock, Effect } from "effect"
import { type Key, keyOf } from "../../kernel/resource/Kind.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { PersistentVolume, PersistentVolumeClaim } from "../resources/contracts/core/v1.ts"
import { time } from "../resources/contracts/Time.ts"
import type { Driver } from "./contracts/Drivers.ts"
import { accessOfVolume, bytesOf, quantityOf, reaches, wordsOf, type World } from "./World.ts"

const wants = ({ spec, status }: PersistentVolumeClaim) =>
  status?.phase === "Bound" && bytesOf(spec.resources.requests) > bytesOf(status.capacity)

/** Upstream's words: the kubelet looks for them. */
const pending = "FileSystemResizePending"
const isResizing = ({ type }: { readonly type: string }) => type === pending || type === "Resizing"

type Status = NonNullable<PersistentVolumeClaim["status"]>

export const grown = ({ conditions = [], ...status }: Status, bytes: number): Status => {
  const { allocatedResourceStatuses: _, allocatedResources: __, ...rest } = status
  const left = conditions.filter((one) => !isResizing(one))
  return {
    ...rest,
    capacity: { ...status.capacity, storage: quantityOf(bytes) },
    ...(left.length > 0 && { conditions: left })
  }
}

const waiting = ({ conditions = [], ...status }: Status, now: number): Status => ({
  ...status,
  conditions: [
    ...conditions.filter((one) => !isResizing(one)),
    {
      type: pending,
      status: "True",
      lastTransitionTime: time(now),
      message: "Waiting for user to (re-)start a pod to finish file system resize of volume on node."
    }
  ]
})

export const run = Effect.fnUntraced(function* (world: World) {
  const { arrivals, claims, client, controller, record, volumes } = world
  const tell = (object: PersistentVolumeClaim, type: "Normal" | "Warning", reason: string, message: string) =>
    record({ kind: PersistentVolumeClaim, object, type, reason, message })

  const expand = Effect.fn("Volumes.expand")(function* (
    claim: PersistentVolumeClaim,
    volume: PersistentVolume,
    driver: Driver
  ) {
    const { name } = volume.metadata
    const bytes = bytesOf(claim.spec.resources.requests)
    const isTold = (claim.status.conditions ?? []).some(({ type }) => type === pending)
    if (isTold && bytesOf(volume.spec.capacity) >= bytes) return
    yield* tell(claim, "Normal", "Resizing", `External resizer is resizing volume ${name}`)
    const id = volume.spec.csi?.volumeHandle ?? ""
    const after = yield* driver.volumes
      .expand({ id, bytes, access: accessOfVolume(volume) })
      .pipe(
        Effect.tapError((failure) =>
          tell(claim, "Warning", "VolumeResizeFailed", `resize volume "${name}" by resizer failed: ${wordsOf(failure)}`)
        )
      )
    if (after.bytes > bytesOf(volume.spec.capacity)) {
      const capacity = { ...volume.spec.capacity, storage: quantityOf(after.bytes) }
      yield* client.update(PersistentVolume, { ...volume, spec: { ...volume.spec, capacity } })
    }
    const now = yield* Clock.currentTimeMillis
    const status = after.onNode ? waiting(claim.status, now) : grown(claim.status, after.bytes)
    yield* client.update(PersistentVolumeClaim, { ...claim, status }, { subresource: "status" })
    yield* after.onNode
      ? tell(claim, "Normal", "FileSystemResizeRequired", "Require file system resize of volume on node")
      : tell(claim, "Normal", "VolumeResizeSuccessful", "Resize volume succeeded")
  })

  const reconcile = Effect.fn("Volumes.reconcileSize")(function* (key: Key) {
    const claim = claims.get(key)
    if (claim === undefined || !wants(claim)) return
    const volume = volumes.get({ namespace: "", name: claim.spec.volumeName ?? "" })
    const driver = controller(volume?.spec.csi?.driver)
    if (volume === undefined || driver === undefined || !driver.about.can.expand || !reaches(volume, driver)) return
    yield* expand(claim, volume, driver)
  })

  yield* Controllers.run({
    name: "volume_resizer",
    triggers: [Controllers.on(claims, (claim) => (wants(claim) ? [keyOf(claim)] : [])), arrivals(claims.all)],
    reconcile
  })
})
