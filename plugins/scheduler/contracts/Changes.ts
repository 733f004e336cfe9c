/**
 * What happens in a cluster, as far as it may let a Pod be placed that could not be before, and the hints by which plugins say
 * whether it does. A Pod that plugins refused waits until a change that one of them hopes for.
 */
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from "../../resources/contracts/core/v1.ts"
import type { DeviceClass, ResourceClaim, ResourceSlice } from "../../resources/contracts/resource/v1.ts"
import type { CSIDriver, CSINode, CSIStorageCapacity, StorageClass } from "../../resources/contracts/storage/v1.ts"

interface Kinds {
  readonly Node: Node
  /** Pods that have a node. */
  readonly Pod: Pod
  readonly PersistentVolumeClaim: PersistentVolumeClaim
  readonly PersistentVolume: PersistentVolume
  readonly StorageClass: StorageClass
  readonly CSINode: CSINode
  readonly CSIDriver: CSIDriver
  readonly CSIStorageCapacity: CSIStorageCapacity
  readonly ResourceClaim: ResourceClaim
  readonly ResourceSlice: ResourceSlice
  readonly DeviceClass: DeviceClass
}
export type Kind = keyof Kinds
export type Action = "Add" | "Update" | "Delete" | "UpdateAllocatable" | "UpdateLabels" | "UpdateTaints" | "ScaleDown"

interface Happened<K extends Kind> {
  readonly kind: K
  /** An update may be several things at once. */
  readonly actions: ReadonlyArray<Action>
  readonly before?: Kinds[K]
  readonly after?: Kinds[K]
}
/** Without before and after: something of which nothing more is known. */
export type Change = { readonly [K in Kind]: Happened<K> }[Kind]

export interface Hint {
  readonly kind: Kind
  readonly actions: ReadonlyArray<Action>
  /** Whether it may help this Pod; without this, it may help any. */
  readonly helps: (pod: Pod, change: Change) => boolean
}

const always = () => true

const hint =
  <K extends Kind>(kind: K, is: (change: Change) => change is Happened<K> & Change) =>
  (
    actions: ReadonlyArray<Action>,
    helps?: (pod: Pod, change: { readonly before?: Kinds[K]; readonly after?: Kinds[K] }) => boolean
  ): Hint => ({ kind, actions, helps: helps === undefined ? always : (pod, change) => !is(change) || helps(pod, change) })

export const onNode = hint("Node", (change) => change.kind === "Node")
export const onPod = hint("Pod", (change) => change.kind === "Pod")
export const onClaim = hint("PersistentVolumeClaim", (change) => change.kind === "PersistentVolumeClaim")
export const onVolume = hint("PersistentVolume", (change) => change.kind === "PersistentVolume")
export const onClass = hint("StorageClass", (change) => change.kind === "StorageClass")
export const onCsiNode = hint("CSINode", (change) => change.kind === "CSINode")
export const onCsiDriver = hint("CSIDriver", (change) => change.kind === "CSIDriver")
export const onCsiCapacity = hint("CSIStorageCapacity", (change) => change.kind === "CSIStorageCapacity")
export const onResourceClaim = hint("ResourceClaim", (change) => change.kind === "ResourceClaim")
export const onResourceSlice = hint("ResourceSlice", (change) => change.kind === "ResourceSlice")
export const onDeviceClass = hint("DeviceClass", (change) => change.kind === "DeviceClass")

export const helps = ({ actions, helps, kind }: Hint, pod: Pod, change: Change) =>
  kind === change.kind && change.actions.some((action) => actions.includes(action)) && helps(pod, change)
