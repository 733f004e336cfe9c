/** A StatefulSet keeps its data on the node's own disk and on a CSI driver: over the end of its Pods, and of all that runs the node. */
import { afterEach, assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { StatefulSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { PersistentVolume, PersistentVolumeClaim, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { CSIDriver, StorageClass, VolumeAttachment } from "../../plugins/resources/contracts/storage/v1.ts"
import { folder } from "../volumes/Folder.ts"
import * as HostPath from "../volumes/HostPath.ts"
import * as Cluster from "./Cluster.ts"
import { at, container, eventually, find, isReady, list } from "./Eventually.ts"
import * as Images from "./Images.ts"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"

const missing = [...new Set([...Machine.missing, ...HostPath.lacks])]
const provisioner = "hostpath.csi.k8s.io"

/** The driver's socket; it outlives the cluster, which takes back its volumes with it. */
class Driver extends Context.Service<Driver, string>()("test/e2e/Driver") {
  static readonly layer = Layer.effect(
    Driver,
    Effect.flatMap(folder, (directory) => HostPath.start(directory, "--enable-attach", "--disable-node-expansion"))
  )
}
const withDriver = Layer.unwrap(Effect.map(Driver, (socket) => Cluster.layer({ flags: ["--csi-drivers", socket] })))

/** Every Pod adds a line to what it finds. */
const set = (name: string, storageClassName?: string) => {
  const labels = { app: name }
  const command = ["sh", "-c", "echo $(hostname) >> /data/log; trap 'exit 0' TERM; sleep 100000 & wait"]
  const containers = [container(Images.tools, { command, volumeMounts: [{ name: "data", mountPath: "/data" }] })]
  const securityContext = { fsGroup: 4321 }
  return {
    metadata: at(name),
    spec: {
      serviceName: name,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, securityContext, containers } },
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: {
            accessModes: ["ReadWriteOnce"],
            resources: { requests: { storage: "16Mi" } },
            ...(storageClassName !== undefined && { storageClassName })
          }
        }
      ]
    }
  }
}
const sets = ["disk", "csi"]

const told = (name: string) =>
  Effect.gen(function* () {
    const { exec } = yield* Cluster.Cluster
    return (yield* exec(`${name}-0`, ["cat", "/data/log"])).text.trim().split("\n")
  })
const ready = (name: string) => eventually(`${name}-0 is ready`, 40, find(Pod, at(`${name}-0`)), isReady)
const replaced = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  const before = yield* client.get(Pod, at(`${name}-0`))
  yield* client.delete(Pod, at(`${name}-0`))
  const isAnother = (pod: Pod | undefined) => pod?.metadata.uid !== before.metadata.uid && isReady(pod)
  yield* eventually(`${name}-0 is another`, 40, find(Pod, at(`${name}-0`)), isAnother)
})
const ofAll = <E, R>(each: (name: string) => Effect.Effect<unknown, E, R>) =>
  Effect.forEach(sets, each, { concurrency: "unbounded", discard: true })
const lines = (count: number) =>
  ofAll((name) =>
    Effect.map(told(name), (all) =>
      assert.deepStrictEqual(
        all,
        Array.from({ length: count }, () => `${name}-0`)
      )
    )
  )

describe.skipIf(missing.length > 0)(`storage${Machine.left(missing)}`, () => {
  afterEach(({ task }) => {
    if (task.result?.state === "fail") console.log(`what the cluster said:\n${Cluster.story.of()}`)
  })
  layer(Layer.merge(Site.layer, Driver.layer), { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.layer(withDriver, { timeout: "180 seconds" })((it) => {
      it.effect("claims get volumes of the default class and of a CSI driver, which is attached to the node", () =>
        Effect.gen(function* () {
          const client = yield* Client
          const spec = { attachRequired: true, podInfoOnMount: true, fsGroupPolicy: "File" }
          yield* client.create(CSIDriver, { metadata: { name: provisioner }, spec })
          const mode = { volumeBindingMode: "WaitForFirstConsumer", allowVolumeExpansion: true }
          yield* client.create(StorageClass, { metadata: { name: "csi" }, provisioner, ...mode })
          yield* client.create(StatefulSet, set("disk"))
          yield* client.create(StatefulSet, set("csi", "csi"))
          yield* ofAll(ready)
          yield* lines(1)
          const [attachment] = yield* list(VolumeAttachment)
          assert.deepInclude(attachment?.spec, { attacher: provisioner, nodeName: Cluster.nodeName })
          const { exec } = yield* Cluster.Cluster
          assert.strictEqual((yield* exec("csi-0", ["stat", "-c", "%g", "/data"])).text.trim(), "4321")
        })
      )
      it.effect("the next Pods find what the ones before them wrote", () =>
        Effect.gen(function* () {
          yield* ofAll(replaced)
          yield* lines(2)
        })
      )
      it.effect("all that runs the node is killed and comes back: the data stay, and Pods go and come as before", () =>
        Effect.gen(function* () {
          const { crash, up } = yield* Cluster.Cluster
          yield* crash
          yield* up
          yield* ofAll(ready)
          yield* lines(2)
          yield* ofAll(replaced)
          yield* lines(3)
        })
      )
      it.effect("a claim that asks for more gets it, and with the claims all goes", () =>
        Effect.gen(function* () {
          const client = yield* Client
          const more = { spec: { resources: { requests: { storage: "32Mi" } } } }
          const claimOf = (name: string) => at(`data-${name}-0`)
          yield* ofAll((name) => client.patch(PersistentVolumeClaim, claimOf(name), "merge", more))
          yield* ofAll((name) =>
            eventually(
              "it is larger",
              20,
              find(PersistentVolumeClaim, claimOf(name)),
              (claim) => claim?.status.capacity?.["storage"] === "32Mi"
            )
          )
          yield* lines(3)
          yield* ofAll((name) => client.delete(StatefulSet, at(name)))
          yield* ofAll((name) => client.delete(PersistentVolumeClaim, claimOf(name)))
          yield* eventually("no volume is left", 30, list(PersistentVolume), ({ length }) => length === 0)
          yield* eventually("none is attached", 30, list(VolumeAttachment), ({ length }) => length === 0)
        })
      )
    })
  })
})
