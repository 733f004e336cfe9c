/**
 * What keeps the data of Pods: makes volumes, brings them to a node and into a Pod's folder, makes them larger, and removes them. The
 * calls are those of the Container Storage Interface, so that any CSI driver is one implementation; the words are Kubernetes'.
 * Whoever calls may be killed and call again: every call can be repeated.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Boolean: Bool, Int, Literals, Record, String: Text, Struct, optionalKey } = Schema

const Texts = Record(Text, Text)

/** The driver did not do it. `code` is the name of gRPC's status, such as `INVALID_ARGUMENT`; `isFinal`: nothing was made, and nothing is under way. */
export class VolumeRefused extends Schema.TaggedError<VolumeRefused>()("VolumeRefused", {
  code: Text,
  message: Text,
  isFinal: Bool
}) {}
export class NoSuchVolume extends Schema.TaggedError<NoSuchVolume>()("NoSuchVolume", { id: Text }) {
  override get message() {
    return `volume ${this.id} does not exist`
  }
}
/** There is a volume of this name, which is another than is asked for. */
export class VolumeConflict extends Schema.TaggedError<VolumeConflict>()("VolumeConflict", { name: Text, message: Text }) {}
/** Not here, or not so large: elsewhere it may be possible. */
export class NoRoom extends Schema.TaggedError<NoRoom>()("NoRoom", { message: Text }) {}

export const Mode = Literals(["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"])
/** How a volume is used: as a folder, or as a `block` device. */
export const Access = Struct({
  modes: List(Mode),
  block: Bool,
  fsType: optionalKey(Text),
  mountOptions: optionalKey(List(Text))
})
export type Access = typeof Access.Type
/** From where it is reached: values of labels that nodes have. */
export const Topology = Texts
const secrets = optionalKey(Texts)

export const Volume = Struct({
  id: Text,
  bytes: Int,
  /** What the driver wants to be told again whenever the volume is used. */
  context: Texts,
  /** Nodes of any of them reach it; empty: all do. */
  topologies: List(Topology)
})
export type Volume = typeof Volume.Type

export const About = Struct({
  /** As in a StorageClass's `provisioner` and a PersistentVolume's `spec.csi.driver`. */
  driver: Text,
  version: Text,
  node: Struct({ id: Text, topology: Topology, maximumVolumes: optionalKey(Int) }),
  can: Struct({
    provision: Bool,
    attach: Bool,
    stage: Bool,
    expand: Bool,
    expandOnNode: Bool,
    capacity: Bool,
    stats: Bool,
    block: Bool
  })
})
export type About = typeof About.Type

const used = { id: Text, access: Access, context: Texts, attachment: optionalKey(Texts), secrets }

export class Volumes extends Contract.make<Volumes>()(
  "volumes/Volumes",
  {
    version: "1.0.0",
    laws: {
      "describe/named":
        "The driver has a name that is a DNS subdomain, and knows the node by an id; asked again it says the same.",
      "provision/again": "The same name and size again is the same volume.",
      "provision/conflict": "A name that is taken by a smaller volume is a VolumeConflict, and that volume stays.",
      "provision/size": "A volume is at least as large as was asked for.",
      "provision/full": "What is larger than can be had is NoRoom, and nothing is made.",
      "delete/again": "Deleting succeeds however often, and for what never was.",
      "delete/gone": "What was deleted cannot be used: NoSuchVolume or VolumeRefused.",
      "publish/again": "Publishing to the same folder again changes nothing.",
      "publish/kept": "What was written is there when the volume is published again, also elsewhere.",
      "publish/apart": "Two volumes share nothing.",
      "publish/shared": "In two folders at once, it is the same volume.",
      "publish/readonly": "What is published for reading cannot be written to, and is read.",
      "unpublish/again":
        "Unpublishing succeeds however often, and for what never was; the folder is gone, the data are not.",
      "expand/grows": "A volume that is made larger is at least as large as was asked for, and keeps its data.",
      "expand/again": "Asked again for the same size, or for less, it stays as large as it is."
    }
  },
  Contract.method("describe", { doc: "Who this is, and where this node is for it.", success: About, errors: [] }),
  Contract.method("provision", {
    doc: "Makes a volume. `parameters` are the StorageClass's; `within` where it shall be reached from, the best first.",
    payload: {
      name: Text,
      bytes: Int,
      maximumBytes: optionalKey(Int),
      access: Access,
      parameters: Texts,
      within: List(Topology),
      secrets
    },
    success: Volume,
    errors: [VolumeConflict, NoRoom, VolumeRefused]
  }),
  Contract.method("delete", {
    doc: "Removes a volume with its data.",
    payload: { id: Text, secrets },
    errors: [VolumeRefused]
  }),
  Contract.method("attach", {
    doc: "Lets a node reach the volume. What it returns is the `attachment` of later calls.",
    payload: { id: Text, node: Text, readOnly: Bool, access: Access, context: Texts, secrets },
    success: Texts,
    errors: [NoSuchVolume, VolumeRefused]
  }),
  Contract.method("detach", {
    doc: "Takes that back.",
    payload: { id: Text, node: Text, secrets },
    errors: [VolumeRefused]
  }),
  Contract.method("stage", {
    doc: "Brings the volume to `staging`, a folder of this node: once, for all Pods.",
    payload: { ...used, staging: Text },
    errors: [NoSuchVolume, VolumeRefused]
  }),
  Contract.method("unstage", { doc: "Takes that back.", payload: { id: Text, staging: Text }, errors: [VolumeRefused] }),
  Contract.method("publish", {
    doc: "Brings the volume to `target`, whose parent is there: a folder, or a file that is the device.",
    payload: { ...used, staging: optionalKey(Text), target: Text, readOnly: Bool },
    errors: [NoSuchVolume, VolumeRefused]
  }),
  Contract.method("unpublish", {
    doc: "Takes that back, and removes `target`.",
    payload: { id: Text, target: Text },
    errors: [VolumeRefused]
  }),
  Contract.method("expand", {
    doc: "Makes a volume larger. `onNode`: then `expandOnNode` is needed, on a node where it is published.",
    payload: { id: Text, bytes: Int, access: Access, secrets },
    success: Struct({ bytes: Int, onNode: Bool }),
    errors: [NoSuchVolume, NoRoom, VolumeRefused]
  }),
  Contract.method("expandOnNode", {
    doc: "Makes what lies on the volume as large as the volume is.",
    payload: { id: Text, bytes: Int, target: Text, staging: optionalKey(Text), access: Access, secrets },
    success: Struct({ bytes: Int }),
    errors: [NoSuchVolume, VolumeRefused]
  }),
  Contract.method("capacity", {
    doc: "How much can be provisioned, at once or together, for a StorageClass.",
    payload: { parameters: Texts, within: optionalKey(Topology) },
    success: Struct({ bytes: Int, maximumVolumeBytes: optionalKey(Int) }),
    errors: [VolumeRefused]
  }),
  Contract.method("stats", {
    doc: "How full a published volume is.",
    payload: { id: Text, target: Text },
    success: Struct({ bytes: Int, usedBytes: Int, inodes: Int, usedInodes: Int }),
    errors: [NoSuchVolume, VolumeRefused]
  })
) {}
