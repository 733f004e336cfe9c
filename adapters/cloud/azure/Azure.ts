/** The cloud of Microsoft: virtual machines are nodes, a standard load balancer serves the Services of a cluster. */
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

const { optionalKey, String: Text, Struct } = Schema

/** What stands in `--cloud-config`. */
export const Configuration = Struct({
  subscription: Text,
  resourceGroup: Text,
  location: Text,
  virtualNetwork: Text,
  subnet: optionalKey(Text),
  networkResourceGroup: optionalKey(Text),
  securityGroup: optionalKey(Text),
  routeTable: optionalKey(Text),
  endpoint: optionalKey(Text)
})
export type Configuration = typeof Configuration.Type

/** As Microsoft's libraries wait by themselves. */
const usual: Calls.Patience = { retry: 1000, poll: 2000 }

export const layer = (
  {
    endpoint = "",
    location,
    networkResourceGroup,
    resourceGroup,
    routeTable = "",
    securityGroup = "",
    subnet = "",
    subscription,
    virtualNetwork
  }: Configuration,
  patience = usual
) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const calls = yield* Calls.open({ endpoint, subscription, patience })
      const machines = Machines.make(calls, { location, resourceGroup })
      const inGroup = `/subscriptions/${subscription}/resourceGroups/${networkResourceGroup ?? resourceGroup}`
      const network = `${inGroup}/providers/Microsoft.Network/virtualNetworks/${virtualNetwork}`
      const balancers = LoadBalancing.make(calls, machines, {
        ...{ location, resourceGroup, securityGroup, virtualNetwork: network },
        subnet: subnet === "" ? "" : `${network}/subnets/${subnet}`
      })
      return Context.make(Instances, machines.instances).pipe(
        Context.add(Zones, machines.zones),
        Context.add(LoadBalancers, balancers),
        Context.add(Routes, RouteTable.make(calls, machines, { resourceGroup, routeTable }))
      )
    })
  )

/** `file`: its configuration, read when it starts. */
export const plugin = (file: string) =>
  Plugin.make({
    name: "cloud-azure",
    offers: [Instances, Zones, LoadBalancers, Routes],
    layer: Layer.unwrap(Effect.map(ConfigurationFile.read("Azure", Configuration, file), (found) => layer(found)))
  })
