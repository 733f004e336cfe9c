/**
 * A scheduling plugin as a plugin of its own: the same value in every isolate. Inside the scheduler's process it joins the scheduler by
 * functions; elsewhere it is asked by the contract `SchedulerPoints`.
 */
import { Effect, Layer, Option } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import * as Serve from "../isolated/Serve.ts"
import * as World from "../isolated/World.ts"
import { Plugins } from "./Extensions.ts"
import type { Plugin as SchedulingPlugin } from "./Framework.ts"
import { SchedulerPoints } from "./SchedulerPoints.ts"

/** Nobody asks one that has joined by itself. */
const joined = (plugin: SchedulingPlugin, weight: number): SchedulerPoints["Service"] => {
  const unasked = () => Effect.die(new Error(`${plugin.name} has joined the scheduler by itself`))
  return {
    describe: () => Effect.succeed(Serve.describe(plugin, weight, true)),
    nodes: unasked,
    filter: unasked,
    score: unasked,
    permit: unasked,
    preBind: unasked,
    bind: unasked,
    postBind: unasked
  }
}

/** `weight`: what its scores count; 1 without it. */
export const make = (
  plugin: SchedulingPlugin,
  { weight = 1 }: { readonly weight?: number } = {}
): Plugin.Plugin<SchedulerPoints, Client> =>
  Plugin.make({
    name: plugin.name,
    offers: [SchedulerPoints],
    layer: Layer.effect(
      SchedulerPoints,
      Effect.gen(function* () {
        const registry = yield* Effect.serviceOption(Plugins)
        if (Option.isNone(registry)) return Serve.make(plugin, weight, yield* World.make)
        yield* registry.value.add({ plugin, weight })
        return joined(plugin, weight)
      })
    )
  })
