/**
 * Devices of a machine that containers can ask for by a name in their resources: cards, adapters, licences. One implementation has those of
 * one name. The kubelet counts them, gives each to one Pod at a time, and asks what has to be done to a container that gets some.
 * Source of the rules: the kubelet's device plugin API, v1beta1.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Boolean: Bool, Int, Record, String: Text, Struct, optionalKey } = Schema

/** They cannot be given. A Pod that comes to the node is refused with the message. */
export class DevicesRefused extends Schema.TaggedError<DevicesRefused>()("DevicesRefused", { message: Text }) {}

export const Device = Struct({
  id: Text,
  /** One that is not is given to nobody; whoever has it keeps it. */
  healthy: Bool,
  /** Which of the machine's NUMA nodes it is near to. */
  numaNodes: optionalKey(List(Int))
})
export type Device = typeof Device.Type

/** What a container finds of its devices. What stands in its own spec goes before the variables. */
export const Given = Struct({
  env: Record(Text, Text),
  mounts: List(Struct({ hostPath: Text, containerPath: Text, readOnly: Bool })),
  /** `permissions`: some of the letters `rwm`. */
  devices: List(Struct({ hostPath: Text, containerPath: Text, permissions: Text })),
  /** For the runtime; the Pod's own are others. */
  annotations: Record(Text, Text),
  /** Such as `vendor.example/card=card0`: the runtime knows what that is by files of the machine. Source: CDI. */
  cdiDevices: List(Text)
})
export type Given = typeof Given.Type

const ids = List(Text)

export class NodeDevices extends Contract.make<NodeDevices>()(
  "kubelet/NodeDevices",
  {
    version: "1.0.0",
    laws: {
      "describe/resource": "The resource has a name with a domain of its own, the same each time.",
      "devices/first": "Whoever follows them is told at once what there is, each device once.",
      "devices/all": "Many who follow them are told the same.",
      "allocate/given": "A device that is healthy can be given.",
      "allocate/again": "Devices that are given can be given again, with the same outcome: a container is started anew.",
      "allocate/unknown": "A device that is not there is refused.",
      "prefer/some":
        "What it would rather give is of those that are free, as many as are wanted, with those that must be among them.",
      "preStart/again": "It can be told of every start of a container."
    },
    optional: ["allocate/unknown"]
  },
  Contract.method("describe", {
    doc: "By which name containers ask for these devices, and which of the calls below it wants.",
    success: Struct({ resource: Text, prefers: Bool, preStart: Bool }),
    errors: []
  }),
  Contract.method("devices", {
    doc: "All devices, and all of them again whenever something about one has changed.",
    success: List(Device),
    stream: true,
    errors: []
  }),
  Contract.method("allocate", {
    doc: "Gets these devices ready for a container, and says what the container needs. Called when a Pod comes to the node.",
    payload: { devices: ids },
    success: Given,
    errors: [DevicesRefused]
  }),
  Contract.method("prefer", {
    doc: "Which of those that are free it would rather give together. Called only if it prefers.",
    payload: { available: ids, mustInclude: ids, size: Int },
    success: ids,
    errors: [DevicesRefused]
  }),
  Contract.method("preStart", {
    doc: "A container with these devices is about to start: they can be reset. Called only if it wants that.",
    payload: { devices: ids },
    errors: [DevicesRefused]
  })
) {}
export type Provider = NodeDevices["Service"]
