/**
 * The worker isolate: the same plugin in a thread of its own, with a `MessagePort` for each contract that it offers and for
 * each that it needs. What it throws, an end, and a loop that never ends stay in the thread; memory does not: a heap that is
 * full ends the process, whatever limit the thread has.
 */
import { Context, Deferred, Effect, Layer, Schema } from "effect"
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads"
import { Api } from "../client/Api.ts"
import * as ApiClient from "../client/ApiClient.ts"
import type { Client } from "../client/Client.ts"
import * as Contract from "./Contract.ts"
import * as Plugin from "./Plugin.ts"
import * as Wire from "./Wire.ts"

type AnyContract = Contract.Contract<unknown, unknown>

/** What a thread is started with. */
export interface Start {
  readonly module: string
  readonly options: Schema.Json | undefined
  readonly offers: { readonly [contract: string]: MessagePort }
  readonly needs: { readonly [contract: string]: MessagePort }
}

/** What a thread tells of itself, once. */
export type Told = { readonly _tag: "ready" } | { readonly _tag: "failed"; readonly reason: string }

export class ThreadFailed extends Schema.TaggedError<ThreadFailed>()("ThreadFailed", {
  plugin: Schema.String,
  reason: Schema.String
}) {}

/** Where the thread's program is: for a build that puts it elsewhere than beside this file. */
export const Main = Context.Reference<URL>("kernel/Worker/Main", {
  defaultValue: () => new URL("./WorkerMain.ts", import.meta.url)
})

const wireOf = (port: MessagePort): Wire.Wire => ({
  post: (frame) => port.postMessage(frame),
  listen: (heard, closed) => {
    port.on("message", heard)
    port.once("close", () => closed("the thread has ended"))
  }
})

const portOf = (port: MessagePort) =>
  Effect.acquireRelease(
    Effect.sync(() => port),
    () => Effect.sync(() => port.close())
  )
const clientAt = (contract: AnyContract, port: MessagePort) =>
  Layer.provide(Contract.client(contract), Wire.client(Effect.map(portOf(port), wireOf)))
const serverAt = (contract: AnyContract, port: MessagePort) =>
  Layer.provide(
    Contract.server(contract),
    Wire.server((accept) => Effect.map(portOf(port), (port) => accept(wireOf(port))))
  )

/** A client is made of what serves the API, so that programs run unchanged on either side. */
type Given<Contracts extends ReadonlyArray<AnyContract>> =
  | Plugin.Identifier<Contracts[number]>
  | (Api extends Plugin.Identifier<Contracts[number]> ? Client : never)

const channelsOf = (contracts: ReadonlyArray<AnyContract>) =>
  contracts.map((contract) => ({ contract, channel: new MessageChannel() }))
type Channels = ReturnType<typeof channelsOf>
const farEnds = (channels: Channels) =>
  Object.fromEntries(channels.map(({ channel, contract }) => [contract.key, channel.port2]))

/** Resolves when the plugin runs in its thread. A later end is told by the lifeline. */
const spawn = Effect.fnUntraced(function* (plugin: string, start: Start) {
  const die = yield* Plugin.Lifeline
  const main = yield* Main
  const run = Effect.runForkWith(yield* Effect.context())
  const ready = yield* Deferred.make<void, ThreadFailed>()
  const transferList = [...Object.values(start.offers), ...Object.values(start.needs)]
  let isWanted = true
  const worker = yield* Effect.acquireRelease(
    Effect.sync(() => new Worker(main, { workerData: start, transferList, name: plugin })),
    (worker) => {
      isWanted = false
      return Effect.promise(() => worker.terminate())
    }
  )
  let why = "its thread has ended"
  const failed = (reason: string) => new ThreadFailed({ plugin, reason })
  worker.on("message", (told: Told) => {
    Deferred.doneUnsafe(ready, told._tag === "ready" ? Effect.void : Effect.fail(failed(told.reason)))
  })
  worker.on("error", (cause) => (why = String(cause)))
  worker.on("exit", () => {
    if (!isWanted) return
    Deferred.doneUnsafe(ready, Effect.fail(failed(why)))
    run(die(failed(why)))
  })
  yield* Effect.timeoutOrElse(Deferred.await(ready), {
    duration: "60 seconds",
    orElse: () => Effect.fail(failed("it does not say that it is ready"))
  })
})

/**
 * Runs a plugin in a thread. `module` exports it as `plugin`: its value, or a function of `options`, which are data. Each
 * contract in `needs` is served to the thread by what serves it here; with `Api` among them the plugin can need `Client`.
 */
export const isolate = <Offers, const Contracts extends ReadonlyArray<AnyContract> = []>(
  { name, offers }: Plugin.Plugin<Offers, NoInfer<Given<Contracts>>>,
  module: URL,
  { needs, options }: { readonly needs?: Contracts; readonly options?: Schema.Json } = {}
): Plugin.Plugin<Offers, Plugin.Identifier<Contracts[number]>> => {
  const build = Effect.gen(function* () {
    const [given, taken] = [channelsOf(offers), channelsOf(needs ?? [])]
    const servers = taken.map(({ channel, contract }) => serverAt(contract, channel.port1))
    yield* Layer.build(Layer.mergeAll(Layer.empty, ...servers))
    yield* spawn(name, { module: module.href, options, offers: farEnds(given), needs: farEnds(taken) })
    const clients = given.map(({ channel, contract }) => clientAt(contract, channel.port1))
    return yield* Layer.build(Layer.mergeAll(Layer.empty, ...clients))
  })
  // The clients are those of what it offers, the servers' needs those of `needs`; contracts in arrays do not say so.
  const layer = Layer.effectContext(build) as unknown as Layer.Layer<
    Offers,
    Contract.Unavailable | ThreadFailed,
    Plugin.Identifier<Contracts[number]>
  >
  return { name, offers, needs: [], isolation: "thread", layer: Plugin.named(name, layer) }
}

/** The thread's side: the plugin, on clients of what it needs, and servers of what it offers. */
export const serve = ({ layer, needs, offers }: Plugin.Plugin<unknown, unknown>, ports: Start) => {
  const known = new Map([Api, ...needs].map((contract) => [contract.key, contract]))
  const clients = Object.entries(ports.needs).map(([key, port]) => {
    const contract = known.get(key)
    if (contract === undefined) throw new Error(`the plugin does not list ${key} in its needs`)
    return clientAt(contract, port)
  })
  const given = Layer.mergeAll(Layer.empty, ...clients)
  const all = Api.key in ports.needs ? Layer.provideMerge(ApiClient.layer, given as Layer.Layer<Api>) : given
  const servers = offers.flatMap((contract) => {
    const port = ports.offers[contract.key]
    return port === undefined ? [] : [serverAt(contract, port)]
  })
  return Layer.mergeAll(Layer.empty, ...servers).pipe(Layer.provideMerge(layer), Layer.provide(all))
}
