/** What is in use is not removed before it is free. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as AttributesClasses from "../../plugins/controllers/storage-protection/AttributesClasses.ts"
import * as Claims from "../../plugins/controllers/storage-protection/Claims.ts"
import * as Volumes from "../../plugins/controllers/storage-protection/Volumes.ts"
import { PersistentVolume, PersistentVolumeClaim, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { VolumeAttributesClass } from "../../plugins/resources/contracts/storage/v1.ts"
import { cluster, names, when } from "./Cluster.ts"

const at = (name: string) => ({ namespace: "default", name })
const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } }
const guarded = (finalizer: string) => (all: ReadonlyArray<{ metadata: { finalizers?: ReadonlyArray<string> } }>) =>
  all.length > 0 && all.every(({ metadata }) => metadata.finalizers?.includes(finalizer))

describe("storage in use", () => {
  it.live("keeps a claim as long as a Pod on a node names it, and no longer", () =>
    Effect.gen(function* () {
      const client = yield* Client
      for (const name of ["used", "free"]) yield* client.create(PersistentVolumeClaim, { metadata: at(name), spec })
      yield* when(PersistentVolumeClaim, guarded("kubernetes.io/pvc-protection"))
      yield* client.create(Pod, {
        metadata: at("p"),
        spec: {
          nodeName: "n1",
          containers: [{ name: "c", image: "i" }],
          volumes: [{ name: "v", persistentVolumeClaim: { claimName: "used" } }]
        }
      })
      for (const name of ["used", "free"]) yield* client.delete(PersistentVolumeClaim, at(name))
      yield* when(PersistentVolumeClaim, (all) => names(all).join() === "used")
      yield* client.delete(Pod, at("p"), { gracePeriodSeconds: 0 })
      yield* when(PersistentVolumeClaim, (all) => all.length === 0)
    }).pipe(Effect.provide(cluster(Claims.plugin)))
  )

  it.live("keeps a volume that is bound, and a class that a claim names", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const volume = yield* client.create(PersistentVolume, {
        metadata: { name: "v" },
        spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, hostPath: { path: "/x" } }
      })
      yield* client.create(VolumeAttributesClass, { metadata: { name: "fast" }, driverName: "d", parameters: { a: "b" } })
      yield* client.create(PersistentVolumeClaim, {
        metadata: at("c"),
        spec: { ...spec, volumeAttributesClassName: "fast" }
      })
      const [guardedVolume] = yield* when(PersistentVolume, guarded("kubernetes.io/pv-protection"))
      yield* when(VolumeAttributesClass, guarded("kubernetes.io/vac-protection"))
      const bound = yield* client.update(
        PersistentVolume,
        { ...(guardedVolume ?? volume), status: { phase: "Bound" } },
        { subresource: "status" }
      )
      yield* client.delete(PersistentVolume, { namespace: "", name: "v" })
      yield* client.delete(VolumeAttributesClass, { namespace: "", name: "fast" })
      yield* client.delete(PersistentVolumeClaim, at("c"))
      yield* when(VolumeAttributesClass, (all) => all.length === 0)
      const kept = yield* client.get(PersistentVolume, { namespace: "", name: "v" })
      assert.strictEqual(kept.metadata.uid, bound.metadata.uid)
      yield* client.update(PersistentVolume, { ...kept, status: { phase: "Released" } }, { subresource: "status" })
      yield* when(PersistentVolume, (all) => all.length === 0)
    }).pipe(Effect.provide(cluster(Volumes.plugin, AttributesClasses.plugin)))
  )
})
