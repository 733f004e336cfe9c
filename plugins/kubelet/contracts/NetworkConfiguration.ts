/**
 * How Pods come to their network where the runtime calls CNI itself: by what it finds in its configuration folder. The kubelet
 * uses it when the runtime's `network` is `runtime`.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Int, String: Text, optionalKey } = Schema

export class NetworkConfiguration extends Contract.make<NetworkConfiguration>()(
  "kubelet/NetworkConfiguration",
  {
    version: "1.1.0",
    laws: {
      "write/whole": "A reader of the folder sees the old configuration or the new one, never a part.",
      "write/families": "What is written has every range of the node, of either family.",
      "write/again": "The same configuration again changes nothing on disk.",
      "remove/again": "Removing a configuration that is not there succeeds; afterwards the folder has none.",
      "remove/other": "Removing the configuration from one folder leaves that in another, of another runtime."
    }
  },
  Contract.method("write", {
    doc: "Writes the configuration of this node into the runtime's folder. `clusterCidrs`: what is not masqueraded.",
    payload: {
      folder: Text,
      podCidrs: List(Text),
      clusterCidrs: optionalKey(List(Text)),
      mtu: optionalKey(Int)
    },
    errors: []
  }),
  Contract.method("remove", {
    doc: "Takes back the configuration and, with the last folder, what grew from it on this machine: links, addresses given, rules.",
    payload: { folder: Text },
    errors: []
  })
) {}
