/** `keelson virtual-node`: nodes of a cluster whose Pods a service runs, any number of them in this process. */
import { Clock, Effect, Layer, Schema } from "effect"
import * as Ecs from "../adapters/cloud/aws/ecs/Ecs.ts"
import * as Https from "../adapters/client/https/Https.ts"
import * as Kubeconfig from "../adapters/client/https/Kubeconfig.ts"
import * as MemoryContainerService from "../adapters/memory/MemoryContainerService.ts"
import * as ApiClient from "../kernel/client/ApiClient.ts"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import * as Early from "../plugins/packages/Early.ts"
import { ContainerService } from "../plugins/virtual-node/contracts/ContainerService.ts"
import * as VirtualNode from "../plugins/virtual-node/VirtualNode.ts"
import * as Paths from "./Paths.ts"
import type { Settings } from "./Settings.ts"
import { version } from "./Version.ts"

/** By their names on the command line; any other is a package that is named by its address. */
const services = {
  hollow: () => MemoryContainerService.plugin(),
  ecs: ({ config }: What) => Ecs.plugin(config)
}
export const names = Object.keys(services)

export class NoSuchService extends Schema.TaggedError<NoSuchService>()("NoSuchService", { message: Schema.String }) {}

export interface What {
  readonly service: string
  /** The service's own configuration, a file; or empty. */
  readonly config: string
  readonly count: number
  /** What nodes are called, with a number from 1 behind it if there are several. */
  readonly name: string
  readonly kubeconfig: string
}

const namesOf = ({ count, name }: What) =>
  count === 1 ? [name] : Array.from({ length: count }, (_, at) => `${name}-${at + 1}`)

const serviceOf = (what: What, { dataDir, nodeName }: Settings) => {
  const { service: asked } = what
  if (asked === "hollow" || asked === "ecs") return Effect.succeed(Plugin.install(services[asked](what)))
  const from = { address: asked, directory: Paths.packages(Paths.make(dataDir, nodeName)) }
  return Early.isAddress(asked)
    ? Effect.succeed(Early.layer(ContainerService, from))
    : Effect.fail(new NoSuchService({ message: `--service ${asked}: expected ${names.join(", ")} or ${Early.expected}` }))
}

/** Until it is interrupted. The nodes stay in the cluster, which takes note that they are silent. */
export const run = Effect.fn("VirtualNode.run")(function* (settings: Settings, what: What) {
  const service = yield* serviceOf(what, settings)
  const began = yield* Clock.currentTimeMillis
  const target = yield* Kubeconfig.read(what.kubeconfig)
  const options = { names: namesOf(what), address: settings.nodeIp, version: `${version.kubernetes}+keelson` }
  yield* Layer.build(
    Plugin.install(VirtualNode.plugin(options)).pipe(
      Layer.provide(service),
      Layer.provide(ApiClient.layer.pipe(Layer.provide(Https.layer({ ...target, userAgent: "virtual-node" })))),
      Layer.provide(Plugin.Host.layer)
    )
  )
  yield* Effect.logInfo(`it took ${(yield* Clock.currentTimeMillis) - began} ms`)
  yield* Effect.never
}, Effect.scoped)
