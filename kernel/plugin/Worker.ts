/** The worker isolate of a plugin whose value is at hand: what it offers and needs is checked by the compiler. */
import type { Schema } from "effect"
import type { Api } from "../client/Api.ts"
import type { Client } from "../client/Client.ts"
import type * as Contract from "./Contract.ts"
import * as Isolate from "./Isolate.ts"
import type * as Plugin from "./Plugin.ts"

type AnyContract = Contract.Contract<unknown, unknown>

/** A client is made of what serves the API, so that programs run unchanged on either side. */
type Given<Contracts extends ReadonlyArray<AnyContract>> =
  | Plugin.Identifier<Contracts[number]>
  | (Api extends Plugin.Identifier<Contracts[number]> ? Client : never)

/**
 * Runs a plugin in a thread. `module` exports it as `plugin`: its value, or a function of `options`, which are data. Each
 * contract in `needs` is served to the thread by what serves it here; with `Api` among them the plugin can need `Client`.
 */
export const isolate = <Offers, const Contracts extends ReadonlyArray<AnyContract> = []>(
  { name, offers }: Plugin.Plugin<Offers, NoInfer<Given<Contracts>>>,
  module: URL,
  { needs, options }: { readonly needs?: Contracts; readonly options?: Schema.Json } = {}
) =>
  // What the array of its contracts offers is what the plugin's type says.
  Isolate.run({
    name,
    module,
    offers,
    needs: needs ?? [],
    isolation: "worker",
    ...(options !== undefined && { options })
  }) as Plugin.Plugin<unknown, unknown> as Plugin.Plugin<Offers, Plugin.Identifier<Contracts[number]>>
