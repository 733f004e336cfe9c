/** What the contracts of a cloud have in common: how nodes and load balancers are named to it, and what it may refuse. */
import { Schema } from "effect"

const { Array: List, Literals, String: Text, Struct } = Schema

export const Address = Struct({
  type: Literals(["Hostname", "InternalIP", "ExternalIP", "InternalDNS", "ExternalDNS"]),
  address: Text
})
export type Address = typeof Address.Type

/** A node as the cloud may know it. The provider id decides; only where it is empty the name and the addresses do. */
export const NodeReference = Struct({
  name: Text,
  /** `<provider>://<instance>` as in `spec.providerID`; empty before the node was initialized. */
  providerID: Text,
  addresses: List(Address)
})
export type NodeReference = typeof NodeReference.Type

/** The instance is not there any more. One that is stopped is there. */
export class InstanceNotFound extends Schema.TaggedError<InstanceNotFound>()("InstanceNotFound", { instance: Text }) {
  override get message() {
    return `instance not found: ${this.instance}`
  }
}

/** The cloud says no, and will say so again until what was asked, or what it allows, is changed. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { reason: Text }) {
  override get message() {
    return this.reason
  }
}

/** It is under way: ask again then. What was done so far stays done. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  reason: Text,
  retryAfterSeconds: Schema.Finite
}) {
  override get message() {
    return this.reason
  }
}
