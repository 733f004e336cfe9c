/**
 * The two ways in which a Pod comes to its network. A network plugin offers both; which one the kubelet uses is the
 * runtime's `network`: `runtime` wants a configuration on disk, `given` wants the attachment done by us.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Int, String: Text } = Schema
const Port = Schema.Struct({ hostPort: Int, containerPort: Int, protocol: Schema.Literals(["TCP", "UDP", "SCTP"]) })

export class NetworkFull extends Schema.TaggedError<NetworkFull>()("NetworkFull", { network: Text }) {}

/** For runtimes that call CNI themselves: what they find in their configuration folder. */
export class NetworkConfiguration extends Contract.make<NetworkConfiguration>()(
  "kubelet/NetworkConfiguration",
  {
    version: "1.0.0",
    laws: {
      "write/whole": "A reader of the folder sees the old configuration or the new one, never a part.",
      "write/again": "The same configuration again changes nothing on disk."
    }
  },
  Contract.method("write", {
    doc: "Writes the conflist of this node into the runtime's folder.",
    payload: { folder: Text, podCidrs: Schema.Array(Text), mtu: Schema.optionalKey(Int) },
    errors: []
  })
) {}

/** For runtimes that join a namespace we made: CNI's ADD and DEL, or what the plugin does instead. */
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
    payload: { pod: Text, namespace: Text, ports: Schema.Array(Port) },
    success: Schema.Struct({ addresses: Schema.Array(Text) }),
    errors: [NetworkFull]
  }),
  Contract.method("detach", { doc: "Takes all of that back.", payload: { pod: Text, namespace: Text }, errors: [] })
) {}
