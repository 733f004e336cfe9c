/**
 * The door for plugins: the same module runs in this process, in a thread, in a process, in a sandbox, or on another machine.
 * What each level withstands stands in the README beside this file.
 */
import { Effect, Layer } from "effect"
import * as Contract from "./Contract.ts"
import * as Beside from "./isolate/Beside.ts"
import * as Guest from "./isolate/Guest.ts"
import type * as Nats from "./isolate/Nats.ts"
import * as Near from "./isolate/Near.ts"
import * as Process from "./isolate/Process.ts"
import * as Remote from "./isolate/Remote.ts"
import * as Sandbox from "./isolate/Sandbox.ts"
import * as Session from "./isolate/Session.ts"
import { IsolateFailed } from "./isolate/Protocol.ts"
import type { Open, Remote as RemoteSettings, Settings } from "./isolate/Settings.ts"
import * as Worker from "./isolate/Worker.ts"
import * as Outside from "./Outside.ts"
import * as Plugin from "./Plugin.ts"

export type { Budgets, Grants, Remote, RemoteNats, RemoteTls, Settings } from "./isolate/Settings.ts"

export { type Serving, serve } from "./isolate/Remote.ts"

type AnyContract = Guest.AnyContract

const keysOf = (contracts: ReadonlyArray<AnyContract>) => contracts.map(({ key }) => key)

const compare = (wanted: AnyContract, offered: ReadonlyArray<AnyContract>) => {
  const found = offered.find(({ key }) => key === wanted.key)
  return found === undefined
    ? Effect.fail(new Error(`${wanted.key} is not there`))
    : Contract.compatible(wanted.key, Contract.wanted(wanted), found.version)
}

/** What calls over a wire find out when they greet. */
const negotiate = ({ needs, offers }: Settings, plugin: Guest.AnyPlugin): Effect.Effect<void, Error> =>
  Effect.andThen(
    Effect.forEach(offers, (contract) => compare(contract, plugin.offers), { discard: true }),
    Effect.forEach(plugin.needs, (contract) => compare(contract, needs), { discard: true })
  )

/** In this process a module is one of ours: its calls go straight to it. */
const direct = (settings: Settings) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const plugin = yield* Guest.load(settings.module.href, settings.options)
      yield* negotiate(settings, plugin)
      const given = Layer.succeedContext(yield* Effect.context<never>())
      return Layer.provide(Near.layer(plugin, settings), Guest.withClient(given, keysOf(settings.needs)))
    })
  )

/** Calls have their time here too, as long as they give the thread back. */
const timed = ({ budgets = {}, offers }: Settings, layer: ReturnType<typeof direct>) =>
  offers.length === 0 || budgets.callMillis === undefined
    ? layer
    : Layer.mergeAll(Layer.empty, ...offers.map((contract) => Session.timely(contract, budgets.callMillis)(layer)))

/** NATS' client is loaded by who needs it. */
const nats = Effect.promise(() => import("./isolate/Nats.ts"))

const remote: Open = (settings, die) => {
  const { name, remote } = settings
  if (remote === undefined) {
    const reason = "it is remote, and nobody says where: `remote` names a host and its port, or a subject of NATS"
    return Effect.fail(new IsolateFailed({ plugin: name, reason }))
  }
  if ("nats" in remote) return Effect.flatMap(nats, ({ open }) => open(remote)(settings, die))
  return Remote.open(remote)(settings, die)
}

/** What is said of the module where it is. */
export const about = (name: string, remote: RemoteSettings) =>
  "nats" in remote ? Effect.flatMap(nats, ({ about }) => about(name, remote)) : Remote.about(name, remote)

/** Serves one plugin's module to hosts elsewhere at a subject of NATS, for as long as the scope is open. */
export const serveNats = (serving: Nats.Serving) => Effect.flatMap(nats, ({ serve }) => serve(serving))

const opens: { readonly [_ in Exclude<Plugin.Isolation, "in-process">]: Open } = {
  worker: Worker.open,
  process: Process.open,
  sandbox: Sandbox.open,
  remote
}

/** A plugin by its module. */
export const run = <
  const Offers extends ReadonlyArray<AnyContract> = [],
  const Needs extends ReadonlyArray<AnyContract> = []
>(
  settings: Settings<Offers, Needs>
): Plugin.Plugin<Plugin.Identifier<Offers[number]>, Plugin.Identifier<Needs[number]>> => {
  const { isolation, life, name, offers } = settings
  const layer =
    isolation === "in-process"
      ? Outside.isBundled
        ? Session.layer(settings, Beside.open)
        : timed(settings, direct(settings))
      : Session.layer(settings, opens[isolation])
  return {
    name,
    offers,
    needs: [],
    isolation,
    ...(life !== undefined && { life }),
    // What is built are clients of what it offers, from servers of what it needs; contracts in arrays do not say so.
    layer: Plugin.named(name, layer) as Layer.Layer<
      Plugin.Identifier<Offers[number]>,
      Plugin.PluginFailed,
      Plugin.Identifier<Needs[number]>
    >
  }
}
