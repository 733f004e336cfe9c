/** The cloud of Google: instances of Compute Engine are nodes, passthrough network load balancers serve Services. */
import { Context, Effect, Layer, Schema } from "effect"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { Instances } from "../../../plugins/cloud/contracts/Instances.ts"
import { LoadBalancers } from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import { Routes } from "../../../plugins/cloud/contracts/Routes.ts"
import { Zones } from "../../../plugins/cloud/contracts/Zones.ts"
import * as ConfigurationFile from "../ConfigurationFile.ts"
import * as Calls from "./Calls.ts"
import * as LoadBalancing from "./LoadBalancing.ts"
import * as Machines from "./Machines.ts"
import * as RouteTable from "./RouteTable.ts"

const { Array: List, optionalKey, String: Text, Struct } = Schema

/** What stands in `--cloud-config`. */
export const Configuration = Struct({
  project: Text,
  region: Text,
  network: optionalKey(Text),
  subnetwork: optionalKey(Text),
  nodeTags: optionalKey(List(Text)),
  endpoint: optionalKey(Text)
})
export type Configuration = typeof Configuration.Type

/** As Google's library waits by itself. */
const usual = { retryMilliseconds: 100 }

export const layer = (
  { endpoint = "", network = "default", nodeTags = [], project, region, subnetwork = "" }: Configuration,
  patience = usual
) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const calls = yield* Calls.open({ endpoint, project, region, ...patience })
      const machines = Machines.make(calls)
      return Context.make(Instances, machines.instances).pipe(
        Context.add(Zones, machines.zones),
        Context.add(LoadBalancers, LoadBalancing.make(calls, { network, subnetwork, nodeTags })),
        Context.add(Routes, RouteTable.make(calls, machines, { network }))
      )
    })
  )

/** `file`: its configuration, read when it starts. */
export const plugin = (file: string) =>
  Plugin.make({
    name: "cloud-gcp",
    offers: [Instances, Zones, LoadBalancers, Routes],
    layer: Layer.unwrap(Effect.map(ConfigurationFile.read("GCP", Configuration, file), (found) => layer(found)))
  })
