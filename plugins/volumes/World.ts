/** What the controllers of a node's volumes share: the objects that they read, and which of them are this node's to act on. */
import { Effect, Stream } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { keyOf, type Resource } from "../../kernel/resource/Kind.ts"
import * as Quantity from "../../kernel/resource/Quantity.ts"
import type { Trigger } from "../controllers/contracts/Controllers.ts"
import { PersistentVolume, PersistentVolumeClaim } from "../resources/contracts/core/v1.ts"
import * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import { StorageClass, VolumeAttachment } from "../resources/contracts/storage/v1.ts"
import { type Driver, Drivers } from "./contracts/Drivers.ts"
import { type Access, Mode } from "./contracts/Volumes.ts"

/** Words of the API, as upstream's provisioner and binder have them. */
export const annotations = {
  provisionedBy: "pv.kubernetes.io/provisioned-by",
  provisioner: "volume.kubernetes.io/storage-provisioner",
  selectedNode: "volume.kubernetes.io/selected-node"
}
/** Keeps a PersistentVolume until what it stands for is removed. */
export const finalizer = "external-provisioner.volume.kubernetes.io/finalizer"

export const annotation = ({ metadata }: Resource, name: string) => metadata.annotations?.[name]

const modes: ReadonlySet<string> = new Set(Mode.literals)
const isMode = (mode: string): mode is typeof Mode.Type => modes.has(mode)

/** How a volume is used that was made so, or shall be. */
export const accessOf = (
  { accessModes = [], volumeMode }: { readonly accessModes?: ReadonlyArray<string>; readonly volumeMode?: string },
  fsType: string | undefined,
  mountOptions: ReadonlyArray<string> | undefined
): Access => ({
  modes: accessModes.filter(isMode),
  block: volumeMode === "Block",
  ...(fsType && { fsType }),
  ...(mountOptions && mountOptions.length > 0 && { mountOptions })
})

export const accessOfVolume = ({ spec }: PersistentVolume) => accessOf(spec, spec.csi?.fsType, spec.mountOptions)

export const bytesOf = (amounts: { readonly [name: string]: string } | undefined) =>
  Quantity.value(Quantity.of(amounts?.["storage"]))

/** As people write it. */
export const quantityOf = (bytes: number) => Quantity.format(Quantity.fromValue(bytes, "BinarySI"))

/** The node lies where the volume is reached from. */
export const reaches = ({ spec }: PersistentVolume, { about }: Driver) => {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms
  const { topology } = about.node
  return (
    terms === undefined ||
    terms.some(({ matchExpressions = [] }) =>
      matchExpressions.every(({ key, values = [] }) => values.includes(topology[key] ?? ""))
    )
  )
}

/** In upstream's words: what a driver refused stands behind how the call ended. */
export const wordsOf = (failure: { readonly _tag: string; readonly message: string; readonly code?: string }) =>
  failure.code === undefined ? failure.message : `rpc error: code = ${failure.code} desc = ${failure.message}`

export const make = Effect.fnUntraced(function* (nodeName: string) {
  const client = yield* Client
  const drivers = yield* Drivers
  const claims = yield* client.cache(PersistentVolumeClaim, {
    indexes: { provisioner: (claim) => [annotation(claim, annotations.provisioner) ?? ""] }
  })
  const volumes = yield* client.cache(PersistentVolume, { indexes: { driver: ({ spec }) => [spec.csi?.driver ?? ""] } })
  const attachments = yield* client.cache(VolumeAttachment, {
    indexes: { volume: ({ spec: { source } }) => [source.persistentVolumeName ?? ""] }
  })
  /** A driver for which this node also does what concerns no node. */
  const controller = (name: string | undefined) => {
    const driver = name === undefined ? undefined : drivers.get(name)
    return driver?.isController === true ? driver : undefined
  }
  return {
    client,
    nodeName,
    controller,
    claims,
    volumes,
    attachments,
    classes: yield* client.cache(StorageClass, { indexes: {} }),
    record: yield* EventRecorder.make({ component: "volumes", host: nodeName }),
    /** All of a kind again, when a driver comes. */
    arrivals: (all: () => ReadonlyArray<Resource>): Trigger => Stream.map(drivers.changes, () => all().map(keyOf))
  }
})
export type World = Effect.Success<ReturnType<typeof make>>
