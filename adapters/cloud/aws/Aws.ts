/** The cloud of Amazon: EC2 instances are nodes, network load balancers (ELBv2) serve Services. */
import { Context, Effect, Layer, Schema } from "effect"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { Instances } from "../../../plugins/cloud/contracts/Instances.ts"
import { LoadBalancers } from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import { Routes } from "../../../plugins/cloud/contracts/Routes.ts"
import { Zones } from "../../../plugins/cloud/contracts/Zones.ts"
import * as Calls from "./Calls.ts"
import * as LoadBalancing from "./LoadBalancing.ts"
import * as Machines from "./Machines.ts"
import * as RouteTables from "./RouteTables.ts"

const { Array: List, optionalKey, String: Text, Struct } = Schema

/** What stands in `--cloud-config`. */
export const Configuration = Struct({
  region: Text,
  endpoint: optionalKey(Text),
  subnets: optionalKey(List(Text)),
  routeTable: optionalKey(Text)
})
export type Configuration = typeof Configuration.Type

export const layer = ({ endpoint = "", region, routeTable = "", subnets = [] }: Configuration) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const calls = yield* Calls.open({ endpoint, region })
      const machines = Machines.make(calls)
      return Context.make(Instances, machines.instances).pipe(
        Context.add(Zones, machines.zones),
        Context.add(LoadBalancers, LoadBalancing.make(calls, machines, { subnets })),
        Context.add(Routes, RouteTables.make(calls, machines, { routeTable }))
      )
    })
  )

export const plugin = (configuration: Configuration) =>
  Plugin.make({ name: "cloud-aws", offers: [Instances, Zones, LoadBalancers, Routes], layer: layer(configuration) })
