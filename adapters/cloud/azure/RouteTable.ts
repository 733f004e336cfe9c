/** The contract `Routes` on Azure: routes in a route table to the addresses of machines, whose interfaces have to pass on what is not for them. */
import { Effect } from "effect"
import { NotReady, Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import { Routes } from "../../../plugins/cloud/contracts/Routes.ts"
import * as Owned from "../Owned.ts"
import { type Calls, placeOf, refused, told } from "./Calls.ts"
import { type Machines, primaryOf } from "./Machines.ts"

export interface Options {
  readonly resourceGroup: string
  /** Empty: there is none. */
  readonly routeTable: string
}

export const make = ({ all, done, found, gone }: Calls, machines: Machines, { resourceGroup, routeTable }: Options) => {
  const table =
    routeTable === "" ? Effect.fail(new Refused({ reason: "no route table is named in --cloud-config" })) : Effect.void

  return Routes.of({
    list: Effect.fnUntraced(function* ({ cluster }) {
      yield* table
      const routes = yield* refused(all(({ network }, options) => network.routes.list(resourceGroup, routeTable, options)))
      const own = routes.filter(({ name }) => name?.startsWith(`${Owned.ofCluster(cluster)}route-`))
      if (own.length === 0) return []
      const known = yield* refused(machines.byAddress)
      return own.map(({ addressPrefix = "", name = "", nextHopIpAddress = "" }) => ({
        name,
        providerID: known.get(nextHopIpAddress) ?? "",
        destination: addressPrefix,
        blackhole: !known.has(nextHopIpAddress)
      }))
    }),
    create: Effect.fnUntraced(function* ({ cluster, destination, node }) {
      yield* table
      const interfaces = yield* refused(Effect.flatMap(machines.find(node), machines.interfacesOf))
      const nextHopIpAddress = primaryOf(interfaces)
      if (nextHopIpAddress === "")
        return yield* new NotReady({ reason: `the node ${node.name} has no address yet`, retryAfterSeconds: 5 })
      for (const one of interfaces) {
        if (one.enableIPForwarding === true) continue
        const { group, name } = placeOf(one.id)
        const requestOptions = { headers: { "If-Match": one.etag ?? "*" } }
        yield* told(
          done(({ network }, options) => {
            const forwarding = { ...one, enableIPForwarding: true }
            return network.networkInterfaces.createOrUpdate(group, name, forwarding, { ...options, requestOptions })
          })
        )
      }
      const name = Owned.ofRoute(cluster, destination)
      const route = { addressPrefix: destination, nextHopType: "VirtualAppliance", nextHopIpAddress }
      const now = yield* refused(
        found(({ network }, options) => network.routes.get(resourceGroup, routeTable, name, options))
      )
      if (now?.nextHopIpAddress === nextHopIpAddress && now.addressPrefix === destination) return
      yield* told(
        done(({ network }, options) => network.routes.createOrUpdate(resourceGroup, routeTable, name, route, options))
      )
    }),
    delete: ({ route }) =>
      Effect.andThen(
        table,
        told(gone(({ network }, options) => network.routes.delete(resourceGroup, routeTable, route.name, options)))
      )
  })
}
