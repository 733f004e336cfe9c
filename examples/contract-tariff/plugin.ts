/** What an hour of a machine costs. Another package asks by `Tariff`, in a version that its manifest names. */
import { Effect, Layer } from "effect"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { Tariff, Unpriced } from "./contract.ts"

/** Cents by kinds of machines. */
export const plugin = (prices: { readonly [machine: string]: number } = { small: 2, large: 11 }) =>
  Plugin.make({
    name: "contract-tariff",
    offers: [Tariff],
    layer: Layer.succeed(Tariff, {
      list: () => Effect.succeed(Object.keys(prices)),
      price: ({ machine }) => {
        const price = prices[machine]
        return price === undefined ? Effect.fail(new Unpriced({ machine })) : Effect.succeed(price)
      }
    })
  })
