/**
 * A scheduler as a package. `make({ name, plugins })` is this project's own with plugins that its author adds: they run in its isolate, at every
 * point of the framework. `deciding({ name, schedulerNames, start })` is one that decides in a way of its own.
 */
import { Effect, Layer, type Scope } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { layer } from "../seat/Own.ts"
import * as Served from "../seat/Served.ts"
import * as Extensions from "./Extensions.ts"
import type { Plugin as SchedulingPlugin } from "./Framework.ts"
import { Scheduler } from "./Scheduler.ts"

export interface Options {
  readonly name: string
  readonly plugins?: ReadonlyArray<SchedulingPlugin | Extensions.Extension>
  /** The text of a KubeSchedulerConfiguration; without it there is one profile, `default-scheduler`. */
  readonly configuration?: string
}

const extensionOf = (one: SchedulingPlugin | Extensions.Extension): Extensions.Extension =>
  "plugin" in one ? one : { plugin: one }

export const make = ({ configuration, name, plugins = [] }: Options) => {
  const added = Layer.effectDiscard(
    Effect.flatMap(Extensions.Plugins, (registry) =>
      Effect.forEach(plugins, (one) => registry.add(extensionOf(one)), { discard: true })
    )
  )
  const scheduler = layer({ ...(configuration !== undefined && { configuration }), source: `configuration of ${name}` })
  return Plugin.make({
    name,
    offers: [Scheduler],
    layer: scheduler.pipe(Layer.provideMerge(added), Layer.provide(Extensions.layer))
  })
}

interface Own<E> {
  readonly name: string
  /** By which Pods ask for it. */
  readonly schedulerNames: ReadonlyArray<string>
  /** Gives Pods nodes until its scope closes; is run when it is told to lead, as often as that happens. */
  readonly start: Effect.Effect<Served.Deciding, E, Client | Scope.Scope>
}
export const deciding = <E>({ name, schedulerNames, start }: Own<E>) =>
  Plugin.make({ name, offers: [Scheduler], layer: Layer.effect(Scheduler, Served.make(schedulerNames, start)) })
