/** Attribute classes that a volume or claim names are not removed before. Source: KEP-3751. */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { PersistentVolume, PersistentVolumeClaim } from "../../resources/contracts/core/v1.ts"
import { VolumeAttributesClass } from "../../resources/contracts/storage/v1.ts"
import * as Protection from "../../resources/contracts/StorageProtection.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Release from "./Release.ts"

export const classesOf = ({ spec, status }: PersistentVolumeClaim): ReadonlyArray<string> =>
  [
    spec.volumeAttributesClassName ?? "",
    status?.currentVolumeAttributesClassName ?? "",
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName ?? ""
  ].filter((name) => name !== "")
const classOf = ({ spec }: PersistentVolume) => (spec?.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [])

const start = Effect.gen(function* () {
  const client = yield* Client
  const cache = yield* client.cache(VolumeAttributesClass, { indexes: {} })
  const claims = yield* client.cache(PersistentVolumeClaim, { indexes: { class: classesOf } })
  const volumes = yield* client.cache(PersistentVolume, { indexes: { class: classOf } })
  const reconcile = yield* Release.make({
    kind: VolumeAttributesClass,
    finalizer: Protection.attributes,
    cache,
    isUsed: ({ metadata: { name } }) => claims.by("class", name).length > 0 || volumes.by("class", name).length > 0,
    isReallyUsed: ({ metadata: { name } }) =>
      Effect.all([client.list(PersistentVolumeClaim), client.list(PersistentVolume)]).pipe(
        Effect.map(
          ([claims, volumes]) =>
            claims.some((claim) => classesOf(claim).includes(name)) || volumes.some((one) => classOf(one).includes(name))
        )
      )
  })
  const keys = (names: ReadonlyArray<string>) => names.map((name) => ({ namespace: "", name }))
  yield* Controllers.run({
    name: "volumeattributesclass_protection",
    triggers: [
      Controllers.each(cache),
      Controllers.on(claims, (claim) => keys(classesOf(claim))),
      Controllers.on(volumes, (volume) => keys(classOf(volume)))
    ],
    reconcile
  })
})

export const plugin = Controllers.plugin("volumeattributesclass-protection", start)
