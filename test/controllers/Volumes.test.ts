/** Claims get their volumes, and volumes are released when their claims are gone; ephemeral volumes get their claims. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as EphemeralVolume from "../../plugins/controllers/ephemeral-volume/EphemeralVolume.ts"
import { annotations } from "../../plugins/controllers/persistent-volume-binder/Matching.ts"
import * as Expander from "../../plugins/controllers/persistent-volume-expander/PersistentVolumeExpander.ts"
import * as Binder from "../../plugins/controllers/persistent-volume-binder/PersistentVolumeBinder.ts"
import {
  Event,
  PersistentVolume,
  PersistentVolumeClaim,
  type PersistentVolumeDraft,
  Pod
} from "../../plugins/resources/contracts/core/v1.ts"
import { StorageClass } from "../../plugins/resources/contracts/storage/v1.ts"
import { at, cluster, when } from "./Cluster.ts"

const volume = (
  name: string,
  storage: string,
  spec: Partial<PersistentVolumeDraft["spec"]> = {}
): PersistentVolumeDraft => ({
  metadata: { name },
  spec: { accessModes: ["ReadWriteOnce"], capacity: { storage }, storageClassName: "c", hostPath: { path: "/x" }, ...spec }
})
const claim = (name: string, storage: string, storageClassName = "c", more: { readonly volumeName?: string } = {}) => ({
  metadata: at(name),
  spec: { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage } }, ...more }
})
const named = <A extends { readonly metadata: { readonly name: string } }>(all: ReadonlyArray<A>, name: string) =>
  all.find(({ metadata }) => metadata.name === name)
const isBound = (name: string, to: string) => (all: ReadonlyArray<PersistentVolumeClaim>) => {
  const found = named(all, name)
  return found?.status?.phase === "Bound" && found.spec.volumeName === to
}
const isIn = (name: string, phase: string) => (all: ReadonlyArray<PersistentVolume>) =>
  named(all, name)?.status.phase === phase

describe("persistent volumes", () => {
  it.live("a claim gets the smallest that is enough, whichever comes first, and each volume has one claim", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(PersistentVolumeClaim, claim("early", "3Gi"))
      for (const [name, size] of [
        ["big", "20Gi"],
        ["small", "1Gi"],
        ["middle", "5Gi"]
      ] as const) {
        yield* client.create(PersistentVolume, volume(name, size))
      }
      yield* when(PersistentVolume, (all) => all.length === 3 && all.every(({ status }) => status.phase !== "Pending"))
      yield* client.create(PersistentVolumeClaim, claim("late", "1Gi"))
      yield* client.create(PersistentVolumeClaim, claim("other", "1Gi", "d"))
      const all = yield* when(
        PersistentVolumeClaim,
        (all) => isBound("late", "small")(all) && named(all, "early")?.status?.phase === "Bound"
      )
      const early = named(all, "early")
      assert.include(["big", "middle"], early?.spec.volumeName)
      assert.deepStrictEqual(early?.status?.accessModes, ["ReadWriteOnce"])
      assert.strictEqual(early?.metadata.annotations?.[annotations.completed], "yes")
      assert.strictEqual(named(all, "other")?.status?.phase, "Pending")
      const uids = (yield* when(PersistentVolume, isIn("small", "Bound"))).flatMap(({ spec }) => spec.claimRef?.uid ?? [])
      assert.strictEqual(new Set(uids).size, 2)
    }).pipe(Effect.provide(cluster(Binder.plugin)))
  )

  it.live("is released with its claim; a claim that loses its volume says so", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(PersistentVolume, volume("v", "1Gi"))
      yield* client.create(PersistentVolumeClaim, claim("c", "1Gi", "c", { volumeName: "v" }))
      yield* when(PersistentVolumeClaim, isBound("c", "v"))
      yield* client.delete(PersistentVolumeClaim, at("c"))
      yield* when(PersistentVolume, isIn("v", "Released"))
      yield* client.create(PersistentVolumeClaim, claim("c", "1Gi"))
      yield* when(PersistentVolumeClaim, ([one]) => one?.status?.phase === "Pending")

      yield* client.create(PersistentVolume, volume("w", "1Gi", { claimRef: { namespace: "default", name: "c" } }))
      yield* when(PersistentVolumeClaim, isBound("c", "w"))
      yield* client.delete(PersistentVolume, { namespace: "", name: "w" })
      yield* when(PersistentVolumeClaim, ([one]) => one?.status?.phase === "Lost")
    }).pipe(Effect.provide(cluster(Binder.plugin)))
  )

  it.live("waits for the scheduler where the class says so, and names the provisioner for whom it waits", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const classOf = (name: string, provisioner: string, volumeBindingMode: string) =>
        client.create(StorageClass, { metadata: { name }, provisioner, volumeBindingMode })
      yield* classOf("wait", "example.com/disk", "WaitForFirstConsumer")
      yield* client.create(PersistentVolume, volume("v", "1Gi", { storageClassName: "wait" }))
      yield* when(PersistentVolume, isIn("v", "Available"))
      yield* client.create(PersistentVolumeClaim, claim("static", "1Gi", "wait"))
      yield* client.create(PersistentVolumeClaim, claim("dynamic", "2Gi", "wait"))
      yield* when(Event, (all) => all.filter(({ reason }) => reason === "WaitForFirstConsumer").length >= 2)

      const free = yield* client.get(PersistentVolume, { namespace: "", name: "v" })
      const chosen = yield* client.get(PersistentVolumeClaim, at("static"))
      const claimRef = { namespace: "default", name: "static", uid: chosen.metadata.uid }
      yield* client.update(PersistentVolume, { ...free, spec: { ...free.spec, claimRef } })
      yield* when(PersistentVolumeClaim, isBound("static", "v"))

      const node = { metadata: { annotations: { [annotations.selectedNode]: "n1" } } }
      yield* client.patch(PersistentVolumeClaim, at("dynamic"), "merge", node)
      const all = yield* when(
        PersistentVolumeClaim,
        (all) => named(all, "dynamic")?.metadata.annotations?.[annotations.provisioner] === "example.com/disk"
      )
      assert.strictEqual(named(all, "dynamic")?.status?.phase, "Pending")
    }).pipe(Effect.provide(cluster(Binder.plugin)))
  )

  it.live("a Pod's ephemeral volume is a claim that goes with it", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const { spec } = claim("template", "1Gi")
      const volumes = [{ name: "v", ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: "b" } }, spec } } }]
      const containers = [{ name: "c", image: "i" }]
      const pod = yield* client.create(Pod, { metadata: at("p"), spec: { containers, volumes } })
      const [made] = yield* when(PersistentVolumeClaim, (all) => all.length === 1)
      assert.strictEqual(made?.metadata.name, "p-v")
      assert.deepStrictEqual(made?.metadata.labels, { a: "b" })
      assert.strictEqual(made?.metadata.ownerReferences?.[0]?.uid, pod.metadata.uid)
    }).pipe(Effect.provide(cluster(EphemeralVolume.plugin)))
  )

  it.live("a claim that asks for more waits for whoever can make volumes larger, and is told once", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(PersistentVolume, volume("v", "1Gi"))
      yield* client.create(PersistentVolumeClaim, claim("c", "1Gi"))
      yield* when(PersistentVolumeClaim, isBound("c", "v"))
      for (const storage of ["2Gi", "3Gi"]) {
        yield* client.patch(PersistentVolumeClaim, at("c"), "merge", { spec: { resources: { requests: { storage } } } })
        yield* client.patch(PersistentVolumeClaim, at("c"), "merge", { metadata: { labels: { storage } } })
        yield* when(Event, (all) => all.some(({ reason }) => reason === "ExternalExpanding"))
      }
      const isTwice = ({ count, reason }: Event) => reason === "ExternalExpanding" && count === 2
      const events = yield* when(Event, (all) => all.some(isTwice))
      assert.strictEqual(events.find(isTwice)?.message, "waiting for an external controller to expand this PVC")
    }).pipe(Effect.provide(cluster(Binder.plugin, Expander.plugin)))
  )
})
