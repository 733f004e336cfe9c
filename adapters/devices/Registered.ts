/**
 * Plugins that register by a socket in a kubelet's `plugins_registry`, as long as it is there: drivers of claims, and device plugins that prefer
 * this way. Drivers of volumes register there too, and are others' to take.
 */
import { Effect, FiberMap, Schedule, Schema, type Scope } from "effect"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import * as MadeFolder from "../../kernel/MadeFolder.ts"
import type { ClaimDriver } from "../../plugins/kubelet/contracts/ClaimDriver.ts"
import type { Provider } from "../../plugins/kubelet/contracts/NodeDevices.ts"
import * as Calls from "./Calls.ts"
import * as ClaimPlugin from "./ClaimPlugin.ts"
import * as DevicePlugin from "./DevicePlugin.ts"
import type { PluginInfo } from "./Messages.ts"

export interface Options {
  readonly folder: string
  /** Each takes one in until the scope closes. */
  readonly addDriver: (driver: ClaimDriver) => Effect.Effect<unknown, unknown, Scope.Scope>
  readonly addDevices: (provider: Provider) => Effect.Effect<unknown, unknown, Scope.Scope>
}

const patiently = Schedule.spaced("1 second")

export class NotTaken extends Schema.TaggedError<NotTaken>()("NotTaken", { message: Schema.String }) {}

const taken = Effect.fnUntraced(function* (info: typeof PluginInfo.Type, socket: string, options: Options) {
  const endpoint = info.endpoint === "" ? socket : info.endpoint
  if (info.type === "DevicePlugin") {
    if (!info.versions.includes("v1beta1")) {
      const message = `manager version, v1beta1, is not among plugin supported versions [${info.versions.join(" ")}]`
      return yield* new NotTaken({ message })
    }
    return yield* options.addDevices(yield* DevicePlugin.make(info.name, endpoint))
  }
  const service = ClaimPlugin.serviceOf(info.versions)
  if (service === undefined) {
    const message = `invalid supported gRPC versions of DRA driver plugin ${info.name} at endpoint ${endpoint}: ${info.versions.join(" ")}`
    return yield* new NotTaken({ message })
  }
  return yield* options.addDriver(yield* ClaimPlugin.make(info.name, endpoint, service))
})

const words = (error: unknown) => (error instanceof Error ? error.message : String(error))

const register = Effect.fnUntraced(function* (socket: string, options: Options) {
  const { call } = yield* Calls.connect(socket)
  const info = yield* call("info", {})
  if (info.type !== "DRAPlugin" && info.type !== "DevicePlugin") return yield* Effect.never
  yield* Effect.tapError(taken(info, socket, options), (error) => call("notify", { registered: false, error: words(error) }))
  yield* call("notify", { registered: true, error: "" })
  yield* Effect.log(`the ${info.type} ${info.name} has registered`)
  return yield* Effect.never
})

const sockets = (folder: string) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).flatMap((one) => (one.isSocket() ? [join(folder, one.name)] : []))
    : []

/** Until the scope closes. */
export const follow = Effect.fnUntraced(function* (options: Options) {
  const { folder } = options
  yield* Effect.ignore(MadeFolder.made(folder))
  const all = yield* FiberMap.make<string>()
  const look = Effect.gen(function* () {
    const there = new Set(sockets(folder))
    for (const [socket] of all) if (!there.has(socket)) yield* FiberMap.remove(all, socket)
    for (const socket of there) {
      const registered = Effect.scoped(register(socket, options)).pipe(
        Effect.tapError((error) => Effect.logDebug(`what registers at ${socket} was not taken in`, error)),
        Effect.retry(patiently)
      )
      yield* FiberMap.run(all, socket, registered, { onlyIfMissing: true })
    }
  })
  yield* Effect.forkScoped(Effect.repeat(look, patiently))
})
