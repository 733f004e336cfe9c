/**
 * What a plugin offers whose state shall outlive a swap. The host asks the old one for its state when the new one has started,
 * gives it to the new one, and only then leads calls to that. What the old one changes after it was asked is lost.
 */
import * as Contract from "./Contract.ts"

export class Handover extends Contract.make<Handover>()(
  "kernel/Handover",
  {
    version: "1.0.0",
    laws: {
      "handover/same": "What has imported a state exports the same state.",
      "handover/running": "An export changes nothing: the plugin goes on as before."
    }
  },
  Contract.method("export", { doc: "All that the next one has to know.", success: Contract.Bytes, errors: [] }),
  Contract.method("import", {
    doc: "Takes a state over, in place of its own.",
    payload: { state: Contract.Bytes },
    errors: []
  })
) {}
