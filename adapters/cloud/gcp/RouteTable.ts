/** The contract `Routes` on GCP: routes of the network to instances, which have to be made with IP forwarding. */
import type { compute_v1 } from "@googleapis/compute/build/v1.js"
import { Effect } from "effect"
import { InstanceNotFound } from "../../../plugins/cloud/contracts/Cloud.ts"
import { Routes } from "../../../plugins/cloud/contracts/Routes.ts"
import * as Owned from "../Owned.ts"
import { type Calls, hasCode, lastOf, refused, told } from "./Calls.ts"
import { type Machines, placeOf } from "./Machines.ts"

export interface Options {
  readonly network: string
}

type GcpRoute = compute_v1.Schema$Route

export const make = ({ done, found, gone, pages, project }: Calls, machines: Machines, { network }: Options) => {
  /** `…/zones/ZONE/instances/NAME` as nodes have it. */
  const idOf = ({ nextHopInstance }: GcpRoute) => {
    const [, zone, name] = /\/zones\/([^/]+)\/instances\/([^/]+)$/.exec(nextHopInstance ?? "") ?? []
    return name === undefined ? "" : `gce://${project}/${zone}/${name}`
  }
  const of = (name: string) => found((compute, options) => compute.routes.get({ project, route: name }, options))
  const remove = (route: string) =>
    gone((compute, requestId, options) => compute.routes.delete({ project, route, requestId }, options))

  return Routes.of({
    list: Effect.fnUntraced(function* ({ cluster }) {
      const filter = `name eq "${Owned.ofCluster(cluster)}route-.*"`
      const found = yield* refused(
        pages((compute, options, page) => compute.routes.list({ project, filter, ...page }, options))
      )
      const own = found.flatMap(({ items }) => items ?? []).filter((route) => lastOf(route.network) === network)
      if (own.length === 0) return []
      const running = new Set(
        (yield* refused(machines.all(`status = "RUNNING"`))).map((instance) => machines.providerIdOf(instance))
      )
      return own.map((route) => ({
        name: route.name ?? "",
        providerID: idOf(route),
        destination: route.destRange ?? "",
        blackhole: !running.has(idOf(route))
      }))
    }),
    create: Effect.fnUntraced(function* ({ cluster, destination, node }) {
      const instance = yield* machines.find(node)
      const providerID = machines.providerIdOf(instance)
      const name = Owned.ofRoute(cluster, destination)
      const now = yield* refused(of(name))
      if (now !== undefined && idOf(now) === providerID && now.destRange === destination) return
      // A route cannot be changed.
      if (now !== undefined) yield* told(remove(name))
      const { zone = "", name: target = "" } = placeOf(providerID) ?? {}
      const requestBody = {
        name,
        destRange: destination,
        network: `projects/${project}/global/networks/${network}`,
        nextHopInstance: `projects/${project}/zones/${zone}/instances/${target}`,
        priority: 1000,
        description: Owned.ofCluster(cluster)
      }
      yield* done((compute, requestId, options) => compute.routes.insert({ project, requestId, requestBody }, options)).pipe(
        Effect.catch((error) =>
          hasCode(error, "alreadyExists")
            ? Effect.void
            : Effect.fail(hasCode(error, "notFound") ? new InstanceNotFound({ instance: providerID }) : error)
        ),
        told
      )
    }),
    delete: ({ route }) => told(remove(route.name))
  })
}
