/** A plugin that does what plugins must not do, for the test of the thread it does it in. */
import { Effect, Layer } from "effect"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"

export class Hostile extends Contract.make<Hostile>()(
  "test/Hostile",
  { version: "1.0.0", laws: {} },
  Contract.method("exit", { doc: "Ends the process.", errors: [] }),
  Contract.method("fail", { doc: "Throws where nobody catches.", errors: [] }),
  Contract.method("spin", { doc: "Never gives the thread back.", errors: [] })
) {}

const layer = Layer.succeed(Hostile, {
  exit: () => Effect.sync(() => process.exit(1)),
  fail: () =>
    Effect.callback(() => {
      setTimeout(() => {
        throw new Error("ouch")
      })
    }),
  spin: () =>
    Effect.sync(() => {
      for (;;);
    })
})

export const plugin = Plugin.make({ name: "hostile", offers: [Hostile], layer })
