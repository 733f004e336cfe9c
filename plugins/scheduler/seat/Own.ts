/** The scheduler as one of several: it decides while it is told to. The same value in a thread of its own. */
import { Effect, Layer } from "effect"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import * as Configuration from "../Configuration.ts"
import * as Extensions from "../contracts/Extensions.ts"
import { Scheduler } from "../contracts/Scheduler.ts"
import { type Options, start } from "../Scheduler.ts"
import * as Served from "./Served.ts"

const served = Effect.fnUntraced(function* (options: Options) {
  const { configuration: text, source = "configuration" } = options
  // What is wrong with it is told before anybody leads.
  const { profiles = [{}] }: Partial<Configuration.Configuration> =
    text === undefined ? {} : yield* Configuration.read(text, source)
  const names = profiles.map(({ schedulerName = "default-scheduler" }) => schedulerName)
  return yield* Served.make(names, start(options))
})

/** With a registry that others can add plugins to. */
export const layer = (options: Options = {}) => Layer.effect(Scheduler, served(options))

export const plugin = (options: Options = {}) =>
  Plugin.make({
    name: "scheduler",
    offers: [Scheduler],
    layer: Layer.provide(layer(options), Extensions.inherited)
  })
