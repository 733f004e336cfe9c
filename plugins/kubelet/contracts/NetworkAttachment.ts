/**
 * How Pods come to their network where the runtime joins a namespace that we made: CNI's ADD and DEL, or what a network plugin
 * does instead. The kubelet uses it when the runtime's `network` is `given`.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { Port } from "./Pods.ts"

const { Array: List, String: Text, Struct } = Schema

export class NetworkFull extends Schema.TaggedError<NetworkFull>()("NetworkFull", { network: Text }) {}

export class NetworkAttachment extends Contract.make<NetworkAttachment>()(
  "kubelet/NetworkAttachment",
  {
    version: "1.0.0",
    laws: {
      "attach/again": "Attaching a Pod that is attached returns the same addresses.",
      "detach/again": "Detaching succeeds however often, and when the namespace is gone.",
      "detach/frees": "The addresses of a detached Pod can be given again."
    }
  },
  Contract.method("attach", {
    doc: "Gives the namespace (a path) its interface, addresses and host ports.",
    payload: { pod: Text, namespace: Text, ports: List(Port) },
    success: Struct({ addresses: List(Text) }),
    errors: [NetworkFull]
  }),
  Contract.method("detach", { doc: "Takes all of that back.", payload: { pod: Text, namespace: Text }, errors: [] })
) {}
