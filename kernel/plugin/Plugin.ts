/** A plugin is a value: a name, the contracts it offers, and a Layer whose type says what it needs. */
import { Cause, Context, type Duration, Effect, Layer, Predicate, Schema, type Scope, type SubscriptionRef } from "effect"
import type { Contract } from "./Contract.ts"
import type * as Meter from "./Meter.ts"
import * as Supervisor from "./Supervisor.ts"

export class PluginFailed extends Schema.TaggedError<PluginFailed>()("PluginFailed", {
  plugin: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `plugin ${this.plugin}: ${Predicate.hasProperty(this.cause, "message") ? this.cause.message : this.cause}`
  }
}

export type Identifier<C> = C extends Context.Key<infer Self, unknown> ? Self : never

/** How far from here a plugin runs, and so what it can do no harm to: see the README. */
export const isolations = ["in-process", "worker", "process", "sandbox", "remote"] as const
export type Isolation = (typeof isolations)[number]

export interface Plugin<Offers, Needs> {
  readonly name: string
  readonly offers: ReadonlyArray<Contract<unknown, unknown>>
  /** The contracts that it is given over a wire when it is isolated, besides the kernel's `Api`. */
  readonly needs: ReadonlyArray<Contract<unknown, unknown>>
  readonly isolation: Isolation
  readonly life?: Life
  readonly layer: Layer.Layer<Offers, PluginFailed, Needs>
}

/** What the host does with a plugin that does not live well. Without it, it is started again with back-off, for ever. */
export interface Life {
  /** Left alone for `restMillis` after this many deaths, each within `withinMillis` of the one before; a minute if not said. */
  readonly circuit?: { readonly deaths: number; readonly withinMillis?: number; readonly restMillis?: number }
  /** Serves in its place meanwhile. It offers the same contracts, and needs nothing that the plugin does not. */
  readonly fallback?: Plugin<never, unknown>
  /** Dead after this many calls in a row without an answer. */
  readonly failures?: number
  /** While it can still be rolled back: dead if this part of at least so many calls is left without an answer. */
  readonly health?: { readonly errors: number; readonly calls: number }
  /**
   * Done when its slots begin to lead to it, and undone when they lead elsewhere: also when it comes back by a roll-back, but not when
   * it is started again. If it fails, the plugin takes nobody's place. `before` is what a swap replaces: it runs until this is done,
   * and no slot leads to it any more.
   */
  readonly taken?: (
    handles: Context.Context<unknown>,
    before?: Context.Context<unknown>
  ) => Effect.Effect<void, unknown, Scope.Scope>
}

/** To offer what the layer does not provide is a type error. */
export const make = <E, Needs, const Offers extends ReadonlyArray<Contract<unknown, unknown>> = []>(plugin: {
  readonly name: string
  readonly offers?: Offers
  readonly needs?: ReadonlyArray<Contract<unknown, unknown>>
  readonly isolation?: Isolation
  readonly life?: Life
  readonly layer: Layer.Layer<Identifier<Offers[number]>, E, Needs>
}): Plugin<Identifier<Offers[number]>, Needs> => ({
  name: plugin.name,
  offers: plugin.offers ?? [],
  needs: plugin.needs ?? [],
  isolation: plugin.isolation ?? "in-process",
  ...(plugin.life !== undefined && { life: plugin.life }),
  layer: named(plugin.name, plugin.layer)
})

/** What is chosen where nothing shall run. */
export const nothing = (name: string) => make({ name, layer: Layer.empty })

/** Failures and logs say whose they are. */
export const named = <A, E, R>(plugin: string, layer: Layer.Layer<A, E, R>) =>
  Layer.effectContext(
    Layer.build(layer).pipe(
      Effect.mapError((cause) => new PluginFailed({ plugin, cause })),
      Effect.annotateLogs({ plugin })
    )
  )

/** How what runs inside a plugin tells its host that the plugin is dead and has to be started again. */
export const Lifeline = Context.Reference<(cause: unknown) => Effect.Effect<unknown>>("kernel/Plugin/Lifeline", {
  defaultValue: () => (cause) => Effect.logError("a plugin that no host has started is dead", cause)
})

/** A fiber that the plugin is dead without: when it fails, the host starts the plugin again. */
export const background = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<void, never, R | Scope.Scope> =>
  Effect.flatMap(Lifeline, (die) =>
    effect.pipe(
      Effect.catchCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.void : die(Cause.squash(cause)))),
      Effect.forkScoped,
      Effect.asVoid
    )
  )

export const phases = ["running", "restarting", "open", "failed"] as const

export interface Death {
  readonly reason: string
  /** In milliseconds since the epoch. */
  readonly at: number
}

/** How a plugin is: what `keelson status` shows. */
export interface State {
  readonly name: string
  /** `open`: it died too often and is left alone for a while. `failed`: it is not tried again. `reason` says why. */
  readonly state: (typeof phases)[number]
  readonly reason?: string
  readonly restarts: number
  /** Why and when it died last, since it was started under this name. */
  readonly lastDeath?: Death
  readonly isolation: Isolation
  /** Each with its version, such as `kernel/Log 1.0.0`. */
  readonly offers: ReadonlyArray<string>
  /** Since when it is in this state, in milliseconds since the epoch. */
  readonly since: number
}

export class Host extends Context.Service<
  Host,
  {
    /**
     * Starts a plugin and leads the slots of its contracts to it. Done when what they led to before, and what ran under the
     * same name, is drained and closed, unless it still serves something else. A plugin that dies later is started again,
     * with back-off, for as long as the services live that it was started with.
     */
    start<Offers, Needs>(
      plugin: Plugin<Offers, Needs>,
      drain?: Duration.Input
    ): Effect.Effect<Context.Context<Offers>, PluginFailed, Needs>
    /**
     * The same in the place of what runs under its name: that hands its state over if both offer `Handover`, and is started
     * again in place of this one if this one dies within `window`. `reason` of its state then says that it was rolled back.
     * It is ended in any case, also if it offers what the new one does not.
     */
    swap<Offers, Needs>(
      plugin: Plugin<Offers, Needs>,
      window: Duration.Input,
      drain?: Duration.Input
    ): Effect.Effect<Context.Context<Offers>, PluginFailed, Needs>
    /** Ends a plugin, if it still runs. */
    stop(plugin: Plugin<never, unknown>, drain?: Duration.Input): Effect.Effect<void>
    /** What its consumers hold, whoever serves it now. */
    handle<Self, S>(contract: Contract<Self, S>): S
    /** What the calls of a plugin cost, since it was first started under this name. */
    meter(name: string): Meter.Reading | undefined
    /** In the order of their names. */
    readonly states: SubscriptionRef.SubscriptionRef<ReadonlyArray<State>>
  }
>()("kernel/Plugin/Host") {
  static readonly layer = Layer.effect(
    Host,
    Effect.suspend(() => Supervisor.make)
  )
}

/** Registers a plugin: the one line it takes in `bin/`. It ends with the layer. */
export const install = <Offers, Needs>(plugin: Plugin<Offers, Needs>): Layer.Layer<Offers, PluginFailed, Needs | Host> =>
  Layer.effectContext(
    Effect.flatMap(Host, (host) =>
      Effect.acquireRelease(host.start(plugin), () => host.stop(plugin, 0), { interruptible: true })
    )
  )
