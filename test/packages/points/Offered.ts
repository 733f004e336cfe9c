/** A package of `examples/` by its module, as what offers a contract. */
import { Layer } from "effect"
import * as MemoryApi from "../../../adapters/memory/MemoryApi.ts"
import { Api } from "../../../kernel/client/Api.ts"
import * as ApiClient from "../../../kernel/client/ApiClient.ts"
import type { Contract } from "../../../kernel/plugin/Contract.ts"
import * as Isolate from "../../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"

const memory = Layer.provideMerge(ApiClient.layer, MemoryApi.layer())
export const levels = ["in-process", "worker"] as const

export const offered = <Self, S>(contract: Contract<Self, S>, example: string, isolation: (typeof levels)[number]) =>
  Plugin.install(
    Isolate.run({
      name: example,
      module: new URL(`../../../examples/${example}/plugin.ts`, import.meta.url),
      offers: [contract],
      needs: [Api],
      isolation
    })
  ).pipe(Layer.provideMerge(Layer.merge(memory, Plugin.Host.layer)))
