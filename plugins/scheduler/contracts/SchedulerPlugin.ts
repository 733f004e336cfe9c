/**
 * A scheduling plugin as a plugin of its own: the same value in every isolate. Inside the scheduler's process it joins the scheduler by
 * functions; elsewhere it is asked by the contract `SchedulerPoints`.
 */
import { Effect, Layer, Option, type Scope, Stream } from "effect"
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
    enqueue: unasked,
    again: () => Stream.die(new Error(`${plugin.name} has joined the scheduler by itself`)),
    filter: unasked,
    postFilter: unasked,
    score: unasked,
    reserve: unasked,
    unreserve: unasked,
    step: unasked,
    permit: unasked,
    preBind: unasked,
    bind: unasked,
    postBind: unasked
  }
}

export interface Options {
  /** What its scores count; 1 without it. */
  readonly weight?: number
}

/** What it has a say in, without its name. */
export type Points = Omit<SchedulingPlugin, "name">

/** With what it takes to be made: a client of the cluster, and a scope to run something beside it. */
export const making = <E>(
  name: string,
  made: Effect.Effect<Points, E, Client | Scope.Scope>,
  { weight = 1 }: Options = {}
): Plugin.Plugin<SchedulerPoints, Client> =>
  Plugin.make({
    name,
    offers: [SchedulerPoints],
    layer: Layer.effect(
      SchedulerPoints,
      Effect.gen(function* () {
        const plugin = { ...(yield* made), name }
        const registry = yield* Effect.serviceOption(Plugins)
        if (Option.isNone(registry)) return yield* Serve.make(plugin, weight, yield* World.make)
        yield* registry.value.add({ plugin, weight })
        return joined(plugin, weight)
      })
    )
  })

export const make = (plugin: SchedulingPlugin, options: Options = {}): Plugin.Plugin<SchedulerPoints, Client> =>
  making(plugin.name, Effect.succeed(plugin), options)
