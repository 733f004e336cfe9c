// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import type { Json } from "effect/Schema"
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as coreV1 from "../core/v1.ts"
import * as metaV1 from "../meta/v1.ts"

const { Bool, Free, Int64, Quantity, Text, Time, asJson, define, defaulted, list, map, optional, struct } = Field

export interface AllocatedDeviceStatus {
  readonly conditions?: ReadonlyArray<metaV1.Condition>
  readonly data?: Json
  readonly device: string
  readonly driver: string
  readonly networkData?: NetworkDeviceData
  readonly pool: string
  readonly shareID?: string
}
export interface AllocatedDeviceStatusDraft {
  readonly conditions?: ReadonlyArray<metaV1.ConditionDraft>
  readonly data?: Json
  readonly device: string
  readonly driver: string
  readonly networkData?: NetworkDeviceData
  readonly pool: string
  readonly shareID?: string
}
export const AllocatedDeviceStatus: Field.Lazy<AllocatedDeviceStatus> = define("resource.v1.AllocatedDeviceStatus", () =>
  struct({
    conditions: optional(list(metaV1.Condition(), { list: "map", keys: ["type"] })),
    data: optional(Free),
    device: Text,
    driver: Text,
    networkData: optional(NetworkDeviceData()),
    pool: Text,
    shareID: optional(Text)
  }), { parts: ["conditions","device","driver","pool"] })

export interface AllocationResult {
  readonly allocationTimestamp?: string
  readonly devices: DeviceAllocationResult
  readonly nodeSelector?: coreV1.NodeSelector
}
export interface AllocationResultDraft {
  readonly allocationTimestamp?: string
  readonly devices?: DeviceAllocationResultDraft
  readonly nodeSelector?: coreV1.NodeSelector
}
export const AllocationResult: Field.Lazy<AllocationResult> = define("resource.v1.AllocationResult", () =>
  struct({
    allocationTimestamp: optional(Time),
    devices: defaulted(DeviceAllocationResult(), {}),
    nodeSelector: optional(coreV1.NodeSelector())
  }), { parts: ["devices"] })

export interface CELDeviceSelector {
  readonly expression: string
}
export const CELDeviceSelector: Field.Lazy<CELDeviceSelector> = define("resource.v1.CELDeviceSelector", () =>
  struct({
    expression: Text
  }), { parts: ["expression"] })

export interface CapacityRequestPolicy {
  readonly default?: string
  readonly validRange?: CapacityRequestPolicyRange
  readonly validValues?: ReadonlyArray<string>
}
export const CapacityRequestPolicy: Field.Lazy<CapacityRequestPolicy> = define("resource.v1.CapacityRequestPolicy", () =>
  struct({
    default: optional(Quantity),
    validRange: optional(CapacityRequestPolicyRange()),
    validValues: optional(list(Quantity, { list: "atomic" }))
  }), { parts: ["default"] })

export interface CapacityRequestPolicyRange {
  readonly max?: string
  readonly min: string
  readonly step?: string
}
export const CapacityRequestPolicyRange: Field.Lazy<CapacityRequestPolicyRange> = define("resource.v1.CapacityRequestPolicyRange", () =>
  struct({
    max: optional(Quantity),
    min: Quantity,
    step: optional(Quantity)
  }))

export interface CapacityRequirements {
  readonly requests?: { readonly [key: string]: string }
}
export const CapacityRequirements: Field.Lazy<CapacityRequirements> = define("resource.v1.CapacityRequirements", () =>
  struct({
    requests: optional(map(Quantity))
  }))

export interface Counter {
  readonly value: string
}
export const Counter: Field.Lazy<Counter> = define("resource.v1.Counter", () =>
  struct({
    value: Quantity
  }))

export interface CounterSet {
  readonly counters: { readonly [key: string]: Counter }
  readonly name: string
}
export const CounterSet: Field.Lazy<CounterSet> = define("resource.v1.CounterSet", () =>
  struct({
    counters: map(Counter()),
    name: Text
  }), { parts: ["name"] })

export interface Device {
  readonly allNodes?: boolean
  readonly allowMultipleAllocations?: boolean
  readonly attributes?: { readonly [key: string]: DeviceAttribute }
  readonly bindingConditions?: ReadonlyArray<string>
  readonly bindingFailureConditions?: ReadonlyArray<string>
  readonly bindsToNode?: boolean
  readonly capacity?: { readonly [key: string]: DeviceCapacity }
  readonly consumesCounters?: ReadonlyArray<DeviceCounterConsumption>
  readonly name: string
  readonly nodeAllocatableResourceMappings?: { readonly [key: string]: NodeAllocatableResourceMapping }
  readonly nodeName?: string
  readonly nodeSelector?: coreV1.NodeSelector
  readonly taints?: ReadonlyArray<DeviceTaint>
}
export const Device: Field.Lazy<Device> = define("resource.v1.Device", () =>
  struct({
    allNodes: optional(Bool),
    allowMultipleAllocations: optional(Bool),
    attributes: optional(map(DeviceAttribute())),
    bindingConditions: optional(list(Text, { list: "atomic" })),
    bindingFailureConditions: optional(list(Text, { list: "atomic" })),
    bindsToNode: optional(Bool),
    capacity: optional(map(DeviceCapacity())),
    consumesCounters: optional(list(DeviceCounterConsumption(), { list: "atomic" })),
    name: Text,
    nodeAllocatableResourceMappings: optional(map(NodeAllocatableResourceMapping())),
    nodeName: optional(Text),
    nodeSelector: optional(coreV1.NodeSelector()),
    taints: optional(list(DeviceTaint(), { list: "atomic" }))
  }), { parts: ["name"] })

export interface DeviceAllocationConfiguration {
  readonly opaque?: OpaqueDeviceConfiguration
  readonly requests?: ReadonlyArray<string>
  readonly source: string
}
export const DeviceAllocationConfiguration: Field.Lazy<DeviceAllocationConfiguration> = define("resource.v1.DeviceAllocationConfiguration", () =>
  struct({
    opaque: optional(OpaqueDeviceConfiguration()),
    requests: optional(list(Text, { list: "atomic" })),
    source: Text
  }), { parts: ["source"] })

export interface DeviceAllocationResult {
  readonly config?: ReadonlyArray<DeviceAllocationConfiguration>
  readonly results?: ReadonlyArray<DeviceRequestAllocationResult>
}
export interface DeviceAllocationResultDraft {
  readonly config?: ReadonlyArray<DeviceAllocationConfiguration>
  readonly results?: ReadonlyArray<DeviceRequestAllocationResultDraft>
}
export const DeviceAllocationResult: Field.Lazy<DeviceAllocationResult> = define("resource.v1.DeviceAllocationResult", () =>
  struct({
    config: optional(list(DeviceAllocationConfiguration(), { list: "atomic" })),
    results: optional(list(DeviceRequestAllocationResult(), { list: "atomic" }))
  }))

export interface DeviceAttribute {
  readonly bool?: boolean
  readonly bools?: ReadonlyArray<boolean>
  readonly int?: number
  readonly ints?: ReadonlyArray<number>
  readonly string?: string
  readonly strings?: ReadonlyArray<string>
  readonly version?: string
  readonly versions?: ReadonlyArray<string>
}
export const DeviceAttribute: Field.Lazy<DeviceAttribute> = define("resource.v1.DeviceAttribute", () =>
  struct({
    bool: optional(Bool),
    bools: optional(list(Bool, { list: "atomic" })),
    int: optional(Int64),
    ints: optional(list(Int64, { list: "atomic" })),
    string: optional(Text),
    strings: optional(list(Text, { list: "atomic" })),
    version: optional(Text),
    versions: optional(list(Text, { list: "atomic" }))
  }))

export interface DeviceCapacity {
  readonly requestPolicy?: CapacityRequestPolicy
  readonly value: string
}
export const DeviceCapacity: Field.Lazy<DeviceCapacity> = define("resource.v1.DeviceCapacity", () =>
  struct({
    requestPolicy: optional(CapacityRequestPolicy()),
    value: Quantity
  }))

export interface DeviceClaim {
  readonly config?: ReadonlyArray<DeviceClaimConfiguration>
  readonly constraints?: ReadonlyArray<DeviceConstraint>
  readonly requests?: ReadonlyArray<DeviceRequest>
}
export interface DeviceClaimDraft {
  readonly config?: ReadonlyArray<DeviceClaimConfiguration>
  readonly constraints?: ReadonlyArray<DeviceConstraint>
  readonly requests?: ReadonlyArray<DeviceRequestDraft>
}
export const DeviceClaim: Field.Lazy<DeviceClaim> = define("resource.v1.DeviceClaim", () =>
  struct({
    config: optional(list(DeviceClaimConfiguration(), { list: "atomic" })),
    constraints: optional(list(DeviceConstraint(), { list: "atomic" })),
    requests: optional(list(DeviceRequest(), { list: "atomic" }))
  }), { parts: ["requests"] })

export interface DeviceClaimConfiguration {
  readonly opaque?: OpaqueDeviceConfiguration
  readonly requests?: ReadonlyArray<string>
}
export const DeviceClaimConfiguration: Field.Lazy<DeviceClaimConfiguration> = define("resource.v1.DeviceClaimConfiguration", () =>
  struct({
    opaque: optional(OpaqueDeviceConfiguration()),
    requests: optional(list(Text, { list: "atomic" }))
  }))

export interface DeviceClass {
  readonly metadata: ObjectMeta
  readonly spec: DeviceClassSpec
}
export interface DeviceClassDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: DeviceClassSpec
}
export const DeviceClassSchema: Field.Lazy<DeviceClassDraft> = define("resource.v1.DeviceClass", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: DeviceClassSpec()
  }), { parts: ["metadata","spec"] })
export const DeviceClass = Kind.make<DeviceClass, DeviceClassDraft>({
  kind: "DeviceClass",
  plural: "deviceclasses",
  singular: "deviceclass",
  namespaced: false,
  storage: "deviceclasses.resource.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "resource.k8s.io", version: "v1", schema: asJson(DeviceClassSchema) }]
})

export interface DeviceClassConfiguration {
  readonly opaque?: OpaqueDeviceConfiguration
}
export const DeviceClassConfiguration: Field.Lazy<DeviceClassConfiguration> = define("resource.v1.DeviceClassConfiguration", () =>
  struct({
    opaque: optional(OpaqueDeviceConfiguration())
  }))

export interface DeviceClassSpec {
  readonly config?: ReadonlyArray<DeviceClassConfiguration>
  readonly extendedResourceName?: string
  readonly selectors?: ReadonlyArray<DeviceSelector>
}
export const DeviceClassSpec: Field.Lazy<DeviceClassSpec> = define("resource.v1.DeviceClassSpec", () =>
  struct({
    config: optional(list(DeviceClassConfiguration(), { list: "atomic" })),
    extendedResourceName: optional(Text),
    selectors: optional(list(DeviceSelector(), { list: "atomic" }))
  }))

export interface DeviceConstraint {
  readonly distinctAttribute?: string
  readonly matchAttribute?: string
  readonly requests?: ReadonlyArray<string>
}
export const DeviceConstraint: Field.Lazy<DeviceConstraint> = define("resource.v1.DeviceConstraint", () =>
  struct({
    distinctAttribute: optional(Text),
    matchAttribute: optional(Text),
    requests: optional(list(Text, { list: "atomic" }))
  }))

export interface DeviceCounterConsumption {
  readonly counterSet: string
  readonly counters: { readonly [key: string]: Counter }
}
export const DeviceCounterConsumption: Field.Lazy<DeviceCounterConsumption> = define("resource.v1.DeviceCounterConsumption", () =>
  struct({
    counterSet: Text,
    counters: map(Counter())
  }), { parts: ["counterSet"] })

export interface DeviceRequest {
  readonly exactly?: ExactDeviceRequest
  readonly firstAvailable?: ReadonlyArray<DeviceSubRequest>
  readonly name: string
}
export interface DeviceRequestDraft {
  readonly exactly?: ExactDeviceRequestDraft
  readonly firstAvailable?: ReadonlyArray<DeviceSubRequestDraft>
  readonly name: string
}
export const DeviceRequest: Field.Lazy<DeviceRequest> = define("resource.v1.DeviceRequest", () =>
  struct({
    exactly: optional(ExactDeviceRequest()),
    firstAvailable: optional(list(DeviceSubRequest(), { list: "atomic" })),
    name: Text
  }), { parts: ["name"] })

export interface DeviceRequestAllocationResult {
  readonly adminAccess?: boolean
  readonly bindingConditions?: ReadonlyArray<string>
  readonly bindingFailureConditions?: ReadonlyArray<string>
  readonly consumedCapacity?: { readonly [key: string]: string }
  readonly device: string
  readonly driver: string
  readonly pool: string
  readonly request: string
  readonly shareID?: string
  readonly tolerations?: ReadonlyArray<DeviceToleration>
}
export interface DeviceRequestAllocationResultDraft {
  readonly adminAccess?: boolean
  readonly bindingConditions?: ReadonlyArray<string>
  readonly bindingFailureConditions?: ReadonlyArray<string>
  readonly consumedCapacity?: { readonly [key: string]: string }
  readonly device: string
  readonly driver: string
  readonly pool: string
  readonly request: string
  readonly shareID?: string
  readonly tolerations?: ReadonlyArray<DeviceTolerationDraft>
}
export const DeviceRequestAllocationResult: Field.Lazy<DeviceRequestAllocationResult> = define("resource.v1.DeviceRequestAllocationResult", () =>
  struct({
    adminAccess: optional(Bool),
    bindingConditions: optional(list(Text, { list: "atomic" })),
    bindingFailureConditions: optional(list(Text, { list: "atomic" })),
    consumedCapacity: optional(map(Quantity)),
    device: Text,
    driver: Text,
    pool: Text,
    request: Text,
    shareID: optional(Text),
    tolerations: optional(list(DeviceToleration(), { list: "atomic" }))
  }), { parts: ["device","driver","pool","request"] })

export interface DeviceSelector {
  readonly cel?: CELDeviceSelector
}
export const DeviceSelector: Field.Lazy<DeviceSelector> = define("resource.v1.DeviceSelector", () =>
  struct({
    cel: optional(CELDeviceSelector())
  }))

export interface DeviceSubRequest {
  readonly allocationMode: string
  readonly capacity?: CapacityRequirements
  readonly count?: number
  readonly deviceClassName: string
  readonly name: string
  readonly selectors?: ReadonlyArray<DeviceSelector>
  readonly tolerations?: ReadonlyArray<DeviceToleration>
}
export interface DeviceSubRequestDraft {
  readonly allocationMode?: string
  readonly capacity?: CapacityRequirements
  readonly count?: number
  readonly deviceClassName: string
  readonly name: string
  readonly selectors?: ReadonlyArray<DeviceSelector>
  readonly tolerations?: ReadonlyArray<DeviceTolerationDraft>
}
export const DeviceSubRequest: Field.Lazy<DeviceSubRequest> = define("resource.v1.DeviceSubRequest", () =>
  struct({
    allocationMode: defaulted(Text, "ExactCount"),
    capacity: optional(CapacityRequirements()),
    count: optional(Int64),
    deviceClassName: Text,
    name: Text,
    selectors: optional(list(DeviceSelector(), { list: "atomic" })),
    tolerations: optional(list(DeviceToleration(), { list: "atomic" }))
  }), { omitted: ["allocationMode","count"], parts: ["deviceClassName","name"] })

export interface DeviceTaint {
  readonly effect: string
  readonly key: string
  readonly timeAdded?: string
  readonly value?: string
}
export const DeviceTaint: Field.Lazy<DeviceTaint> = define("resource.v1.DeviceTaint", () =>
  struct({
    effect: Text,
    key: Text,
    timeAdded: optional(Time),
    value: optional(Text)
  }), { omitted: ["value"], parts: ["effect","key"] })

export interface DeviceToleration {
  readonly effect?: string
  readonly key?: string
  readonly operator: string
  readonly tolerationSeconds?: number
  readonly value?: string
}
export interface DeviceTolerationDraft {
  readonly effect?: string
  readonly key?: string
  readonly operator?: string
  readonly tolerationSeconds?: number
  readonly value?: string
}
export const DeviceToleration: Field.Lazy<DeviceToleration> = define("resource.v1.DeviceToleration", () =>
  struct({
    effect: optional(Text),
    key: optional(Text),
    operator: defaulted(Text, "Equal"),
    tolerationSeconds: optional(Int64),
    value: optional(Text)
  }), { omitted: ["effect","key","operator","value"] })

export interface ExactDeviceRequest {
  readonly adminAccess?: boolean
  readonly allocationMode: string
  readonly capacity?: CapacityRequirements
  readonly count?: number
  readonly deviceClassName: string
  readonly selectors?: ReadonlyArray<DeviceSelector>
  readonly tolerations?: ReadonlyArray<DeviceToleration>
}
export interface ExactDeviceRequestDraft {
  readonly adminAccess?: boolean
  readonly allocationMode?: string
  readonly capacity?: CapacityRequirements
  readonly count?: number
  readonly deviceClassName: string
  readonly selectors?: ReadonlyArray<DeviceSelector>
  readonly tolerations?: ReadonlyArray<DeviceTolerationDraft>
}
export const ExactDeviceRequest: Field.Lazy<ExactDeviceRequest> = define("resource.v1.ExactDeviceRequest", () =>
  struct({
    adminAccess: optional(Bool),
    allocationMode: defaulted(Text, "ExactCount"),
    capacity: optional(CapacityRequirements()),
    count: optional(Int64),
    deviceClassName: Text,
    selectors: optional(list(DeviceSelector(), { list: "atomic" })),
    tolerations: optional(list(DeviceToleration(), { list: "atomic" }))
  }), { omitted: ["allocationMode","count"], parts: ["deviceClassName"] })

export interface NetworkDeviceData {
  readonly hardwareAddress?: string
  readonly interfaceName?: string
  readonly ips?: ReadonlyArray<string>
}
export const NetworkDeviceData: Field.Lazy<NetworkDeviceData> = define("resource.v1.NetworkDeviceData", () =>
  struct({
    hardwareAddress: optional(Text),
    interfaceName: optional(Text),
    ips: optional(list(Text, { list: "atomic" }))
  }), { omitted: ["hardwareAddress","interfaceName"] })

export interface NodeAllocatableResourceMapping {
  readonly allocationMultiplier?: string
  readonly capacityKey?: string
}
export const NodeAllocatableResourceMapping: Field.Lazy<NodeAllocatableResourceMapping> = define("resource.v1.NodeAllocatableResourceMapping", () =>
  struct({
    allocationMultiplier: optional(Quantity),
    capacityKey: optional(Text)
  }))

export interface OpaqueDeviceConfiguration {
  readonly driver: string
  readonly parameters: Json
}
export const OpaqueDeviceConfiguration: Field.Lazy<OpaqueDeviceConfiguration> = define("resource.v1.OpaqueDeviceConfiguration", () =>
  struct({
    driver: Text,
    parameters: Free
  }), { parts: ["driver"] })

export interface ResourceClaim {
  readonly metadata: ObjectMeta
  readonly spec: ResourceClaimSpec
  readonly status: ResourceClaimStatus
}
export interface ResourceClaimDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: ResourceClaimSpecDraft
  readonly status?: ResourceClaimStatusDraft
}
export const ResourceClaimSchema: Field.Lazy<ResourceClaimDraft> = define("resource.v1.ResourceClaim", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: ResourceClaimSpec(),
    status: defaulted(ResourceClaimStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const ResourceClaim = Kind.make<ResourceClaim, ResourceClaimDraft>({
  kind: "ResourceClaim",
  plural: "resourceclaims",
  singular: "resourceclaim",
  namespaced: true,
  storage: "resourceclaims.resource.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  versions: [{ group: "resource.k8s.io", version: "v1", schema: asJson(ResourceClaimSchema) }]
})

export interface ResourceClaimConsumerReference {
  readonly apiGroup?: string
  readonly name: string
  readonly resource: string
  readonly uid: string
}
export const ResourceClaimConsumerReference: Field.Lazy<ResourceClaimConsumerReference> = define("resource.v1.ResourceClaimConsumerReference", () =>
  struct({
    apiGroup: optional(Text),
    name: Text,
    resource: Text,
    uid: Text
  }), { omitted: ["apiGroup"], parts: ["name","resource","uid"] })

export interface ResourceClaimSpec {
  readonly devices: DeviceClaim
}
export interface ResourceClaimSpecDraft {
  readonly devices?: DeviceClaimDraft
}
export const ResourceClaimSpec: Field.Lazy<ResourceClaimSpec> = define("resource.v1.ResourceClaimSpec", () =>
  struct({
    devices: defaulted(DeviceClaim(), {})
  }), { parts: ["devices"] })

export interface ResourceClaimStatus {
  readonly allocation?: AllocationResult
  readonly devices?: ReadonlyArray<AllocatedDeviceStatus>
  readonly reservedFor?: ReadonlyArray<ResourceClaimConsumerReference>
}
export interface ResourceClaimStatusDraft {
  readonly allocation?: AllocationResultDraft
  readonly devices?: ReadonlyArray<AllocatedDeviceStatusDraft>
  readonly reservedFor?: ReadonlyArray<ResourceClaimConsumerReference>
}
export const ResourceClaimStatus: Field.Lazy<ResourceClaimStatus> = define("resource.v1.ResourceClaimStatus", () =>
  struct({
    allocation: optional(AllocationResult()),
    devices: optional(list(AllocatedDeviceStatus(), { list: "map", keys: ["driver","device","pool","shareID"] })),
    reservedFor: optional(list(ResourceClaimConsumerReference(), { list: "map", keys: ["uid"], patch: ["merge"], mergeKey: "uid" }))
  }))

export interface ResourceClaimTemplate {
  readonly metadata: ObjectMeta
  readonly spec: ResourceClaimTemplateSpec
}
export interface ResourceClaimTemplateDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: ResourceClaimTemplateSpecDraft
}
export const ResourceClaimTemplateSchema: Field.Lazy<ResourceClaimTemplateDraft> = define("resource.v1.ResourceClaimTemplate", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: ResourceClaimTemplateSpec()
  }), { parts: ["metadata","spec"] })
export const ResourceClaimTemplate = Kind.make<ResourceClaimTemplate, ResourceClaimTemplateDraft>({
  kind: "ResourceClaimTemplate",
  plural: "resourceclaimtemplates",
  singular: "resourceclaimtemplate",
  namespaced: true,
  storage: "resourceclaimtemplates.resource.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "resource.k8s.io", version: "v1", schema: asJson(ResourceClaimTemplateSchema) }]
})

export interface ResourceClaimTemplateSpec {
  readonly metadata: ObjectMetaDraft
  readonly spec: ResourceClaimSpec
}
export interface ResourceClaimTemplateSpecDraft {
  readonly metadata?: ObjectMetaDraft
  readonly spec: ResourceClaimSpecDraft
}
export const ResourceClaimTemplateSpec: Field.Lazy<ResourceClaimTemplateSpec> = define("resource.v1.ResourceClaimTemplateSpec", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: ResourceClaimSpec()
  }), { parts: ["metadata","spec"] })

export interface ResourcePool {
  readonly generation: number
  readonly name: string
  readonly resourceSliceCount: number
}
export const ResourcePool: Field.Lazy<ResourcePool> = define("resource.v1.ResourcePool", () =>
  struct({
    generation: Int64,
    name: Text,
    resourceSliceCount: Int64
  }), { parts: ["generation","name","resourceSliceCount"] })

export interface ResourceSlice {
  readonly metadata: ObjectMeta
  readonly spec: ResourceSliceSpec
}
export interface ResourceSliceDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: ResourceSliceSpec
}
export const ResourceSliceSchema: Field.Lazy<ResourceSliceDraft> = define("resource.v1.ResourceSlice", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: ResourceSliceSpec()
  }), { parts: ["metadata","spec"] })
export const ResourceSlice = Kind.make<ResourceSlice, ResourceSliceDraft>({
  kind: "ResourceSlice",
  plural: "resourceslices",
  singular: "resourceslice",
  namespaced: false,
  storage: "resourceslices.resource.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "resource.k8s.io", version: "v1", schema: asJson(ResourceSliceSchema) }]
})

export interface ResourceSliceSpec {
  readonly allNodes?: boolean
  readonly devices?: ReadonlyArray<Device>
  readonly driver: string
  readonly nodeName?: string
  readonly nodeSelector?: coreV1.NodeSelector
  readonly perDeviceNodeSelection?: boolean
  readonly pool: ResourcePool
  readonly sharedCounters?: ReadonlyArray<CounterSet>
}
export const ResourceSliceSpec: Field.Lazy<ResourceSliceSpec> = define("resource.v1.ResourceSliceSpec", () =>
  struct({
    allNodes: optional(Bool),
    devices: optional(list(Device(), { list: "atomic" })),
    driver: Text,
    nodeName: optional(Text),
    nodeSelector: optional(coreV1.NodeSelector()),
    perDeviceNodeSelection: optional(Bool),
    pool: ResourcePool(),
    sharedCounters: optional(list(CounterSet(), { list: "atomic" }))
  }), { parts: ["driver","pool"] })
