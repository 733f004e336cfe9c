/** A claim that names no class gets the default one. Source: "Storage Classes" of the Kubernetes documentation. */
import { Effect, Layer } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Admissions, atOnce } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { PersistentVolumeClaim } from "../../resources/contracts/core/v1.ts"
import { isDefault } from "../../resources/contracts/DefaultClass.ts"
import { StorageClass } from "../../resources/contracts/storage/v1.ts"
import { fresh, youngest } from "../Fresh.ts"
import { asWire } from "../../../kernel/pipeline/Stages.ts"

const oldName = "volume.beta.kubernetes.io/storage-class"

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const indexes = { default: (one: StorageClass) => (isDefault(one) ? [""] : []) }
    const classes = yield* client.cache(StorageClass, { indexes })
    const mutate = atOnce((request) => {
      const claim = fresh(PersistentVolumeClaim, request)
      const isNamed = claim?.spec.storageClassName !== undefined || claim?.metadata.annotations?.[oldName] !== undefined
      if (claim === undefined || isNamed) return undefined
      const storageClassName = youngest(classes.by("default", ""))?.metadata.name
      if (storageClassName === undefined) return undefined
      const named: typeof claim = { ...claim, spec: { ...claim.spec, storageClassName } }
      return asWire(named)
    })
    return Admissions.add({ name: "DefaultStorageClass", order: 420, mutate })
  })
)

export const plugin = Plugin.make({ name: "admission/default-storage-class", layer })
