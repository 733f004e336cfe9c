/**
 * What a cluster of ours has for volumes from the beginning: the class that claims get that name none, and what is to be known of its
 * driver. Whoever changes them finds them so again; whoever removes them gets them back when the server starts.
 */
import { Effect, Layer, Option } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { CSIDriver, StorageClass } from "../resources/contracts/storage/v1.ts"

export interface Options {
  /** Of volumes that are folders of the node's disk. */
  readonly driver: string
}

const className = "local-path"
const isDefault = { "storageclass.kubernetes.io/is-default-class": "true" }

const make = Effect.fnUntraced(function* ({ driver }: Options) {
  const client = yield* Client
  if (Option.isNone(yield* client.find(CSIDriver, { namespace: "", name: driver }))) {
    const spec = {
      attachRequired: false,
      podInfoOnMount: false,
      fsGroupPolicy: "File",
      volumeLifecycleModes: ["Persistent"]
    }
    yield* client.create(CSIDriver, { metadata: { name: driver }, spec })
  }
  if (Option.isNone(yield* client.find(StorageClass, { namespace: "", name: className }))) {
    // Another that somebody has made the default stays it.
    const others = yield* client.list(StorageClass)
    const annotations = others.length === 0 ? isDefault : {}
    yield* client.create(StorageClass, {
      metadata: { name: className, annotations },
      provisioner: driver,
      reclaimPolicy: "Delete",
      volumeBindingMode: "WaitForFirstConsumer",
      allowVolumeExpansion: true
    })
  }
})

/** Of servers that begin at once, one succeeds; what the others find is there. */
const ensured = (options: Options) =>
  make(options).pipe(
    Effect.catchTag("AlreadyExists", () => Effect.void),
    Effect.retry({ times: 5 })
  )

export const plugin = (options: Options) =>
  Plugin.make({ name: "storage-class", layer: Layer.effectDiscard(ensured(options)) })
