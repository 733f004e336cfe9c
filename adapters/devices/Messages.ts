/**
 * The messages by which upstream's device plugins speak with a kubelet, by the numbers of their fields. Source: deviceplugin/v1beta1 and
 * pluginregistration/v1 of k8s.io/kubelet.
 */
import { Schema } from "effect"
import protobuf from "protobufjs"

const text = (id: number) => ({ id, type: "string" })
const texts = (id: number) => ({ id, type: "string", keyType: "string" })
const bool = (id: number) => ({ id, type: "bool" })
const many = (id: number, type: string) => ({ id, type, rule: "repeated" })
const fields = (fields: { readonly [name: string]: protobuf.IField | protobuf.IMapField }) => ({ fields })

const root = protobuf.Root.fromJSON({
  options: {},
  nested: {
    Empty: fields({}),
    Options: fields({ preStart: bool(1), prefers: bool(2) }),
    RegisterRequest: fields({ version: text(1), endpoint: text(2), resource: text(3), options: { id: 4, type: "Options" } }),
    NumaNode: fields({ id: { id: 1, type: "int64" } }),
    Topology: fields({ nodes: many(1, "NumaNode") }),
    Device: fields({ id: text(1), health: text(2), topology: { id: 3, type: "Topology" } }),
    Devices: fields({ devices: many(1, "Device") }),
    DeviceIds: fields({ ids: many(1, "string") }),
    PreferRequest: fields({ available: many(1, "string"), mustInclude: many(2, "string"), size: { id: 3, type: "int32" } }),
    PreferRequests: fields({ requests: many(1, "PreferRequest") }),
    Preferred: fields({ responses: many(1, "DeviceIds") }),
    AllocateRequests: fields({ requests: many(1, "DeviceIds") }),
    Mount: fields({ containerPath: text(1), hostPath: text(2), readOnly: bool(3) }),
    DeviceFile: fields({ containerPath: text(1), hostPath: text(2), permissions: text(3) }),
    CdiDevice: fields({ name: text(1) }),
    Given: fields({
      env: texts(1),
      mounts: many(2, "Mount"),
      devices: many(3, "DeviceFile"),
      annotations: texts(4),
      cdiDevices: many(5, "CdiDevice")
    }),
    Allocated: fields({ responses: many(1, "Given") }),
    Claim: fields({ namespace: text(1), uid: text(2), name: text(3) }),
    Claims: fields({ claims: many(1, "Claim") }),
    ClaimDevice: fields({
      requests: many(1, "string"),
      pool: text(2),
      device: text(3),
      cdiDevices: many(4, "string"),
      share: text(5)
    }),
    PreparedClaim: fields({ devices: many(1, "ClaimDevice"), error: text(2) }),
    PreparedClaims: fields({ claims: { id: 1, type: "PreparedClaim", keyType: "string" } }),
    UnpreparedClaim: fields({ error: text(1) }),
    UnpreparedClaims: fields({ claims: { id: 1, type: "UnpreparedClaim", keyType: "string" } }),
    PluginInfo: fields({ type: text(1), name: text(2), endpoint: text(3), versions: many(4, "string") }),
    RegistrationStatus: fields({ registered: bool(1), error: text(2) })
  }
})

/** 64-bit numbers come as text. */
const reading = { longs: String, defaults: true, arrays: true, objects: true } as const

export const encoder = (name: string) => {
  const type = root.lookupType(name)
  return (message: object) => Buffer.from(type.encode(type.fromObject(message)).finish())
}
export const decoder = (name: string) => {
  const type = root.lookupType(name)
  return (bytes: Buffer): unknown => type.toObject(type.decode(bytes), reading)
}

const { Array: List, Boolean: Bool, FiniteFromString, NullOr, Record, String: Text, Struct, optionalKey } = Schema
const Texts = Record(Text, Text)
const Path = { containerPath: Text, hostPath: Text }

export const RegisterRequest = Struct({ version: Text, endpoint: Text, resource: Text })
export const PluginInfo = Struct({ type: Text, name: Text, endpoint: Text, versions: List(Text) })

const Given = Struct({
  env: Texts,
  mounts: List(Struct({ ...Path, readOnly: Bool })),
  devices: List(Struct({ ...Path, permissions: Text })),
  annotations: Texts,
  cdiDevices: List(Struct({ name: Text }))
})
const Topology = optionalKey(NullOr(Struct({ nodes: List(Struct({ id: FiniteFromString })) })))

const plugin = "/v1beta1.DevicePlugin"
const registration = "/pluginregistration.Registration"

const claimDevice = Struct({ requests: List(Text), pool: Text, device: Text, cdiDevices: List(Text), share: Text })
const prepared = {
  asks: "Claims",
  answers: "PreparedClaims",
  reply: Struct({ claims: Record(Text, Struct({ devices: List(claimDevice), error: Text })) })
} as const
const unprepared = {
  asks: "Claims",
  answers: "UnpreparedClaims",
  reply: Struct({ claims: Record(Text, Struct({ error: Text })) })
} as const
const claims = "/k8s.io.kubelet.pkg.apis.dra"

/** What is called, with the names of its messages and what is read of the answer. */
export const calls = {
  options: {
    path: `${plugin}/GetDevicePluginOptions`,
    asks: "Empty",
    answers: "Options",
    reply: Struct({ preStart: Bool, prefers: Bool })
  },
  prefer: {
    path: `${plugin}/GetPreferredAllocation`,
    asks: "PreferRequests",
    answers: "Preferred",
    reply: Struct({ responses: List(Struct({ ids: List(Text) })) })
  },
  allocate: {
    path: `${plugin}/Allocate`,
    asks: "AllocateRequests",
    answers: "Allocated",
    reply: Struct({ responses: List(Given) })
  },
  preStart: { path: `${plugin}/PreStartContainer`, asks: "DeviceIds", answers: "Empty", reply: Struct({}) },
  devices: {
    path: `${plugin}/ListAndWatch`,
    asks: "Empty",
    answers: "Devices",
    reply: Struct({ devices: List(Struct({ id: Text, health: Text, topology: Topology })) })
  },
  prepare: { path: `${claims}.v1.DRAPlugin/NodePrepareResources`, ...prepared },
  prepareV1beta1: { path: `${claims}.v1beta1.DRAPlugin/NodePrepareResources`, ...prepared },
  unprepare: { path: `${claims}.v1.DRAPlugin/NodeUnprepareResources`, ...unprepared },
  unprepareV1beta1: { path: `${claims}.v1beta1.DRAPlugin/NodeUnprepareResources`, ...unprepared },
  info: { path: `${registration}/GetInfo`, asks: "Empty", answers: "PluginInfo", reply: PluginInfo },
  notify: {
    path: `${registration}/NotifyRegistrationStatus`,
    asks: "RegistrationStatus",
    answers: "Empty",
    reply: Struct({})
  }
} as const
