/**
 * The aggregation layer: groups that another server answers for. `plugin` runs in every API process and leads requests there;
 * `controllers` runs in one, and keeps the APIServices.
 */
import { Effect, Layer } from "effect"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { FrontProxy } from "../apiserver/contracts/RequestHeader.ts"
import * as Availability from "./Availability.ts"
import * as Following from "./Following.ts"
import * as Inside from "./Inside.ts"
import * as Published from "./Published.ts"
import * as Registration from "./Registration.ts"

export interface Options {
  /** PEM of the authority of clients. */
  readonly clientCa: string
  /** What this server shows to those behind it. */
  readonly proxy: FrontProxy
}

export const plugin = ({ proxy }: Options) =>
  Plugin.make({ name: "aggregation", layer: Layer.effectDiscard(Effect.andThen(Inside.run, Following.run(proxy))) })

export const controllers = ({ clientCa, proxy }: Options) =>
  Plugin.make({
    name: "apiservices",
    layer: Layer.effectDiscard(
      Effect.all([Published.run(clientCa, proxy), Registration.run, Availability.run(proxy)], { discard: true })
    )
  })
