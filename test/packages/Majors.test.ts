/** Two major versions of a contract at once: in slots of the kernel, at every distance, and in what packages are taken as. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Attachments } from "../../plugins/packages/contracts/Attachments.ts"
import { negotiated } from "../../plugins/packages/Negotiation.ts"
import { Prices, Prices2 } from "./Prices.ts"

const module = new URL("./Prices.ts", import.meta.url)

for (const isolation of ["in-process", "worker"] as const)
  it.live(
    `both majors of a contract are served side by side, by one plugin and by two, ${isolation}`,
    () =>
      Effect.gen(function* () {
        const host = yield* Plugin.Host
        const both = (name: string, options: object) =>
          Isolate.run({ name, module, options: { ...options }, offers: [Prices, Prices2], needs: [], isolation })
        yield* host.start(both("both", { price: 3 }))
        const [first, second] = [yield* old, yield* current]
        assert.strictEqual(yield* first.price(), 3)
        assert.deepStrictEqual(yield* second.price({ of: "tea" }), { amount: 3, currency: "EUR" })
        // Another takes the newer one over: who uses the older one notices nothing.
        const newer = Isolate.run({ name: "newer", module, options: { price: 5 }, offers: [Prices2], needs: [], isolation })
        yield* host.start(newer)
        assert.strictEqual(yield* first.price(), 3)
        assert.deepStrictEqual(yield* second.price({ of: "tea" }), { amount: 5, currency: "EUR" })
        yield* host.stop(newer)
        assert.strictEqual(yield* first.price(), 3)
      }).pipe(Effect.provide(Layer.provideMerge(slots, Plugin.Host.layer))),
    60_000
  )

/** What consumers hold: it is there before anybody serves it in the test. */
const old = Prices
const current = Prices2
const unpriced = Plugin.make({
  name: "unpriced",
  offers: [Prices, Prices2],
  layer: Layer.merge(
    Layer.succeed(Prices, { price: () => Effect.succeed(0) }),
    Layer.succeed(Prices2, { price: () => Effect.succeed({ amount: 0, currency: "EUR" }) })
  )
})
const slots = Plugin.install(unpriced)

it.effect("a package is asked for the newest major that both sides speak, or refused with the versions of both", () =>
  Effect.gen(function* () {
    const attachments = yield* Attachments
    const asked = (...versions: ReadonlyArray<string>) =>
      Effect.map(
        negotiated({ name: "shop", offers: versions.map((version) => ({ contract: "acme/Prices", version })) }),
        (found) => found.map(({ contract }) => `${Contract.nameOf(contract)} ${contract.version}`)
      )
    const attach = () => Effect.void
    yield* attachments.add({ contract: Prices, attach })
    assert.deepStrictEqual(yield* asked("^1.0.0", "^2.0.0"), ["acme/Prices 1.1.0"])
    yield* attachments.add({ contract: Prices2, attach })
    assert.deepStrictEqual(yield* asked("^1.0.0"), ["acme/Prices 1.1.0"])
    assert.deepStrictEqual(yield* asked("^2.0.0"), ["acme/Prices 2.0.0"])
    assert.deepStrictEqual(yield* asked("^1.0.0", "^2.0.0"), ["acme/Prices 2.0.0"])
    const { message } = yield* Effect.flip(asked("^3.0.0"))
    assert.strictEqual(message, "shop offers acme/Prices ^3.0.0, and this cluster has 2.0.0 and 1.1.0")
  }).pipe(Effect.scoped, Effect.provide(Attachments.layer))
)
