/** How the kubelet comes to know that something has changed in a runtime, without looking all the time. */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { String: Text, Struct } = Schema

export class Events extends Contract.make<Events>()(
  "kubelet/Events",
  {
    version: "1.0.0",
    laws: {
      "changes/hint":
        "A reader gets a hint for each Pod there is, and then one after each change of a Pod or its containers.",
      "changes/exit": "A container that ends by itself brings a hint.",
      "changes/removed": "A Pod that is removed brings a hint."
    }
  },
  Contract.method("changes", {
    doc: "Pods worth another look, by the runtime's id and by the uid. A runtime without events polls inside the adapter.",
    success: Struct({ pod: Text, uid: Text }),
    stream: true,
    errors: []
  })
) {}
