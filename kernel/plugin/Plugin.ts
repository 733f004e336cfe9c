/** A plugin is a value: a name, the contracts it offers, and a Layer whose type says what it needs. */
import { Context, type Duration, Effect, Exit, Layer, Predicate, Schema, Scope } from "effect"
import type { Contract } from "./Contract.ts"
import * as Slot from "./Slot.ts"

export class PluginFailed extends Schema.TaggedError<PluginFailed>()("PluginFailed", {
  plugin: Schema.String,
  cause: Schema.Defect()
}) {}

type Identifier<C> = C extends Context.Key<infer Self, unknown> ? Self : never

export interface Plugin<Offers, Needs> {
  readonly name: string
  readonly offers: ReadonlyArray<Contract<unknown, unknown>>
  readonly layer: Layer.Layer<Offers, PluginFailed, Needs>
}

/** To offer what the layer does not provide is a type error. */
export const make = <E, Needs, const Offers extends ReadonlyArray<Contract<unknown, unknown>> = []>(plugin: {
  readonly name: string
  readonly offers?: Offers
  readonly layer: Layer.Layer<Identifier<Offers[number]>, E, Needs>
}): Plugin<Identifier<Offers[number]>, Needs> => ({
  name: plugin.name,
  offers: plugin.offers ?? [],
  layer: Layer.effectContext(
    Layer.build(plugin.layer).pipe(
      Effect.mapError((cause) => new PluginFailed({ plugin: plugin.name, cause })),
      Effect.annotateLogs({ plugin: plugin.name })
    )
  )
})

export class Host extends Context.Service<
  Host,
  {
    /**
     * Starts a plugin and leads the slots of its contracts to it. Done when what they led to before, and what ran under the
     * same name, is drained and closed, unless it still serves something else.
     */
    start<Offers, Needs>(
      plugin: Plugin<Offers, Needs>,
      drain?: Duration.Input
    ): Effect.Effect<Context.Context<Offers>, PluginFailed, Needs>
  }
>()("kernel/Plugin/Host") {
  static readonly layer = Layer.effect(
    Host,
    Effect.map(Effect.scope, (scope) => {
      const slots = new Map<string, Slot.Slot<unknown>>()
      const running = new Map<string, Slot.Instance>()
      const slotOf = (contract: Contract<unknown, unknown>) => {
        const slot = slots.get(contract.key) ?? Slot.make(contract)
        slots.set(contract.key, slot)
        return slot
      }
      return Host.of({
        start: Effect.fnUntraced(function* ({ layer, name, offers }, drain = "10 seconds") {
          const own = yield* Scope.fork(scope)
          const services = yield* Layer.buildWithScope(Layer.fresh(layer), own).pipe(
            Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
          )
          const instance = yield* Slot.instance(own)
          const fill = (contract: Contract<unknown, unknown>) =>
            slotOf(contract).fill(instance, Context.getUnsafe(services, contract))
          const replaced = new Set([running.get(name), ...offers.map(fill)].filter(Predicate.isNotUndefined))
          running.set(name, instance)
          for (const slot of slots.values()) replaced.delete(slot.instance() ?? instance)
          yield* Effect.forEach(replaced, (old) => Slot.retire(old, drain), { discard: true })
          return Context.makeUnsafe(new Map(offers.map((contract) => [contract.key, slotOf(contract).handle])))
        })
      })
    })
  )
}

/** Registers a plugin: the one line it takes in `bin/`. */
export const install = <Offers, Needs>(plugin: Plugin<Offers, Needs>): Layer.Layer<Offers, PluginFailed, Needs | Host> =>
  Layer.effectContext(Effect.flatMap(Host, (host) => host.start(plugin)))
