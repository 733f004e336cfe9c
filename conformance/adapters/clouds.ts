/** Clouds: what each needs to be checked, and the suites that are the same for all. */
import { Context, Effect, Layer } from "effect"
import { MemoryCloud } from "../../adapters/memory/MemoryCloud.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import { CloudBed } from "../cloud/Bed.ts"
import * as Disturbed from "../cloud/Disturbed.ts"
import * as Instances from "../Instances.ts"
import * as LoadBalancers from "../LoadBalancers.ts"
import * as Routes from "../Routes.ts"
import * as Zones from "../Zones.ts"

const suites = [checked(Instances.suite), checked(Zones.suite), checked(LoadBalancers.suite), checked(Routes.suite)] as const

/** The cloud in memory, with machines as the checks want them. */
export const memory = Layer.effectContext(
  Effect.gen(function* () {
    const context = yield* Layer.build(MemoryCloud.layer)
    const cloud = Context.get(context, MemoryCloud)
    const { around, disturb } = Disturbed.make()
    cloud.setAround(around)
    const bed = CloudBed.of({
      cluster: "laws",
      launch: (name, zone) =>
        Effect.map(cloud.launch(name, zone === 0 ? "a" : "b"), ({ address }) => ({
          name,
          providerID: "",
          addresses: [{ type: "InternalIP", address }]
        })),
      stop: cloud.stop,
      terminate: cloud.terminate,
      inventory: Effect.sync(cloud.inventory),
      disturb,
      impossible: { address: "203.0.113.1" }
    })
    return Context.add(context, CloudBed, bed)
  })
)

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "memory-cloud",
    title: "a cloud in memory",
    isAlone: false,
    lacks: () => [],
    kits: { cloud: () => kit(memory, ...suites) }
  }
]
