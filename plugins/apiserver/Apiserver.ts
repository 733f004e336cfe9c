/** The API's door: HTTPS onto the pipeline. Resolves when it listens; at its end it lets go of what is under way. */
import { Context, Effect, Layer } from "effect"
import { isIPv6 } from "node:net"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { names as logs } from "../../kernel/store/Log.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import { Tables } from "../../kernel/table/Tables.ts"
import * as Door from "./Door.ts"
import * as Fairness from "./fairness/Fairness.ts"
import type { Check } from "./Health.ts"
import { type Handler, type ListenOptions, start } from "./Listener.ts"
import * as ComponentStatuses from "./objects/ComponentStatuses.ts"
import * as StartChecks from "./StartChecks.ts"
import * as Kubelet from "./streaming/Kubelet.ts"
import * as Version from "./Version.ts"

export interface Options extends ListenOptions {
  /** How kubelets are reached, for logs, exec and the like. */
  readonly kubelet: Kubelet.KubeletOptions
  /** `host:port` under which clients reach this server, if it is not where it listens. */
  readonly advertise?: string
  /** What `/readyz` asks, and `/livez` of those that are `live`. */
  readonly checks?: ReadonlyArray<Check>
  /** The documents of `/.well-known/openid-configuration` and `/openid/v1/jwks`. */
  readonly openid?: { readonly configuration: object; readonly keys: object }
  /** Of this program, for `/version`. */
  readonly version?: string
}

export class Listening extends Context.Service<
  Listening,
  { readonly addresses: ReadonlyArray<string>; readonly port: number }
>()("apiserver/Listening") {}

/** Without the store a server answers from what was, and takes no writes. */
const stores = (tables: Tables["Service"]): ReadonlyArray<Check> =>
  logs.map((log) => ({
    name: `store-${log}`,
    healthy: Effect.flatMap(tables.trouble(log), (why) => (why === undefined ? Effect.void : Effect.fail(why)))
  }))

const inUrl = (host: string) => (isIPv6(host) ? `[${host}]` : host)

const listening = Effect.fnUntraced(function* (options: Options) {
  let port = options.port
  const kubelet = yield* Effect.acquireRelease(
    Effect.sync(() => Kubelet.make(options.kubelet)),
    ({ close }) => Effect.sync(close)
  )
  const tables = yield* Tables
  const fairness = yield* Fairness.make(tables, yield* Kinds)
  const door = yield* Door.make({
    checks: [...StartChecks.of(tables), ...stores(tables), ...(options.checks ?? [])],
    components: ComponentStatuses.ofTables(tables),
    openid: options.openid,
    address: () => options.advertise ?? `${inUrl(options.addresses[0] ?? "localhost")}:${port}`,
    version: Version.info(options.version),
    kubelet,
    fairness,
    requestHeader: options.requestHeader
  })
  const handler: Handler = { request: door.request, upgrade: door.upgrade }
  const listener = yield* start(options, handler)
  port = listener.port
  // Runs before the sockets close: finalizers go backwards.
  yield* Effect.addFinalizer(() => Effect.andThen(listener.drain, door.close))
  yield* Effect.logInfo(`The API listens on ${options.addresses.map((address) => `${inUrl(address)}:${port}`).join(", ")}.`)
  return { addresses: options.addresses, port }
})

export const layer = (options: Options) => Layer.effect(Listening, listening(options))

export const plugin = (options: Options) =>
  Plugin.make({ name: "apiserver", layer: Layer.effectDiscard(listening(options)) })
