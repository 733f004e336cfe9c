/** The plugins of the scheduler itself, in the order in which they are asked, with the weights of their scores. */
import { Effect } from "effect"
import type { Arguments } from "./Configuration.ts"
import type { Extension } from "./contracts/Extensions.ts"
import type { Spaces } from "./contracts/PodTerms.ts"
import type { Devices } from "./devices/Devices.ts"
import * as DefaultBinder from "./plugins/default-binder/DefaultBinder.ts"
import * as DefaultPreemption from "./plugins/default-preemption/DefaultPreemption.ts"
import type { Handle } from "./plugins/default-preemption/Eviction.ts"
import * as DynamicResources from "./plugins/dynamic-resources/DynamicResources.ts"
import * as ImageLocality from "./plugins/image-locality/ImageLocality.ts"
import * as InterPodAffinity from "./plugins/inter-pod-affinity/InterPodAffinity.ts"
import * as NodeAffinity from "./plugins/node-affinity/NodeAffinity.ts"
import * as NodeName from "./plugins/node-name/NodeName.ts"
import * as NodePorts from "./plugins/node-ports/NodePorts.ts"
import * as NodeResourcesBalancedAllocation from "./plugins/node-resources-balanced-allocation/NodeResourcesBalancedAllocation.ts"
import * as NodeResourcesFit from "./plugins/node-resources-fit/NodeResourcesFit.ts"
import * as NodeUnschedulable from "./plugins/node-unschedulable/NodeUnschedulable.ts"
import * as PodTopologySpread from "./plugins/pod-topology-spread/PodTopologySpread.ts"
import * as PrioritySort from "./plugins/priority-sort/PrioritySort.ts"
import * as SchedulingGates from "./plugins/scheduling-gates/SchedulingGates.ts"
import * as TaintToleration from "./plugins/taint-toleration/TaintToleration.ts"
import * as NodeVolumeLimits from "./plugins/node-volume-limits/NodeVolumeLimits.ts"
import * as VolumeBinding from "./plugins/volume-binding/VolumeBinding.ts"
import * as VolumeRestrictions from "./plugins/volume-restrictions/VolumeRestrictions.ts"
import * as VolumeZone from "./plugins/volume-zone/VolumeZone.ts"
import type { Storage } from "./storage/Storage.ts"

/** A list takes the place of the system's defaults, also if it is empty. */
const spreading = ({ defaultConstraints = [], defaultingType }: NonNullable<Arguments["PodTopologySpread"]> = {}) =>
  defaultingType === "List" || defaultConstraints.length > 0 ? { defaultConstraints } : {}

export const make = Effect.fnUntraced(function* (
  handle: Handle,
  { devices, spaces, storage }: { readonly devices: Devices; readonly spaces: Spaces; readonly storage: Storage },
  args: Arguments = {}
) {
  const extensions: ReadonlyArray<Extension> = [
    { plugin: SchedulingGates.plugin },
    { plugin: PrioritySort.plugin },
    { plugin: NodeUnschedulable.plugin },
    { plugin: NodeName.plugin },
    { plugin: TaintToleration.plugin, weight: 3 },
    { plugin: NodeAffinity.make(args.NodeAffinity), weight: 2 },
    { plugin: NodePorts.plugin },
    { plugin: NodeResourcesFit.make(args.NodeResourcesFit) },
    { plugin: VolumeRestrictions.make(storage) },
    { plugin: NodeVolumeLimits.make(storage) },
    { plugin: yield* VolumeBinding.make(storage, args.VolumeBinding) },
    { plugin: VolumeZone.make(storage) },
    { plugin: yield* PodTopologySpread.make(spreading(args.PodTopologySpread)), weight: 2 },
    { plugin: InterPodAffinity.make(spaces, args.InterPodAffinity), weight: 2 },
    { plugin: yield* DynamicResources.make(devices, handle.record, args.DynamicResources), weight: 2 },
    { plugin: yield* DefaultPreemption.make(handle, args.DefaultPreemption) },
    { plugin: NodeResourcesBalancedAllocation.make(args.NodeResourcesBalancedAllocation) },
    { plugin: ImageLocality.plugin },
    { plugin: yield* DefaultBinder.make }
  ]
  return extensions
})
