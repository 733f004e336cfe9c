/** Laws as tests: an implementation passes its contract's suite, and the suite sees each law broken. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Suite from "../conformance/Suite.ts"
import * as Plugin from "../kernel/plugin/Plugin.ts"

/** Every law is a test of its own; a known deviation is one that must fail. */
export const verify = <Self, S, Law extends string, E, Needs = Self>(
  name: string,
  suite: Suite.Suite<Self, S, Law, Needs>,
  layer: Layer.Layer<Needs, E>,
  { deviations = {} }: Suite.Options<Law> = {}
) =>
  it.layer(layer, { excludeTestServices: true, timeout: "60 seconds" })(`${suite.contract.key}, ${name}`, (it) => {
    for (const law of Suite.laws(suite)) {
      const deviation = deviations[law]
      const { holds } = suite.checks[law]
      if (deviation === undefined) it.effect(`${law}: ${suite.contract.laws[law]}`, () => holds)
      else it.effect.fails(`${law}: deviates, ${deviation}`, () => holds)
    }
  })

/** The proof of the suite: an honest implementation with one law broken must fail that law's check. */
export const sabotage = <Self, S, Law extends string, E, Needs = Self>(
  suite: Suite.Suite<Self, S, Law, Needs>,
  honest: Layer.Layer<Self | Needs, E>
) =>
  describe(`${suite.contract.key}, sabotaged`, () => {
    for (const law of Suite.laws(suite)) {
      const broken = Layer.provideMerge(Suite.sabotaged(suite, law), honest)
      const holds = Effect.provideService(suite.checks[law].holds, Suite.Patience, "2 seconds")
      const exit = Effect.exit(Effect.provide(holds, broken))
      it.live(`${law}: the check sees it`, () => Effect.map(exit, ({ _tag }) => assert.strictEqual(_tag, "Failure")))
    }
  })

/** What a plugin offers, reached through the slots of a host of its own. */
export const installed = <Offers>(plugin: Plugin.Plugin<Offers, never>) =>
  Layer.provide(Plugin.install(plugin), Plugin.Host.layer)
