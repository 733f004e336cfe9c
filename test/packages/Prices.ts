/** A contract with two majors, and a plugin that offers both: for the test of their living side by side. */
import { Effect, Layer, Schema } from "effect"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"

export class Prices extends Contract.make<Prices>()(
  "acme/Prices",
  { version: "1.1.0", laws: {} },
  Contract.method("price", { doc: "What anything costs.", success: Schema.Int, errors: [] })
) {}

export class Prices2 extends Contract.make<Prices2>()(
  "acme/Prices@2",
  { version: "2.0.0", laws: {} },
  Contract.method("price", {
    doc: "What one thing costs.",
    payload: { of: Schema.String },
    success: Schema.Struct({ amount: Schema.Int, currency: Schema.String }),
    errors: []
  })
) {}

export const plugin = ({ price }: { readonly price: number }) =>
  Plugin.make({
    name: "prices",
    offers: [Prices, Prices2],
    layer: Layer.merge(
      Layer.succeed(Prices, { price: () => Effect.succeed(price) }),
      Layer.succeed(Prices2, { price: () => Effect.succeed({ amount: price, currency: "EUR" }) })
    )
  })
