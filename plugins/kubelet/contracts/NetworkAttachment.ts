/**
 * How Pods come to their network where we ask for it ourselves: for a runtime that joins a namespace which the kubelet has made
 * (`network: "given"`), and for one that asks the agent through its CNI program. The methods are the operations of the CNI
 * specification 1.1, in its words: an attachment is known by the Pod (CNI's container id) and the name of its interface.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { Port } from "./Pods.ts"

const { Array: List, Boolean: Bool, Int, String: Text, Struct, optionalKey } = Schema

/** No address is left. The message is what the Pod's event says. */
export class NetworkFull extends Schema.TaggedError<NetworkFull>()("NetworkFull", {
  network: Text,
  range: Text,
  /** How many addresses Pods can have of the range, and how many they have. */
  size: Int,
  used: Int
}) {
  override get message(): string {
    return `network ${this.network} has no address left: ${this.used} of ${this.size} in ${this.range} are in use`
  }
}

/** The network would not have it. `code` is CNI's: below 100 the specification's, otherwise the plugin's. 11 means: try again later. */
export class NetworkRefused extends Schema.TaggedError<NetworkRefused>()("NetworkRefused", {
  network: Text,
  code: Int,
  message: Text
}) {}

/** The Pod is not attached as it should be: something is missing, or is another than what `attach` made. */
export class NotAttached extends Schema.TaggedError<NotAttached>()("NotAttached", {
  network: Text,
  pod: Text,
  message: Text
}) {}

/** CNI's result, version 1.1. `interface` is an index into `interfaces`; those with a `sandbox` are in the Pod. */
export const Result = Struct({
  interfaces: optionalKey(
    List(Struct({ name: Text, mac: optionalKey(Text), mtu: optionalKey(Int), sandbox: optionalKey(Text) }))
  ),
  /** Addresses with the length of their prefix, such as `10.244.1.5/24`. */
  ips: optionalKey(List(Struct({ address: Text, gateway: optionalKey(Text), interface: optionalKey(Int) }))),
  routes: optionalKey(List(Struct({ dst: Text, gw: optionalKey(Text), mtu: optionalKey(Int) }))),
  dns: optionalKey(
    Struct({
      nameservers: optionalKey(List(Text)),
      domain: optionalKey(Text),
      search: optionalKey(List(Text)),
      options: optionalKey(List(Text))
    })
  )
})
export type Result = typeof Result.Type

/** `namespace` is a path. Bits a second and bits, as CNI's bandwidth has them. */
const attachment = {
  pod: Text,
  namespace: Text,
  /** Absent: `eth0`. */
  interface: optionalKey(Text)
}

export class NetworkAttachment extends Contract.make<NetworkAttachment>()(
  "kubelet/NetworkAttachment",
  {
    version: "2.0.0",
    laws: {
      "attach/addresses": "An attached Pod has at least one address, and at most one of each family.",
      "attach/again": "Attaching a Pod that is attached returns the same addresses.",
      "attach/apart": "Pods that are attached at the same time have different addresses, also when they come at once.",
      "attach/full": "When no address is left, attaching fails with NetworkFull, whose figures say so.",
      "detach/again": "Detaching succeeds however often, for a Pod never attached, and when the namespace is gone.",
      "detach/frees": "The addresses of a detached Pod can be given again.",
      "check/attached": "An attached Pod passes the check.",
      "check/detached": "The check of a Pod that is not attached fails with NotAttached.",
      "status/ready": "A network that attaches Pods says that it is ready.",
      "gc/valid": "An attachment in the list stays, with its addresses.",
      "gc/others": "An attachment that is not in the list is detached, and its addresses can be given again.",
      "gc/runtime": "What another runtime attached stays, although it is not in the list."
    }
  },
  Contract.method("attach", {
    doc: "ADD: gives the namespace its interface, addresses, routes and host ports. `addresses` are without prefix, the first is the Pod's.",
    payload: {
      ...attachment,
      /** On whose behalf: `gc` looks at the attachments of one runtime only. */
      runtime: Text,
      ports: List(Port),
      /** The Pod of the API. */
      metadata: optionalKey(Struct({ namespace: Text, name: Text, uid: Text })),
      bandwidth: optionalKey(Struct({ ingress: optionalKey(Int), egress: optionalKey(Int) }))
    },
    success: Struct({ addresses: List(Text), result: optionalKey(Result) }),
    errors: [NetworkFull, NetworkRefused]
  }),
  Contract.method("detach", {
    doc: "DEL: takes all of that back, as far as it is there. `namespace` is absent when it is gone.",
    payload: { ...attachment, namespace: optionalKey(Text) },
    errors: []
  }),
  Contract.method("check", {
    doc: "CHECK: whether the attachment is as `attach` left it.",
    payload: attachment,
    errors: [NotAttached]
  }),
  Contract.method("status", {
    doc: "STATUS: whether Pods can be attached now; `limited`: not even those that are can be relied on.",
    success: Struct({ ready: Bool, limited: Bool, message: Text }),
    errors: []
  }),
  Contract.method("gc", {
    doc: "GC: detaches what `runtime` attached and is not in the list.",
    payload: { runtime: Text, valid: List(Struct({ pod: Text, interface: optionalKey(Text) })) },
    errors: []
  })
) {}
