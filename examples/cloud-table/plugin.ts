/** A cloud that is a table: its machines with their zones, and addresses for load balancers, stand in the ConfigMap `kube-system/machines`. */
import { Effect, Layer, Option } from "effect"
import { Refused } from "keelson/cloud/Cloud"
import { IngressBalancers } from "keelson/cloud/IngressBalancers"
import { Instances } from "keelson/cloud/Instances"
import { LoadBalancers } from "keelson/cloud/LoadBalancers"
import { Routes } from "keelson/cloud/Routes"
import { Zones } from "keelson/cloud/Zones"
import { Client } from "keelson/kernel/client/Client"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import * as Cloud from "keelson/parts/local-cloud"
import { ConfigMap } from "keelson/resources/core/v1"
import * as Balancers from "./Balancers.ts"
import * as RoutesOf from "./Routes.ts"

const table = { namespace: "kube-system", name: "machines" }

/** Who is not in the table is not of this cloud. As it is now, at each call. */
const read = (client: Client["Service"]) =>
  client.find(ConfigMap, table).pipe(
    Effect.mapError(({ message }) => new Refused({ reason: message })),
    Effect.flatMap((found) =>
      Cloud.configurationOf(Option.getOrUndefined(found)?.data?.["cloud.yaml"] ?? "", { machinesAreAll: true })
    )
  )

const machines = Layer.unwrap(
  Effect.map(Client, (client) => Cloud.layer({ provider: "table", configuration: read(client) }))
)

export const plugin = Plugin.make({
  name: "cloud-table",
  offers: [Instances, Zones, LoadBalancers, IngressBalancers, Routes],
  layer: Layer.merge(Layer.provideMerge(RoutesOf.layer, machines), Balancers.layer)
})
