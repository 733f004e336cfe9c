/** Where in a cloud a node is. */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { InstanceNotFound, NodeReference, Refused } from "./Cloud.ts"

const { Array: List, String: Text, Struct } = Schema

/** As `topology.kubernetes.io/zone` and `…/region` say it: what may stand in a label. Empty: the cloud has none. */
export const Zone = Struct({ zone: Text, region: Text })
export type Zone = typeof Zone.Type

export class Zones extends Contract.make<Zones>()(
  "cloud/Zones",
  {
    version: "1.0.0",
    laws: {
      "list/some": "There is at least one zone, each once, and what they are called may stand in a label.",
      "find/listed": "An instance is in a zone that is listed.",
      "find/apart": "Instances that were started in two zones are in two.",
      "find/shutdown": "An instance that is stopped stays in its zone.",
      "find/gone": "An instance that was terminated is InstanceNotFound."
    }
  },
  Contract.method("list", { doc: "All zones that nodes of this cluster can be in.", success: List(Zone), errors: [] }),
  Contract.method("find", {
    doc: "The zone that a node is in.",
    payload: { node: NodeReference },
    success: Zone,
    errors: [InstanceNotFound, Refused]
  })
) {}
