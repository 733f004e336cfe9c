/** Where plugins from outside join the scheduler: `Plugins.add(plugin)` is a Layer. They are asked after the scheduler's own. */
import { Context, Effect, Layer, Option, type Scope, type Stream, SubscriptionRef } from "effect"
import type { Plugin } from "./Framework.ts"

export interface Extension {
  readonly plugin: Plugin
  /** What its scores count; 1 without it. */
  readonly weight?: number
}

export class Plugins extends Context.Service<
  Plugins,
  {
    readonly add: (extension: Extension) => Effect.Effect<void, never, Scope.Scope>
    readonly all: () => ReadonlyArray<Extension>
    /** What there is, and then whenever it changes. */
    readonly changes: Stream.Stream<ReadonlyArray<Extension>>
  }
>()("scheduler/Plugins") {
  static readonly add = (plugin: Plugin, options: { readonly weight?: number } = {}) =>
    Layer.effectDiscard(Effect.flatMap(Plugins, (plugins) => plugins.add({ plugin, ...options })))
}

const made = Effect.gen(function* () {
  const added = new Set<Extension>()
  const all = yield* SubscriptionRef.make<ReadonlyArray<Extension>>([])
  // While one is replaced there are two of its name: the later one counts.
  const changed = Effect.suspend(() =>
    SubscriptionRef.set(all, [...new Map([...added].map((extension) => [extension.plugin.name, extension])).values()])
  )
  return Plugins.of({
    add: (extension) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.andThen(
            Effect.sync(() => added.add(extension)),
            changed
          ),
          () =>
            Effect.andThen(
              Effect.sync(() => added.delete(extension)),
              changed
            )
        )
      ),
    all: () => SubscriptionRef.getUnsafe(all),
    changes: SubscriptionRef.changes(all)
  })
})

export const layer = Layer.effect(Plugins, made)

/** The registry of whoever starts the scheduler, if it has one: then others can add to it. */
export const inherited = Layer.effect(
  Plugins,
  Effect.flatMap(
    Effect.serviceOption(Plugins),
    Option.match({ onNone: () => made, onSome: (registry) => Effect.succeed(registry) })
  )
)
