/** A claim may grow only if it is bound, and its class lets it. Source: "PersistentVolumeClaimResize" of the admission controllers' reference. */
import { Effect, Layer } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Forbidden } from "../../../kernel/client/Errors.ts"
import { type Admitted, Admissions } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import { PersistentVolumeClaim } from "../../resources/contracts/core/v1.ts"
import { StorageClass } from "../../resources/contracts/storage/v1.ts"

const oldName = "volume.beta.kubernetes.io/storage-class"
const sizeOf = ({ spec }: PersistentVolumeClaim) => Quantity.of(spec.resources.requests?.["storage"])
const classOf = ({ metadata, spec }: PersistentVolumeClaim) => metadata.annotations?.[oldName] ?? spec.storageClassName ?? ""

const unbound = "Only bound persistent volume claims can be expanded"
const fixed =
  "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const classes = yield* client.cache(StorageClass, { indexes: {} })
    const refusalOf = (claim: PersistentVolumeClaim, old: PersistentVolumeClaim): string | undefined => {
      if (Quantity.compare(sizeOf(claim), sizeOf(old)) <= 0) return undefined
      if (old.status?.phase !== "Bound") return unbound
      const name = classOf(claim)
      const found = name === "" || name !== classOf(old) ? undefined : classes.get({ namespace: "", name })
      return found?.allowVolumeExpansion === true ? undefined : fixed
    }
    const validate = ({ attributes, kind, object, old }: Admitted) => {
      const isClaim = kind.storage === PersistentVolumeClaim.storage && attributes.subresource === ""
      if (!isClaim || object === undefined || old === undefined) return Effect.void
      // They have been decoded as claims, hence the casts.
      const [after, before] = [object, old] as unknown as readonly [PersistentVolumeClaim, PersistentVolumeClaim]
      const detail = refusalOf(after, before)
      const { group, name, namespace, resource } = attributes
      return detail === undefined ? Effect.void : Effect.fail(new Forbidden({ group, resource, namespace, name, detail }))
    }
    return Admissions.add({ name: "PersistentVolumeClaimResize", order: 440, validate })
  })
)

export const plugin = Plugin.make({ name: "admission/claim-resize", layer })
