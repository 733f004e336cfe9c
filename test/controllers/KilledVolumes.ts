/** Scenarios of volumes, in which controllers are killed: volumes that are made, enlarged and removed, and attached where they are needed. */
import { Effect, Layer, Schedule } from "effect"
import { randomUUID } from "node:crypto"
import { mkdirSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as LocalPath from "../../adapters/volumes/local-path/LocalPath.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as AttachDetach from "../../plugins/controllers/attachdetach/AttachDetach.ts"
import * as Binder from "../../plugins/controllers/persistent-volume-binder/PersistentVolumeBinder.ts"
import { Node, PersistentVolume, PersistentVolumeClaim, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { StorageClass, VolumeAttachment } from "../../plugins/resources/contracts/storage/v1.ts"
import * as Drivers from "../../plugins/volumes/contracts/Drivers.ts"
import * as Volumes from "../../plugins/volumes/Volumes.ts"
import { at, when } from "./Cluster.ts"
import type { Scenario } from "./Killing.ts"

const accessModes = ["ReadWriteOnce"]
const asking = (storage: string) => ({ resources: { requests: { storage } } })

/** Outlives who is killed, as a disk does. */
const disk = join(tmpdir(), `keelson-killed-volumes-${randomUUID()}`)
const folders = LocalPath.make({ directory: disk, nodeName: "n1" })
const node = Volumes.plugin({ nodeName: "n1" })
const ownDrivers = Layer.provideMerge(Layer.effectDiscard(Drivers.offer(folders, true)), Drivers.layer)

const making: Scenario = {
  name: "volumes are made, enlarged and removed",
  controllers: [Binder.plugin, { name: node.name, layer: Layer.provide(node.layer, ownDrivers) }],
  kinds: [PersistentVolume, PersistentVolumeClaim, StorageClass],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* Effect.acquireRelease(
      Effect.sync(() => mkdirSync(disk, { recursive: true })),
      () => Effect.sync(() => rmSync(disk, { recursive: true, force: true }))
    )
    const metadata = { name: "local" }
    yield* client.create(StorageClass, { metadata, provisioner: LocalPath.driver, allowVolumeExpansion: true })
    const spec = { accessModes, storageClassName: "local", ...asking("1Mi") }
    yield* client.create(PersistentVolumeClaim, { metadata: at("data"), spec })
    yield* when(PersistentVolumeClaim, ([one]) => one?.status.phase === "Bound")
    yield* client.patch(PersistentVolumeClaim, at("data"), "merge", { spec: asking("2Mi") })
    yield* when(PersistentVolumeClaim, ([one]) => one?.status.capacity?.["storage"] === "2Mi")
    yield* client.delete(PersistentVolumeClaim, at("data"))
    yield* when(PersistentVolume, ({ length }) => length === 0)
    yield* Effect.repeat(
      Effect.sync(() => readdirSync(disk)),
      { schedule: Schedule.spaced("10 millis"), until: ({ length }) => length === 0 }
    )
  })
}

const attaching: Scenario = {
  name: "volumes are attached where Pods need them",
  controllers: [Binder.plugin, AttachDetach.plugin],
  kinds: [PersistentVolume, VolumeAttachment],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(Node, { metadata: { name: "n1" } })
    const csi = { driver: "disk.example", volumeHandle: "v" }
    const volume = { accessModes, capacity: { storage: "1Gi" }, storageClassName: "c", csi }
    yield* client.create(PersistentVolume, { metadata: { name: "v" }, spec: volume })
    const claim = { accessModes, storageClassName: "c", volumeName: "v", ...asking("1Gi") }
    yield* client.create(PersistentVolumeClaim, { metadata: at("data"), spec: claim })
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }]
    const spec = { nodeName: "n1", containers: [{ name: "c", image: "i" }], volumes }
    yield* client.create(Pod, { metadata: at("p"), spec })
    const [made] = yield* when(VolumeAttachment, ({ length }) => length === 1)
    if (made !== undefined) {
      yield* client.update(VolumeAttachment, { ...made, status: { attached: true } }, { subresource: "status" })
    }
    yield* when(Node, ([one]) => one?.status.volumesAttached?.length === 1)
    yield* client.delete(Pod, at("p"), { gracePeriodSeconds: 0 })
    yield* when(VolumeAttachment, ({ length }) => length === 0)
    yield* when(Node, ([one]) => (one?.status.volumesAttached ?? []).length === 0)
  })
}

export const scenarios: ReadonlyArray<Scenario> = [making, attaching]
