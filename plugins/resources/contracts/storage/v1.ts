// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as coreV1 from "../core/v1.ts"
import * as metaV1 from "../meta/v1.ts"

const { Bool, Int32, Int64, Quantity, Text, Time, asJson, define, defaulted, list, map, optional, struct } = Field

export interface CSIDriver {
  readonly metadata: ObjectMeta
  readonly spec: CSIDriverSpec
}
export interface CSIDriverDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: CSIDriverSpecDraft
}
export const CSIDriverSchema: Field.Lazy<CSIDriverDraft> = define("storage.v1.CSIDriver", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: CSIDriverSpec()
  }), { parts: ["metadata","spec"] })
export const CSIDriver = Kind.make<CSIDriver, CSIDriverDraft>({
  kind: "CSIDriver",
  plural: "csidrivers",
  singular: "csidriver",
  namespaced: false,
  storage: "csidrivers.storage.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "storage.k8s.io", version: "v1", schema: asJson(CSIDriverSchema) }]
})

export interface CSIDriverSpec {
  readonly attachRequired: boolean
  readonly fsGroupPolicy: string
  readonly nodeAllocatableUpdatePeriodSeconds?: number
  readonly podInfoOnMount: boolean
  readonly preventPodSchedulingIfMissing?: boolean
  readonly requiresRepublish: boolean
  readonly seLinuxMount: boolean
  readonly serviceAccountTokenInSecrets?: boolean
  readonly storageCapacity: boolean
  readonly tokenRequests?: ReadonlyArray<TokenRequest>
  readonly volumeLifecycleModes: ReadonlyArray<string>
}
export interface CSIDriverSpecDraft {
  readonly attachRequired?: boolean
  readonly fsGroupPolicy?: string
  readonly nodeAllocatableUpdatePeriodSeconds?: number
  readonly podInfoOnMount?: boolean
  readonly preventPodSchedulingIfMissing?: boolean
  readonly requiresRepublish?: boolean
  readonly seLinuxMount?: boolean
  readonly serviceAccountTokenInSecrets?: boolean
  readonly storageCapacity?: boolean
  readonly tokenRequests?: ReadonlyArray<TokenRequest>
  readonly volumeLifecycleModes?: ReadonlyArray<string>
}
export const CSIDriverSpec: Field.Lazy<CSIDriverSpec> = define("storage.v1.CSIDriverSpec", () =>
  struct({
    attachRequired: defaulted(Bool, true),
    fsGroupPolicy: defaulted(Text, "ReadWriteOnceWithFSType"),
    nodeAllocatableUpdatePeriodSeconds: optional(Int64),
    podInfoOnMount: defaulted(Bool, false),
    preventPodSchedulingIfMissing: optional(Bool),
    requiresRepublish: defaulted(Bool, false),
    seLinuxMount: defaulted(Bool, false),
    serviceAccountTokenInSecrets: optional(Bool),
    storageCapacity: defaulted(Bool, false),
    tokenRequests: optional(list(TokenRequest(), { list: "atomic" })),
    volumeLifecycleModes: defaulted(list(Text, { list: "set" }), ["Persistent"])
  }))

export interface CSINode {
  readonly metadata: ObjectMeta
  readonly spec: CSINodeSpec
}
export interface CSINodeDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: CSINodeSpecDraft
}
export const CSINodeSchema: Field.Lazy<CSINodeDraft> = define("storage.v1.CSINode", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: CSINodeSpec()
  }), { parts: ["metadata","spec"] })
export const CSINode = Kind.make<CSINode, CSINodeDraft>({
  kind: "CSINode",
  plural: "csinodes",
  singular: "csinode",
  namespaced: false,
  storage: "csinodes.storage.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "storage.k8s.io", version: "v1", schema: asJson(CSINodeSchema) }]
})

export interface CSINodeDriver {
  readonly allocatable?: VolumeNodeResources
  readonly name: string
  readonly nodeID: string
  readonly topologyKeys?: ReadonlyArray<string>
}
export const CSINodeDriver: Field.Lazy<CSINodeDriver> = define("storage.v1.CSINodeDriver", () =>
  struct({
    allocatable: optional(VolumeNodeResources()),
    name: Text,
    nodeID: Text,
    topologyKeys: optional(list(Text, { list: "atomic" }))
  }), { parts: ["name","nodeID","topologyKeys"] })

export interface CSINodeSpec {
  readonly drivers: ReadonlyArray<CSINodeDriver>
}
export interface CSINodeSpecDraft {
  readonly drivers?: ReadonlyArray<CSINodeDriver>
}
export const CSINodeSpec: Field.Lazy<CSINodeSpec> = define("storage.v1.CSINodeSpec", () =>
  struct({
    drivers: defaulted(list(CSINodeDriver(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" }), [])
  }), { parts: ["drivers"] })

export interface CSIStorageCapacity {
  readonly capacity?: string
  readonly maximumVolumeSize?: string
  readonly metadata: ObjectMeta
  readonly nodeTopology?: metaV1.LabelSelector
  readonly storageClassName: string
}
export interface CSIStorageCapacityDraft {
  readonly capacity?: string
  readonly maximumVolumeSize?: string
  readonly metadata: ObjectMetaDraft
  readonly nodeTopology?: metaV1.LabelSelector
  readonly storageClassName: string
}
export const CSIStorageCapacitySchema: Field.Lazy<CSIStorageCapacityDraft> = define("storage.v1.CSIStorageCapacity", () =>
  struct({
    capacity: optional(Quantity),
    maximumVolumeSize: optional(Quantity),
    metadata: defaulted(ObjectMetaDraft(), {}),
    nodeTopology: optional(metaV1.LabelSelector()),
    storageClassName: Text
  }), { parts: ["metadata","storageClassName"] })
export const CSIStorageCapacity = Kind.make<CSIStorageCapacity, CSIStorageCapacityDraft>({
  kind: "CSIStorageCapacity",
  plural: "csistoragecapacities",
  singular: "csistoragecapacity",
  namespaced: true,
  storage: "csistoragecapacities.storage.k8s.io",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  versions: [{ group: "storage.k8s.io", version: "v1", schema: asJson(CSIStorageCapacitySchema) }]
})

export interface StorageClass {
  readonly allowVolumeExpansion?: boolean
  readonly allowedTopologies?: ReadonlyArray<coreV1.TopologySelectorTerm>
  readonly metadata: ObjectMeta
  readonly mountOptions?: ReadonlyArray<string>
  readonly parameters?: { readonly [key: string]: string }
  readonly provisioner: string
  readonly reclaimPolicy: string
  readonly volumeBindingMode: string
}
export interface StorageClassDraft {
  readonly allowVolumeExpansion?: boolean
  readonly allowedTopologies?: ReadonlyArray<coreV1.TopologySelectorTerm>
  readonly metadata: ObjectMetaDraft
  readonly mountOptions?: ReadonlyArray<string>
  readonly parameters?: { readonly [key: string]: string }
  readonly provisioner: string
  readonly reclaimPolicy?: string
  readonly volumeBindingMode?: string
}
export const StorageClassSchema: Field.Lazy<StorageClassDraft> = define("storage.v1.StorageClass", () =>
  struct({
    allowVolumeExpansion: optional(Bool),
    allowedTopologies: optional(list(coreV1.TopologySelectorTerm(), { list: "atomic" })),
    metadata: defaulted(ObjectMetaDraft(), {}),
    mountOptions: optional(list(Text, { list: "atomic" })),
    parameters: optional(map(Text)),
    provisioner: Text,
    reclaimPolicy: defaulted(Text, "Delete"),
    volumeBindingMode: defaulted(Text, "Immediate")
  }), { parts: ["metadata","provisioner"] })
export const StorageClass = Kind.make<StorageClass, StorageClassDraft>({
  kind: "StorageClass",
  plural: "storageclasses",
  singular: "storageclass",
  namespaced: false,
  storage: "storageclasses.storage.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  shortNames: ["sc"],
  versions: [{ group: "storage.k8s.io", version: "v1", schema: asJson(StorageClassSchema) }]
})

export interface TokenRequest {
  readonly audience: string
  readonly expirationSeconds?: number
}
export const TokenRequest: Field.Lazy<TokenRequest> = define("storage.v1.TokenRequest", () =>
  struct({
    audience: Text,
    expirationSeconds: optional(Int64)
  }), { parts: ["audience"] })

export interface VolumeAttachment {
  readonly metadata: ObjectMeta
  readonly spec: VolumeAttachmentSpec
  readonly status: VolumeAttachmentStatus
}
export interface VolumeAttachmentDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: VolumeAttachmentSpecDraft
  readonly status?: VolumeAttachmentStatusDraft
}
export const VolumeAttachmentSchema: Field.Lazy<VolumeAttachmentDraft> = define("storage.v1.VolumeAttachment", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: VolumeAttachmentSpec(),
    status: defaulted(VolumeAttachmentStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const VolumeAttachment = Kind.make<VolumeAttachment, VolumeAttachmentDraft>({
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  singular: "volumeattachment",
  namespaced: false,
  storage: "volumeattachments.storage.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  versions: [{ group: "storage.k8s.io", version: "v1", schema: asJson(VolumeAttachmentSchema) }]
})

export interface VolumeAttachmentSource {
  readonly inlineVolumeSpec?: coreV1.PersistentVolumeSpec
  readonly persistentVolumeName?: string
}
export interface VolumeAttachmentSourceDraft {
  readonly inlineVolumeSpec?: coreV1.PersistentVolumeSpecDraft
  readonly persistentVolumeName?: string
}
export const VolumeAttachmentSource: Field.Lazy<VolumeAttachmentSource> = define("storage.v1.VolumeAttachmentSource", () =>
  struct({
    inlineVolumeSpec: optional(coreV1.PersistentVolumeSpec()),
    persistentVolumeName: optional(Text)
  }))

export interface VolumeAttachmentSpec {
  readonly attacher: string
  readonly nodeName: string
  readonly source: VolumeAttachmentSource
}
export interface VolumeAttachmentSpecDraft {
  readonly attacher: string
  readonly nodeName: string
  readonly source: VolumeAttachmentSourceDraft
}
export const VolumeAttachmentSpec: Field.Lazy<VolumeAttachmentSpec> = define("storage.v1.VolumeAttachmentSpec", () =>
  struct({
    attacher: Text,
    nodeName: Text,
    source: VolumeAttachmentSource()
  }), { parts: ["attacher","nodeName","source"] })

export interface VolumeAttachmentStatus {
  readonly attachError?: VolumeError
  readonly attached: boolean
  readonly attachmentMetadata?: { readonly [key: string]: string }
  readonly detachError?: VolumeError
}
export interface VolumeAttachmentStatusDraft {
  readonly attachError?: VolumeError
  readonly attached?: boolean
  readonly attachmentMetadata?: { readonly [key: string]: string }
  readonly detachError?: VolumeError
}
export const VolumeAttachmentStatus: Field.Lazy<VolumeAttachmentStatus> = define("storage.v1.VolumeAttachmentStatus", () =>
  struct({
    attachError: optional(VolumeError()),
    attached: defaulted(Bool, false),
    attachmentMetadata: optional(map(Text)),
    detachError: optional(VolumeError())
  }), { parts: ["attached"] })

export interface VolumeAttributesClass {
  readonly driverName: string
  readonly metadata: ObjectMeta
  readonly parameters?: { readonly [key: string]: string }
}
export interface VolumeAttributesClassDraft {
  readonly driverName: string
  readonly metadata: ObjectMetaDraft
  readonly parameters?: { readonly [key: string]: string }
}
export const VolumeAttributesClassSchema: Field.Lazy<VolumeAttributesClassDraft> = define("storage.v1.VolumeAttributesClass", () =>
  struct({
    driverName: Text,
    metadata: defaulted(ObjectMetaDraft(), {}),
    parameters: optional(map(Text))
  }), { parts: ["driverName","metadata"] })
export const VolumeAttributesClass = Kind.make<VolumeAttributesClass, VolumeAttributesClassDraft>({
  kind: "VolumeAttributesClass",
  plural: "volumeattributesclasses",
  singular: "volumeattributesclass",
  namespaced: false,
  storage: "volumeattributesclasses.storage.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  shortNames: ["vac"],
  versions: [{ group: "storage.k8s.io", version: "v1", schema: asJson(VolumeAttributesClassSchema) }]
})

export interface VolumeError {
  readonly errorCode?: number
  readonly message?: string
  readonly time?: string
}
export const VolumeError: Field.Lazy<VolumeError> = define("storage.v1.VolumeError", () =>
  struct({
    errorCode: optional(Int32),
    message: optional(Text),
    time: optional(Time)
  }), { omitted: ["message"] })

export interface VolumeNodeResources {
  readonly count?: number
}
export const VolumeNodeResources: Field.Lazy<VolumeNodeResources> = define("storage.v1.VolumeNodeResources", () =>
  struct({
    count: optional(Int32)
  }))
