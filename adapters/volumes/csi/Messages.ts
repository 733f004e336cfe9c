/**
 * The messages of the Container Storage Interface 1.x that are used here, by the numbers of their fields; and those by which a plugin
 * registers with a kubelet. Source: csi.proto of container-storage-interface/spec, pluginregistration/v1 of k8s.io/kubelet.
 */
import { Schema } from "effect"
import protobuf from "protobufjs"

const text = (id: number) => ({ id, type: "string" })
const texts = (id: number) => ({ id, type: "string", keyType: "string" })
const int64 = (id: number) => ({ id, type: "int64" })
const bool = (id: number) => ({ id, type: "bool" })
const of = (type: string) => (id: number) => ({ id, type })
const many = (id: number, type: string) => ({ id, type, rule: "repeated" })
const capability = of("VolumeCapability")
const topology = of("Topology")
const range = of("CapacityRange")

const fields = (fields: { readonly [name: string]: protobuf.IField | protobuf.IMapField }) => ({ fields })

const shared = {
  Type: fields({ type: { id: 1, type: "int32" } }),
  PluginCapability: fields({ service: of("Type")(1), volume_expansion: of("Type")(2) }),
  ServiceCapability: fields({ rpc: of("Type")(1) }),
  Block: fields({}),
  Mount: fields({ fs_type: text(1), mount_flags: many(2, "string"), volume_mount_group: text(3) }),
  AccessMode: fields({ mode: { id: 1, type: "int32" } }),
  VolumeCapability: fields({ block: of("Block")(1), mount: of("Mount")(2), access_mode: of("AccessMode")(3) }),
  CapacityRange: fields({ required_bytes: int64(1), limit_bytes: int64(2) }),
  Topology: fields({ segments: texts(1) }),
  TopologyRequirement: fields({ requisite: many(1, "Topology"), preferred: many(2, "Topology") }),
  Volume: fields({
    capacity_bytes: int64(1),
    volume_id: text(2),
    volume_context: texts(3),
    accessible_topology: many(5, "Topology")
  }),
  Int64Value: fields({ value: int64(1) }),
  BoolValue: fields({ value: bool(1) }),
  Usage: fields({ available: int64(1), total: int64(2), used: int64(3), unit: { id: 4, type: "int32" } })
}

const identity = {
  GetPluginInfo: [fields({}), fields({ name: text(1), vendor_version: text(2), manifest: texts(3) })],
  GetPluginCapabilities: [fields({}), fields({ capabilities: many(1, "PluginCapability") })],
  Probe: [fields({}), fields({ ready: of("BoolValue")(1) })]
} as const

const controller = {
  ControllerGetCapabilities: [fields({}), fields({ capabilities: many(1, "ServiceCapability") })],
  CreateVolume: [
    fields({
      name: text(1),
      capacity_range: range(2),
      volume_capabilities: many(3, "VolumeCapability"),
      parameters: texts(4),
      secrets: texts(5),
      accessibility_requirements: of("TopologyRequirement")(7)
    }),
    fields({ volume: of("Volume")(1) })
  ],
  DeleteVolume: [fields({ volume_id: text(1), secrets: texts(2) }), fields({})],
  ControllerPublishVolume: [
    fields({
      volume_id: text(1),
      node_id: text(2),
      volume_capability: capability(3),
      readonly: bool(4),
      secrets: texts(5),
      volume_context: texts(6)
    }),
    fields({ publish_context: texts(1) })
  ],
  ControllerUnpublishVolume: [fields({ volume_id: text(1), node_id: text(2), secrets: texts(3) }), fields({})],
  GetCapacity: [
    fields({ volume_capabilities: many(1, "VolumeCapability"), parameters: texts(2), accessible_topology: topology(3) }),
    fields({ available_capacity: int64(1), maximum_volume_size: of("Int64Value")(2) })
  ],
  ControllerExpandVolume: [
    fields({ volume_id: text(1), capacity_range: range(2), secrets: texts(3), volume_capability: capability(4) }),
    fields({ capacity_bytes: int64(1), node_expansion_required: bool(2) })
  ]
} as const

const node = {
  NodeGetCapabilities: [fields({}), fields({ capabilities: many(1, "ServiceCapability") })],
  NodeGetInfo: [fields({}), fields({ node_id: text(1), max_volumes_per_node: int64(2), accessible_topology: topology(3) })],
  NodeStageVolume: [
    fields({
      volume_id: text(1),
      publish_context: texts(2),
      staging_target_path: text(3),
      volume_capability: capability(4),
      secrets: texts(5),
      volume_context: texts(6)
    }),
    fields({})
  ],
  NodeUnstageVolume: [fields({ volume_id: text(1), staging_target_path: text(2) }), fields({})],
  NodePublishVolume: [
    fields({
      volume_id: text(1),
      publish_context: texts(2),
      staging_target_path: text(3),
      target_path: text(4),
      volume_capability: capability(5),
      readonly: bool(6),
      secrets: texts(7),
      volume_context: texts(8)
    }),
    fields({})
  ],
  NodeUnpublishVolume: [fields({ volume_id: text(1), target_path: text(2) }), fields({})],
  NodeGetVolumeStats: [fields({ volume_id: text(1), volume_path: text(2) }), fields({ usage: many(1, "Usage") })],
  NodeExpandVolume: [
    fields({
      volume_id: text(1),
      volume_path: text(2),
      capacity_range: range(3),
      staging_target_path: text(4),
      volume_capability: capability(5),
      secrets: texts(6)
    }),
    fields({ capacity_bytes: int64(1) })
  ]
} as const

const registration = {
  GetInfo: [fields({}), fields({ type: text(1), name: text(2), endpoint: text(3), supported_versions: many(4, "string") })],
  NotifyRegistrationStatus: [fields({ plugin_registered: bool(1), error: text(2) }), fields({})]
} as const

const services = [
  ["csi.v1.Identity", identity],
  ["csi.v1.Controller", controller],
  ["csi.v1.Node", node],
  ["pluginregistration.Registration", registration]
] as const

const methods = { ...identity, ...controller, ...node, ...registration }
export type Method = keyof typeof methods

const root = protobuf.Root.fromJSON({
  nested: {
    ...shared,
    ...Object.fromEntries(
      Object.entries(methods).flatMap(([name, [request, response]]) => [
        [`${name}Request`, request],
        [`${name}Response`, response]
      ])
    )
  }
})

/** 64-bit numbers come as text. */
const reading = { longs: String, defaults: true, arrays: true, objects: true } as const

export interface Codec {
  readonly path: string
  readonly encode: (message: object) => Buffer
  readonly decode: (bytes: Buffer) => unknown
}

export const codecs: ReadonlyMap<string, Codec> = new Map(
  services.flatMap(([service, all]) =>
    Object.keys(all).map((name) => {
      const [input, output] = [root.lookupType(`${name}Request`), root.lookupType(`${name}Response`)]
      return [
        name,
        {
          path: `/${service}/${name}`,
          encode: (message: object) => Buffer.from(input.encode(input.fromObject(message)).finish()),
          decode: (bytes: Buffer): unknown => output.toObject(output.decode(bytes), reading)
        }
      ] as const
    })
  )
)

const { Array: List, Boolean: Bool, FiniteFromString, Int, NullOr, Record, String: Text, Struct, optionalKey } = Schema
const Texts = Record(Text, Text)
const Topology = Struct({ segments: Texts })
const Typed = NullOr(Struct({ type: Int }))

/** What is read of the answers. */
export const replies = {
  GetPluginInfo: Struct({ name: Text, vendor_version: Text }),
  GetPluginCapabilities: Struct({ capabilities: List(Struct({ service: optionalKey(Typed) })) }),
  Probe: Struct({ ready: optionalKey(NullOr(Struct({ value: Bool }))) }),
  ControllerGetCapabilities: Struct({ capabilities: List(Struct({ rpc: optionalKey(Typed) })) }),
  CreateVolume: Struct({
    volume: Struct({
      capacity_bytes: FiniteFromString,
      volume_id: Text,
      volume_context: Texts,
      accessible_topology: List(Topology)
    })
  }),
  DeleteVolume: Struct({}),
  ControllerPublishVolume: Struct({ publish_context: Texts }),
  ControllerUnpublishVolume: Struct({}),
  GetCapacity: Struct({
    available_capacity: FiniteFromString,
    maximum_volume_size: optionalKey(NullOr(Struct({ value: FiniteFromString })))
  }),
  ControllerExpandVolume: Struct({ capacity_bytes: FiniteFromString, node_expansion_required: Bool }),
  NodeGetCapabilities: Struct({ capabilities: List(Struct({ rpc: optionalKey(Typed) })) }),
  NodeGetInfo: Struct({
    node_id: Text,
    max_volumes_per_node: FiniteFromString,
    accessible_topology: optionalKey(NullOr(Topology))
  }),
  NodeStageVolume: Struct({}),
  NodeUnstageVolume: Struct({}),
  NodePublishVolume: Struct({}),
  NodeUnpublishVolume: Struct({}),
  NodeGetVolumeStats: Struct({ usage: List(Struct({ total: FiniteFromString, used: FiniteFromString, unit: Int })) }),
  NodeExpandVolume: Struct({ capacity_bytes: FiniteFromString }),
  GetInfo: Struct({ type: Text, name: Text, endpoint: Text, supported_versions: List(Text) }),
  NotifyRegistrationStatus: Struct({})
} satisfies { readonly [_ in Method]: Schema.Decoder<unknown> }
