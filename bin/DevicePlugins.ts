/**
 * Where device plugins of upstream's kind register with this node: in its own folder, and where they expect a kubelet on every machine,
 * unless there is one already.
 */
import { Effect, Layer, Scope } from "effect"
import { join } from "node:path"
import * as DevicePlugins from "../adapters/devices/DevicePlugins.ts"
import type { Providers } from "../plugins/kubelet/devices/Providers.ts"
import type { Options } from "./Node.ts"

const isRoot = () => process.getuid?.() === 0

/** Whose folder the machine's is, says who answers there: several nodes may run on it. */
const shared = ({ hollow, settings: { kubeletDir } }: Options, serve: (directory: string) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    if (hollow || kubeletDir === "" || !isRoot()) return
    const directory = join(kubeletDir, "device-plugins")
    if (!(yield* DevicePlugins.isServed(directory))) return yield* serve(directory)
    yield* Effect.logWarning(
      `another kubelet serves device plugins at ${directory}: here they register in the node's own folder`
    )
  })

/** A node where nobody can register is one like any other. */
export const layer = (options: Options, providers: Providers) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const serve = (directory: string) =>
        DevicePlugins.serve({ directory, add: providers.add }).pipe(
          Effect.catch((error) => Effect.logWarning(error.message)),
          Effect.provideService(Scope.Scope, scope)
        )
      yield* serve(join(options.paths.node, "kubelet", "device-plugins"))
      yield* shared(options, serve)
    })
  )
