/**
 * Nodes whose Pods a service runs: what a kubelet is for a machine, for as many nodes as are wanted in one process. Needs the cluster
 * (`Client`) and the service (`ContainerService`).
 */
import { Effect, Layer } from "effect"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { Taint } from "../resources/contracts/core/v1.ts"
import { ContainerService } from "./contracts/ContainerService.ts"
import * as Nodes from "./Nodes.ts"
import * as Pods from "./Pods.ts"

export interface Options {
  readonly names: ReadonlyArray<string>
  readonly address: string
  readonly version?: string
  readonly taints?: ReadonlyArray<Taint>
}

const agent = Effect.fnUntraced(function* ({ address, names, taints = [], version = "v1.36.0" }: Options) {
  const service = yield* ContainerService
  const size = yield* service.describe()
  yield* Nodes.run({ names, address, version, taints }, size)
  yield* Effect.logInfo(`${names.length} nodes of ${size.name} are ready`)
  yield* Effect.forkScoped(Pods.run({ names, address }))
})

export const layer = (options: Options) => Layer.effectDiscard(agent(options))

export const plugin = (options: Options) => Plugin.make({ name: "virtual-node", layer: layer(options) })
