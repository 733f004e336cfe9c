/** Where plugins from outside join the scheduler: `Plugins.add(plugin)` is a Layer. They are asked after the scheduler's own. */
import { Context, Effect, Layer, type Scope } from "effect"
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
  }
>()("scheduler/Plugins") {
  static readonly add = (plugin: Plugin, options: { readonly weight?: number } = {}) =>
    Layer.effectDiscard(Effect.flatMap(Plugins, (plugins) => plugins.add({ plugin, ...options })))

  static readonly layer = Layer.sync(Plugins, () => {
    const all = new Set<Extension>()
    return Plugins.of({
      add: (extension) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => all.add(extension)),
            () => Effect.sync(() => all.delete(extension))
          )
        ),
      all: () => [...all]
    })
  })
}

export const layer = Plugins.layer
