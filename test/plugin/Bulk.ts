/** A plugin whose calls carry much, there or back, and which says how much of it it has held at once. */
import { Effect, Layer, Schema } from "effect"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"

export class Bulk extends Contract.make<Bulk>()(
  "test/Bulk",
  { version: "1.0.0", laws: {} },
  Contract.method("give", {
    doc: "So many bytes.",
    payload: { bytes: Schema.Int },
    success: Contract.Bytes,
    errors: []
  }),
  Contract.method("take", {
    doc: "Works at them for a while, and says how many there were.",
    payload: { bytes: Contract.Bytes },
    success: Schema.Int,
    errors: []
  }),
  Contract.method("most", { doc: "How many bytes `take` has held at once.", success: Schema.Int, errors: [] })
) {}

const layer = Layer.sync(Bulk, () => {
  let [held, most] = [0, 0]
  return {
    give: ({ bytes }) => Effect.sync(() => new Uint8Array(bytes)),
    take: Effect.fnUntraced(function* ({ bytes }) {
      held += bytes.length
      most = Math.max(most, held)
      yield* Effect.sleep("50 millis")
      held -= bytes.length
      return bytes.length
    }),
    most: () => Effect.sync(() => most)
  }
})

export const plugin = Plugin.make({ name: "bulk", offers: [Bulk], layer })
