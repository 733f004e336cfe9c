/**
 * Where a load balancer sends traffic: the nodes' own addresses, in a network endpoint group for each zone that has nodes, and a backend
 * service with a health check over them. (An instance can be in one instance group that is balanced; in endpoint groups as often as wanted.)
 */
import type { compute_v1 } from "@googleapis/compute/build/v1.js"
import { Effect } from "effect"
import { NotReady } from "../../../plugins/cloud/contracts/Cloud.ts"
import type { ServiceReference, Target, Wanted } from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import * as Owned from "../Owned.ts"
import { type Calls, hasCode, lastOf } from "./Calls.ts"
import { placeOf } from "./Machines.ts"
import { describe, healthCheckOf, type Shape } from "./Wanted.ts"

type Group = compute_v1.Schema$NetworkEndpointGroup
type Endpoint = compute_v1.Schema$NetworkEndpoint

export interface Options {
  readonly network: string
  /** Empty: the network makes one for each region by itself. */
  readonly subnetwork: string
}

export const make = ({ done, found, gone, made, pages, project, region }: Calls, { network, subnetwork }: Options) => {
  const place = `projects/${project}/regions/${region}`
  const ofNetwork = {
    network: `projects/${project}/global/networks/${network}`,
    ...(subnetwork !== "" && { subnetwork: `${place}/subnetworks/${subnetwork}` })
  }
  const linkTo = (zone: string, group: string) => `projects/${project}/zones/${zone}/networkEndpointGroups/${group}`

  const healthCheck = (name: string) =>
    found((compute, options) => compute.regionHealthChecks.get({ project, region, healthCheck: name }, options))

  /** It is made first and taken away last, and says whose all the rest is. */
  const checked = Effect.fnUntraced(function* (cluster: string, wanted: Wanted) {
    const name = Owned.ofBalancer(cluster, wanted.service)
    const description = Owned.write({ cluster, service: wanted.service })
    const requestBody = { name, description, ...healthCheckOf(wanted) }
    const now = yield* healthCheck(name)
    if (now === undefined)
      return yield* made((compute, requestId, options) =>
        compute.regionHealthChecks.insert({ project, region, requestId, requestBody }, options)
      )
    const { path, port, protocol } = wanted.healthCheck
    const same =
      protocol === "HTTP"
        ? now.httpHealthCheck?.port === port && now.httpHealthCheck.requestPath === path
        : now.tcpHealthCheck?.port === port
    if (now.type !== protocol || !same)
      yield* done((compute, requestId, options) =>
        compute.regionHealthChecks.patch({ project, region, healthCheck: name, requestId, requestBody }, options)
      )
  })

  const groups = (name: string) =>
    Effect.map(
      pages((compute, options, page) =>
        compute.networkEndpointGroups.aggregatedList({ project, filter: `name = "${name}"`, ...page }, options)
      ),
      (found): ReadonlyArray<Group> =>
        found.flatMap(({ items }) =>
          Object.values(items ?? {}).flatMap(({ networkEndpointGroups }) => networkEndpointGroups ?? [])
        )
    )
  const endpointsOf = (name: string, zone: string) =>
    Effect.map(
      pages((compute, options, page) =>
        compute.networkEndpointGroups.listNetworkEndpoints(
          { project, zone, networkEndpointGroup: name, ...page, requestBody: { healthStatus: "SKIP" } },
          options
        )
      ),
      (found) => found.flatMap(({ items }) => (items ?? []).flatMap(({ networkEndpoint }) => networkEndpoint ?? []))
    )

  /** In this zone these instances, and no others. */
  const directed = Effect.fnUntraced(function* (name: string, zone: string, wanted: ReadonlyArray<string>) {
    const now = yield* endpointsOf(name, zone)
    const isWanted = ({ instance }: Endpoint) => wanted.includes(lastOf(instance))
    const missing = wanted.filter((instance) => !now.some((one) => lastOf(one.instance) === instance))
    const surplus = now.filter((one) => !isWanted(one))
    const about = { project, zone, networkEndpointGroup: name }
    if (missing.length > 0)
      yield* done((compute, requestId, options) =>
        compute.networkEndpointGroups.attachNetworkEndpoints(
          { ...about, requestId, requestBody: { networkEndpoints: missing.map((instance) => ({ instance })) } },
          options
        )
      ).pipe(
        Effect.catch((error) =>
          Effect.fail(hasCode(error, "notFound") ? new NotReady({ reason: error.message, retryAfterSeconds: 5 }) : error)
        )
      )
    if (surplus.length > 0)
      yield* done((compute, requestId, options) =>
        compute.networkEndpointGroups.detachNetworkEndpoints(
          { ...about, requestId, requestBody: { networkEndpoints: surplus } },
          options
        )
      )
  })

  /** The groups of a balancer, as links. A zone that has no nodes any more keeps its group, which is empty. */
  const grouped = Effect.fnUntraced(function* (name: string, targets: ReadonlyArray<Target>) {
    const places = targets.flatMap(({ providerID }) => placeOf(providerID) ?? [])
    const byZone = Map.groupBy(places, ({ zone }) => zone)
    const now = (yield* groups(name)).map(({ zone }) => lastOf(zone))
    for (const zone of byZone.keys())
      if (!now.includes(zone))
        yield* made((compute, requestId, options) => {
          const requestBody = { name, networkEndpointType: "GCE_VM_IP", ...ofNetwork }
          return compute.networkEndpointGroups.insert({ project, zone, requestId, requestBody }, options)
        })
    const zones = [...new Set([...now, ...byZone.keys()])].toSorted()
    for (const zone of zones)
      yield* directed(
        name,
        zone,
        (byZone.get(zone) ?? []).map(({ name }) => name)
      )
    return zones.map((zone) => linkTo(zone, name))
  })

  const service = (name: string) =>
    found((compute, options) => compute.regionBackendServices.get({ project, region, backendService: name }, options))

  /** Links are complete or begin with the project; what follows is the same. */
  const ends = (links: ReadonlyArray<string | null | undefined>) =>
    links
      .map((link) => (link ?? "").replace(/^.*\/projects\//, "projects/"))
      .toSorted()
      .join(" ")

  const served = Effect.fnUntraced(function* (
    cluster: string,
    wanted: Wanted,
    { scheme }: Shape,
    links: ReadonlyArray<string>
  ) {
    const name = Owned.ofBalancer(cluster, wanted.service)
    const now = yield* service(name)
    const about = {
      name,
      description: describe(cluster, wanted),
      backends: links.map((group) => ({ group, balancingMode: "CONNECTION" })),
      sessionAffinity: wanted.affinitySeconds > 0 ? "CLIENT_IP" : "NONE"
    }
    if (now === undefined)
      return yield* made((compute, requestId, options) => {
        const requestBody = {
          ...about,
          healthChecks: [`${place}/healthChecks/${name}`],
          loadBalancingScheme: scheme,
          protocol: "UNSPECIFIED",
          ...(scheme === "INTERNAL" && { network: ofNetwork.network })
        }
        return compute.regionBackendServices.insert({ project, region, requestId, requestBody }, options)
      })
    const isSame =
      now.description === about.description &&
      now.sessionAffinity === about.sessionAffinity &&
      ends((now.backends ?? []).map(({ group }) => group)) === ends(links)
    if (isSame) return
    const requestBody = { ...about, ...(now.fingerprint && { fingerprint: now.fingerprint }) }
    yield* done((compute, requestId, options) =>
      compute.regionBackendServices.patch({ project, region, backendService: name, requestId, requestBody }, options)
    )
  })

  return {
    place,
    ofNetwork,
    healthCheck,
    checked,
    grouped,
    served,
    service,
    /** The provider ids of the nodes that get traffic. */
    targets: Effect.fnUntraced(function* (name: string) {
      const all = yield* Effect.forEach(yield* groups(name), ({ zone }) =>
        Effect.map(endpointsOf(name, lastOf(zone)), (endpoints) =>
          endpoints.map(({ instance }) => `gce://${project}/${lastOf(zone)}/${lastOf(instance)}`)
        )
      )
      return all.flat().toSorted()
    }),
    /** The Services that there is anything of. */
    services: (cluster: string) =>
      Effect.map(
        pages((compute, options, page) => {
          const filter = `name eq "${Owned.ofCluster(cluster)}.*"`
          return compute.regionHealthChecks.list({ project, region, filter, ...page }, options)
        }),
        (found): ReadonlyArray<ServiceReference> =>
          found.flatMap(({ items }) => (items ?? []).flatMap(({ description }) => Owned.read(cluster, description) ?? []))
      ),
    removeService: (name: string) =>
      gone((compute, requestId, options) =>
        compute.regionBackendServices.delete({ project, region, backendService: name, requestId }, options)
      ),
    removeGroups: (name: string) =>
      Effect.flatMap(groups(name), (all) =>
        Effect.forEach(
          all,
          ({ zone }) =>
            gone((compute, requestId, options) => {
              const about = { project, zone: lastOf(zone), networkEndpointGroup: name, requestId }
              return compute.networkEndpointGroups.delete(about, options)
            }),
          { discard: true }
        )
      ),
    removeCheck: (name: string) =>
      gone((compute, requestId, options) =>
        compute.regionHealthChecks.delete({ project, region, healthCheck: name, requestId }, options)
      )
  }
}
export type Backends = ReturnType<typeof make>
