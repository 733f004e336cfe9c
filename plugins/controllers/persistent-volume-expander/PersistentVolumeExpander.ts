/**
 * Claims that ask for more than they have: no volume of this cluster can be made larger from here, so the claim is told that it waits for
 * somebody else, such as a CSI driver's resizer. Source: KEP-284.
 */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import { PersistentVolume, PersistentVolumeClaim } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import * as Controllers from "../contracts/Controllers.ts"

export const wantsMore = ({ spec, status }: PersistentVolumeClaim) =>
  status?.phase === "Bound" &&
  Quantity.compare(Quantity.of(spec.resources?.requests?.["storage"]), Quantity.of(status.capacity?.["storage"])) > 0

const start = Effect.gen(function* () {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "volume_expand" })
  const claims = yield* client.cache(PersistentVolumeClaim, { indexes: {} })
  const volumes = yield* client.cache(PersistentVolume, { indexes: {} })
  /** For which size a claim has been told. */
  const told = new Map<string, string>()

  const reconcile = Effect.fn("PersistentVolumeExpander.reconcile")(function* (key: Key) {
    const claim = claims.get(key)
    const path = `${key.namespace}/${key.name}`
    if (claim === undefined || !wantsMore(claim)) {
      told.delete(path)
      return
    }
    const volume = volumes.get({ namespace: "", name: claim.spec.volumeName ?? "" })
    const size = `${claim.metadata.uid}/${claim.spec.resources?.requests?.["storage"]}`
    if (volume?.spec?.claimRef?.uid !== claim.metadata.uid || told.get(path) === size) return
    told.set(path, size)
    const message = "waiting for an external controller to expand this PVC"
    yield* record({ kind: PersistentVolumeClaim, object: claim, type: "Normal", reason: "ExternalExpanding", message })
  })
  const triggers = [Controllers.on(claims, (claim) => (wantsMore(claim) ? [keyOf(claim)] : []))]
  yield* Controllers.run({ name: "volume_expand", triggers, reconcile })
})

export const plugin = Controllers.plugin("persistent-volume-expander", start)
