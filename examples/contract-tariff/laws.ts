/** The laws of the contract as checks: `keelson plugin check` runs them on every package that makes this contract its own. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import * as Suite from "keelson/conformance/Suite"
import { Tariff } from "./contract.ts"

const suite = Suite.make(Tariff, {
  "price/listed": {
    holds: Effect.gen(function* () {
      const tariff = yield* Tariff
      for (const machine of yield* tariff.list()) assert.ok((yield* tariff.price({ machine })) >= 0)
    }),
    saboteur: () => ({ price: () => Effect.succeed(-1) })
  },
  "price/other": {
    holds: Effect.gen(function* () {
      const tariff = yield* Tariff
      const error = yield* Effect.flip(tariff.price({ machine: "no such machine" }))
      assert.equal(error._tag, "Unpriced")
    }),
    saboteur: () => ({ price: () => Effect.succeed(1) })
  }
})

export const suites = [suite]
