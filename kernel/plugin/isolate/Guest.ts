/** The guest's side of every level: the module's plugin, on clients of what it is given, and servers of what it offers. */
import { Cause, Deferred, Effect, Layer, type Schema } from "effect"
import { getHeapStatistics } from "node:v8"
import { Api } from "../../client/Api.ts"
import * as ApiClient from "../../client/ApiClient.ts"
import * as Contract from "../Contract.ts"
import * as Origin from "../Origin.ts"
import * as Outside from "../Outside.ts"
import * as Plugin from "../Plugin.ts"
import * as Wire from "../Wire.ts"
import * as Channels from "./Channels.ts"
import type * as Protocol from "./Protocol.ts"

export type AnyContract = Contract.Contract<unknown, unknown>
export type AnyPlugin = Plugin.Plugin<unknown, unknown>

/** `name`: what is unavailable while nobody answers. */
export const clientAt = (contract: AnyContract, wire: Wire.Wire, name?: string) =>
  Layer.provide(Contract.client(contract, name), Wire.client(Effect.succeed(wire)))
export const serverAt = (contract: AnyContract, wire: Wire.Wire) =>
  Layer.provide(
    Contract.server(contract),
    Wire.server((accept) => Effect.sync(() => accept(wire)))
  )

/** What a module may export as `plugin`; the rest of a plugin's shape is checked where it was written. */
const isPlugin = (value: unknown): value is AnyPlugin =>
  typeof value === "object" && value !== null && "layer" in value && "offers" in value

/** Who was made with another copy of Effect, such as one that lies in a bundle, would fail in ways that nobody understands. */
const isOfOurs = ({ layer }: AnyPlugin) => Object.getPrototypeOf(layer) === Object.getPrototypeOf(Layer.empty)
const foreign =
  "it brings an Effect of its own: leave `effect`, `@effect/*` and `keelson` out of its bundle (external), its host has them"

/** The plugin that a module exports as `plugin`: its value, or a function of `options`, which are data. */
export const load = Effect.fnUntraced(function* (module: string, options: Schema.Json | undefined) {
  Outside.register()
  Origin.register(module)
  const { plugin }: { readonly plugin?: unknown } = yield* Effect.tryPromise({
    try: () => import(/* @vite-ignore */ module),
    catch: (cause) => (cause instanceof Error ? cause : new Error(String(cause)))
  })
  const made: unknown = typeof plugin === "function" ? plugin(options) : plugin
  if (!isPlugin(made)) return yield* Effect.fail(new Error(`${module} exports no plugin`))
  return isOfOurs(made) ? made : yield* Effect.fail(new Error(`${module}: ${foreign}`))
})

/** A contract that the plugin does not speak of is a mistake of whoever describes the plugin. */
const pick = (contracts: ReadonlyArray<AnyContract>, keys: ReadonlyArray<string>, verb: string) =>
  Effect.forEach(keys, (key) => {
    const contract = contracts.find((contract) => contract.key === key)
    return contract === undefined ? Effect.fail(new Error(`the plugin does not ${verb} ${key}`)) : Effect.succeed(contract)
  })

/** A client is made of what serves the API, so that programs run unchanged on either side. */
export const withClient = <E, R>(given: Layer.Layer<never, E, R>, keys: ReadonlyArray<string>) =>
  // `Api` is among the keys, which the type does not say.
  keys.includes(Api.key) ? Layer.provideMerge(ApiClient.layer, given as Layer.Layer<Api, E, R>) : given

const served = Effect.fnUntraced(function* (
  start: Protocol.Start,
  { layer, needs, offers }: AnyPlugin,
  channel: (key: string) => Wire.Wire
) {
  const needed = yield* pick([Api, ...needs], start.needs, "need")
  const offered = yield* pick(offers, start.offers, "offer")
  const clients = needed.map((contract) => clientAt(contract, channel(contract.key)))
  const servers = offered.map((contract) => serverAt(contract, channel(contract.key)))
  const given = withClient(Layer.mergeAll(Layer.empty, ...clients), start.needs)
  yield* Layer.build(Layer.mergeAll(Layer.empty, ...servers).pipe(Layer.provideMerge(layer), Layer.provide(given)))
})

/** The heap, and what hangs on it: this thread's, and no other's. */
const memory = () => {
  const { external_memory, used_heap_size } = getHeapStatistics()
  return used_heap_size + external_memory
}

/** Why it does not start: its words and its place first. */
const told = (cause: Cause.Cause<unknown>) =>
  [
    Origin.words(Cause.squash(cause)),
    ...Cause.pretty(cause)
      .split("\n")
      .filter((line) => /^\s+at /.test(line))
  ].join("\n")

/**
 * Runs what the host asks for, until the host wants no more, or is gone. Then `exit` ends the program.
 * `only`: the module that it runs, whatever the host says. What is returned tells the host that the plugin is dead.
 */
export const run = (wire: Wire.Wire, exit: () => void, only?: string) => {
  const channel = Channels.over(wire)
  const host = channel(Channels.control)
  const say = (said: Protocol.Said) => host.post([said], 0)
  const started = Deferred.makeUnsafe<Protocol.Start>()
  const ended = Deferred.makeUnsafe<void>()
  const hear = (told: Protocol.Told) => {
    if (told._tag === "ping") say({ _tag: "pong", memory: memory() })
    else if (told._tag === "start") Deferred.doneUnsafe(started, Effect.succeed(told))
    else Deferred.doneUnsafe(ended, Effect.void)
  }
  // The host is no stranger.
  host.listen((frame) => (frame as ReadonlyArray<Protocol.Told>).forEach(hear), exit)
  const die = (cause: unknown) => say({ _tag: "died", reason: Origin.words(cause) })
  const main = Effect.gen(function* () {
    const start = yield* Deferred.await(started)
    const plugin = yield* load(only ?? start.module, start.options)
    yield* served(start, plugin, channel)
    say({ _tag: "ready" })
    yield* Deferred.await(ended)
  }).pipe(
    Effect.provideService(Plugin.Lifeline, (cause) => Effect.sync(() => die(cause))),
    Effect.scoped,
    Effect.catchCause((cause) => Effect.sync(() => say({ _tag: "failed", reason: told(cause) }))),
    // What was said last is on its way when the next turn begins.
    Effect.andThen(Effect.sync(() => void setImmediate(exit)))
  )
  // What the plugin needs is what `served` has given it: that was checked where it was isolated.
  Effect.runFork(main as Effect.Effect<void>)
  return die
}
