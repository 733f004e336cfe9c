/** The suites of a cloud on a package that is one: all that it offers of it together, on machines that its own bed brings. */
import { Context, Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { IngressBalancers } from "../../plugins/cloud/contracts/IngressBalancers.ts"
import { Instances } from "../../plugins/cloud/contracts/Instances.ts"
import { LoadBalancers } from "../../plugins/cloud/contracts/LoadBalancers.ts"
import { Routes } from "../../plugins/cloud/contracts/Routes.ts"
import { Zones } from "../../plugins/cloud/contracts/Zones.ts"
import { PackageInvalid } from "../../plugins/packages/PackageInvalid.ts"
import { checked, kit } from "../Adapter.ts"
import { CloudBed } from "../cloud/Bed.ts"
import * as Disturbed from "../cloud/Disturbed.ts"
import type { PackageBed } from "../cloud/PackageBed.ts"
import * as IngressBalancersKit from "../IngressBalancers.ts"
import * as InstancesKit from "../Instances.ts"
import * as LoadBalancersKit from "../LoadBalancers.ts"
import * as RoutesKit from "../Routes.ts"
import * as ZonesKit from "../Zones.ts"
import type { Start } from "./NodeSuites.ts"

/** Of every cloud, and of those whose network has routes, or that know HTTP. */
const always = [Instances, Zones, LoadBalancers] as const
const all = [...always, IngressBalancers, Routes] as const
export const keys: ReadonlyArray<string> = all.map(({ key }) => key)

export const isOffered = (offers: ReadonlyArray<string>) => always.every(({ key }) => offers.includes(key))

const bedIn = (directory: string) =>
  Effect.gen(function* () {
    const file = join(directory, "bed.ts")
    if (!existsSync(file))
      return yield* new PackageInvalid({ message: `there is no ${file}: machines of the cloud, for its checks` })
    const { bed } = yield* Effect.promise((): Promise<{ readonly bed?: PackageBed }> => import(pathToFileURL(file).href))
    return bed ?? (yield* new PackageInvalid({ message: `${file} exports no bed` }))
  })

export const check = (start: Start, directory: string, offers: ReadonlyArray<string>) => {
  const [hasRoutes, hasIngresses] = [Routes, IngressBalancers].map(({ key }) => offers.includes(key))
  const world = Layer.effectContext(
    Effect.gen(function* () {
      const disturbed = Disturbed.make()
      const api = yield* Effect.map(Layer.build(MemoryApi.layer()), Context.get(Api))
      const client = yield* Layer.build(Layer.provide(ApiClient.layer, Layer.succeed(Api, api)))
      const own = yield* Effect.provide(yield* bedIn(directory), client)
      const bed = CloudBed.of({ cluster: "laws", disturb: disturbed.disturb, every: 1, ...own })
      return Context.make(Api, Disturbed.api(api, disturbed)).pipe(Context.add(CloudBed, bed))
    })
  )
  // What it does not offer nobody asks for, which its type does not say.
  const offered = all.filter(({ key }) => offers.includes(key)) as ReadonlyArray<(typeof all)[number]>
  const cloud = Layer.provideMerge(start(offered), world)
  const suites = [checked(InstancesKit.suite), checked(ZonesKit.suite), checked(LoadBalancersKit.suite)] as const
  return kit(
    cloud,
    ...suites,
    ...(hasIngresses ? [checked(IngressBalancersKit.suite)] : []),
    ...(hasRoutes ? [checked(RoutesKit.suite)] : [])
  )
}
