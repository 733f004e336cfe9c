/** What has no outside world: the store, the API, the machine and its networks in memory. */
import { Layer } from "effect"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as MemoryContainerService from "../../adapters/memory/MemoryContainerService.ts"
import * as MemoryNetworkAttachment from "../../adapters/memory/MemoryNetworkAttachment.ts"
import * as MemoryPowers from "../../adapters/memory/MemoryPowers.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import * as Api from "../Api.ts"
import * as ContainerService from "../ContainerService.ts"
import * as Log from "../Log.ts"
import * as NetworkAttachment from "../NetworkAttachment.ts"
import * as NetworkConfiguration from "../NetworkConfiguration.ts"
import { suites } from "./runtimes.ts"

const machine = MemoryPowers.layer({ network: "runtime", images: ["busybox"], registry: ["busybox"] })

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "memory",
    title: "in memory",
    isAlone: false,
    lacks: () => [],
    kits: {
      log: () => kit(MemoryLog.layer, checked(Log.suite)),
      api: () => kit(MemoryApi.layer(), checked(Api.suite)),
      "container-runtime": () => kit(machine, ...suites),
      "network-configuration": () => kit(machine, checked(NetworkConfiguration.suite)),
      "container-service": () => kit(MemoryContainerService.layer(), checked(ContainerService.suite)),
      "network-attachment": () =>
        kit(
          Layer.merge(MemoryNetworkAttachment.layer(), NetworkAttachment.Namespaces.names),
          checked(NetworkAttachment.suite)
        )
    }
  }
]
