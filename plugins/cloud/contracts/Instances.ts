/** What nodes are in a cloud: its machines, as the node controller asks for them. */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { Address, InstanceNotFound, NodeReference, Refused } from "./Cloud.ts"

const { Array: List, Boolean, String: Text, Struct } = Schema

export const Instance = Struct({
  /** What becomes the node's `spec.providerID`. */
  providerID: Text,
  /** Empty: the cloud has no types. */
  instanceType: Text,
  addresses: List(Address),
  /** Stopped; its node stays, and is tainted. */
  shutdown: Boolean
})
export type Instance = typeof Instance.Type

export class Instances extends Contract.make<Instances>()(
  "cloud/Instances",
  {
    version: "1.0.0",
    laws: {
      "describe/prefix": "A provider id begins with the name of the provider and `://`.",
      "find/by-name": "A node without a provider id is found by what it is called.",
      "find/by-id": "A node with a provider id is found by that, and it is the same instance.",
      "find/addresses": "An instance that runs has an internal address.",
      "find/shutdown": "An instance that is stopped is found, and is shut down.",
      "find/gone": "An instance that was terminated is InstanceNotFound.",
      "find/unknown": "A node that no instance belongs to is InstanceNotFound.",
      "find/foreign": "A provider id of another cloud is Refused, so that nobody deletes its node."
    }
  },
  Contract.method("describe", {
    doc: "The provider's name, as provider ids begin with it.",
    success: Struct({ provider: Text }),
    errors: []
  }),
  Contract.method("find", {
    doc: "The instance that a node is.",
    payload: { node: NodeReference },
    success: Instance,
    errors: [InstanceNotFound, Refused]
  })
) {}
