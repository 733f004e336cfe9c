/**
 * Where device plugins of upstream's kind register with this node, and where it tells who has their devices: in its own folder, and where
 * programs expect a kubelet on every machine, unless there is one already.
 */
import { Effect, Layer, Scope } from "effect"
import { join } from "node:path"
import * as DevicePlugins from "../adapters/devices/DevicePlugins.ts"
import * as Registered from "../adapters/devices/Registered.ts"
import type { ClaimDrivers } from "../plugins/kubelet/devices/ClaimDrivers.ts"
import type { Providers } from "../plugins/kubelet/devices/Providers.ts"
import type { Options } from "./Node.ts"

const isRoot = () => process.getuid?.() === 0

const own = ({ paths }: Options) => join(paths.node, "kubelet")

/** The machine's is root's to give; a hollow node changes nothing there. */
export const folders = (options: Options): ReadonlyArray<string> => {
  const { kubeletDir } = options.settings
  return options.hollow || kubeletDir === "" || !isRoot() ? [own(options)] : [own(options), kubeletDir]
}

/** A node where nobody can register is one like any other. */
export const layer = (options: Options, providers: Providers, drivers: ClaimDrivers) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const serve = (directory: string) =>
        DevicePlugins.serve({ directory, add: providers.add }).pipe(
          Effect.catch((error) => Effect.logWarning(error.message)),
          Effect.provideService(Scope.Scope, scope)
        )
      for (const folder of folders(options)) {
        const directory = join(folder, "device-plugins")
        const isOthers = yield* DevicePlugins.isServed(directory)
        if (isOthers) {
          yield* Effect.logWarning(`another kubelet has its plugins in ${folder}`)
          continue
        }
        yield* serve(directory)
        yield* Registered.follow({
          folder: join(folder, "plugins_registry"),
          addDriver: drivers.add,
          addDevices: providers.add
        })
      }
    })
  )
