/** Clouds: what each needs to be checked, and the suites that are the same for all. */
import { Context, Effect, Layer } from "effect"
import * as Local from "../../adapters/cloud/local/Local.ts"
import type { Configuration } from "../../adapters/cloud/local/Configuration.ts"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { MemoryCloud } from "../../adapters/memory/MemoryCloud.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import { CloudBed } from "../cloud/Bed.ts"
import * as Disturbed from "../cloud/Disturbed.ts"
import * as IngressBalancers from "../IngressBalancers.ts"
import * as Instances from "../Instances.ts"
import * as LoadBalancers from "../LoadBalancers.ts"
import * as Routes from "../Routes.ts"
import * as Zones from "../Zones.ts"

const suites = [checked(Instances.suite), checked(Zones.suite), checked(LoadBalancers.suite)] as const

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
      every: 1,
      impossible: { address: "203.0.113.1" }
    })
    return Context.add(context, CloudBed, bed)
  })
)

/** The local cloud on an API in memory: the calls that are disturbed are those to the API. */
export const local = Layer.effectContext(
  Effect.gen(function* () {
    const disturbed = Disturbed.make()
    const api = yield* Effect.map(Layer.build(MemoryApi.layer()), Context.get(Api))
    const client = Layer.provide(ApiClient.layer, Layer.succeed(Api, Disturbed.api(api, disturbed)))
    const own = yield* Layer.build(Layer.provide(ApiClient.layer, Layer.succeed(Api, api)))
    const machines = new Map<string, NonNullable<Configuration["machines"]>[string]>()
    const configuration = Effect.sync(
      (): Configuration => ({
        region: "laws",
        zone: "a",
        machines: { ...Object.fromEntries(machines), other: { zone: "b" } },
        machinesAreAll: true,
        loadBalancerAddresses: ["192.0.2.0/24"]
      })
    )
    const addresses = [{ type: "InternalIP" as const, address: "198.51.100.7" }]
    const bed = CloudBed.of({
      cluster: "laws",
      launch: (name, zone) =>
        Effect.sync(() => {
          machines.set(name, { zone: zone === 0 ? "a" : "b", addresses: ["198.51.100.7"] })
          return { name, providerID: "", addresses }
        }),
      stop: (name) => Effect.sync(() => machines.set(name, { ...machines.get(name), state: "stopped" })),
      terminate: (name) => Effect.sync(() => machines.delete(name)),
      inventory: Effect.map(Context.get(own, Client).list(ConfigMap), (all) =>
        all.map(({ data = {} }) => (data["balancer"] ?? "").replace(/"ip":"[^"]*"/, ""))
      ),
      disturb: disturbed.disturb,
      every: 1,
      impossible: { address: "203.0.113.1" }
    })
    const cloud = yield* Layer.build(Layer.provide(Local.layer({ configuration }), client))
    return Context.add(cloud, CloudBed, bed)
  })
)

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "memory-cloud",
    title: "a cloud in memory",
    isAlone: false,
    lacks: () => [],
    kits: { cloud: () => kit(memory, ...suites, checked(IngressBalancers.suite), checked(Routes.suite)) }
  },
  {
    name: "cloud-local",
    title: "the cloud of those who have none",
    isAlone: false,
    lacks: () => [],
    kits: { cloud: () => kit(local, ...suites) }
  }
]
