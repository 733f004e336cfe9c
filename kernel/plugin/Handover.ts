/**
 * What a plugin offers whose state shall outlive a swap. The host asks the old one for its state when the new one has started,
 * gives it to the new one, and only then leads calls to that. What the old one changes after it was asked is lost.
 */
import { Effect, Layer, Schema } from "effect"
import * as Contract from "./Contract.ts"
import type * as Plugin from "./Plugin.ts"

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

const Text = Schema.fromJsonString(Schema.Json)
const [encoder, decoder] = [new TextEncoder(), new TextDecoder()]

/** The same plugin, which hands over what `state` says to the next one of its name, which hears it by `restore`. Its manifest offers it, too. */
export const keeping = <Offers, Needs>(
  plugin: Plugin.Plugin<Offers, Needs>,
  { restore, state }: { readonly state: () => Schema.Json; readonly restore: (state: Schema.Json) => void }
): Plugin.Plugin<Offers | Handover, Needs> => {
  const moving = Handover.of({
    export: () => Effect.map(Effect.orDie(Schema.encodeEffect(Text)(state())), (text) => encoder.encode(text)),
    import: ({ state }) =>
      Effect.map(Effect.orDie(Schema.decodeEffect(Text)(decoder.decode(state))), (decoded) => restore(decoded))
  })
  return {
    ...plugin,
    offers: [...plugin.offers, Handover],
    layer: Layer.merge(plugin.layer, Layer.succeed(Handover, moving))
  }
}
