/**
 * What can be done with a Pod besides reading and writing it: binding it to a node, and evicting it. Who asks is authorized by
 * the pipeline; the writes are then the server's own, by the `Client` that the plugin is given.
 */
import { Effect, Layer } from "effect"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Binding from "./core/Binding.ts"
import * as Eviction from "./core/Eviction.ts"

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const actions = yield* Actions
    yield* actions.add(yield* Binding.action)
    yield* actions.add(yield* Eviction.action)
  })
)

export const plugin = Plugin.make({ name: "pod-actions", layer })
