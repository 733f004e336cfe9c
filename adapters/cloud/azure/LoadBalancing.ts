/**
 * The contract `LoadBalancers` on Azure: one standard load balancer for the Services of a cluster, and another for those that are for the
 * network alone (a machine can be behind one of each). What a Service has there is changed by one write, with the version that was read: whoever
 * comes too late reads again. It may end after any call, and be begun again.
 */
import type { LoadBalancer as Balancer, PublicIPAddress } from "@azure/arm-network"
import { Effect } from "effect"
import { NotReady, Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import {
  type LoadBalancer,
  LoadBalancerNotFound,
  LoadBalancers,
  type ServiceReference,
  type Target,
  type Wanted
} from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import * as Owned from "../Owned.ts"
import { type Calls, lastOf, placeOf, refused, told } from "./Calls.ts"
import type { Machines } from "./Machines.ts"
import * as Parts from "./Parts.ts"
import * as SecurityGroup from "./SecurityGroup.ts"

export interface Options extends SecurityGroup.Options {
  readonly location: string
  /** The ids of the network that nodes are in, and of the subnet that internal balancers get their addresses of. */
  readonly virtualNetwork: string
  readonly subnet: string
}

const tags = { cluster: "kubernetes-cluster-name", service: "k8s-azure-service", uid: "cloud.keelson.io-service-uid" }

/** Names have room for a whole uid; so it needs to be written nowhere else. */
const nameOf = (cluster: string, { uid }: ServiceReference) => `${Owned.ofCluster(cluster)}${uid}`
const uidOf = (cluster: string, name: string | undefined) =>
  name?.startsWith(Owned.ofCluster(cluster)) === true ? name.slice(Owned.ofCluster(cluster).length) : ""

const addressOf = ({ addresses, name }: Target) => {
  const found = addresses.find(({ address, type }) => type === "InternalIP" && !address.includes(":"))
  return found === undefined
    ? Effect.fail(new NotReady({ reason: `the node ${name} has no internal address yet`, retryAfterSeconds: 5 }))
    : Effect.succeed(found.address)
}

export const make = (calls: Calls, machines: Machines, options: Options) => {
  const { all, done, found, gone, subscription } = calls
  const { location, resourceGroup, subnet, virtualNetwork } = options
  const security = SecurityGroup.make(calls, options)
  const balancerOf = (cluster: string, isInternal: boolean) =>
    `${Owned.ofCluster(cluster).slice(0, -1)}${isInternal ? "-internal" : ""}`
  const idOf = (kind: string, name: string) =>
    `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Network/${kind}/${name}`

  const balancer = (name: string) => found(({ network }, options) => network.loadBalancers.get(resourceGroup, name, options))
  /** Writes it if it is as it was read, and takes it away when there is nothing left in it. */
  const written = (name: string, before: Balancer | undefined, after: Balancer) => {
    const headers = before?.etag === undefined ? { "If-None-Match": "*" } : { "If-Match": before.etag }
    return Parts.isEmpty(after)
      ? gone(({ network }, options) =>
          network.loadBalancers.delete(resourceGroup, name, { ...options, requestOptions: { headers } })
        )
      : Effect.asVoid(
          done(({ network }, options) =>
            network.loadBalancers.createOrUpdate(resourceGroup, name, after, { ...options, requestOptions: { headers } })
          )
        )
  }
  const removed = Effect.fnUntraced(function* (name: string, part: string) {
    const before = yield* balancer(name)
    if (before !== undefined && Parts.has(before, part)) yield* written(name, before, Parts.without(before, part))
  })

  const publicIp = (name: string) =>
    found(({ network }, options) => network.publicIPAddresses.get(resourceGroup, name, options))
  const publicIps = all(({ network }, options) => network.publicIPAddresses.list(resourceGroup, options))
  const removeIp = (name: string) =>
    gone(({ network }, options) => network.publicIPAddresses.delete(resourceGroup, name, options))

  /** The public address of a Service: one that somebody has made, or its own, which is made if need be. */
  const published = Effect.fnUntraced(function* (cluster: string, { address, service }: Wanted) {
    if (address !== "") {
      const given = (yield* publicIps).find(({ ipAddress }) => ipAddress === address)
      const reason = `there is no public address ${address} in the resource group ${resourceGroup}: make one, or leave it empty`
      return given ?? (yield* new Refused({ reason }))
    }
    const name = nameOf(cluster, service)
    const now = yield* publicIp(name)
    if (now?.ipAddress !== undefined && now.provisioningState === "Succeeded") return now
    const wanted: PublicIPAddress = {
      location,
      sku: { name: "Standard" },
      publicIPAllocationMethod: "Static",
      publicIPAddressVersion: "IPv4",
      tags: {
        [tags.cluster]: cluster,
        [tags.service]: `${service.namespace}/${service.name}`,
        [tags.uid]: service.uid
      }
    }
    return yield* done(({ network }, options) =>
      network.publicIPAddresses.createOrUpdate(resourceGroup, name, wanted, options)
    )
  })

  const ingressOf = Effect.fnUntraced(function* (balancer: Balancer, part: string) {
    const { privateIPAddress, publicIPAddress } = Parts.frontendOf(balancer, part) ?? {}
    const { group, name } = placeOf(publicIPAddress?.id)
    const ip =
      publicIPAddress === undefined
        ? privateIPAddress
        : (yield* found(({ network }, options) => network.publicIPAddresses.get(group, name, options)))?.ipAddress
    return ip === undefined ? [] : [{ ip, hostname: "", ipMode: "VIP" as const }]
  })

  const get = Effect.fnUntraced(function* (cluster: string, service: ServiceReference) {
    const part = nameOf(cluster, service)
    const there = [yield* balancer(balancerOf(cluster, false)), yield* balancer(balancerOf(cluster, true))]
    const own = there.find((one) => Parts.has(one, part))
    if (own === undefined)
      return (yield* publicIp(part)) === undefined ? null : { service, ingress: [], ports: [], targets: [] }
    const known = yield* machines.byAddress
    const made: LoadBalancer = {
      service,
      ingress: yield* ingressOf(own, part),
      ports: Parts.portsIn(own, part),
      targets: Parts.addressesIn(own, part)
        .flatMap((address) => known.get(address) ?? [])
        .toSorted()
    }
    return made
  })

  const ensure = Effect.fnUntraced(function* (cluster: string, wanted: Wanted, targets: ReadonlyArray<Target>) {
    yield* Parts.possible(wanted)
    yield* security.possible(wanted)
    const isInternal = Parts.isInternal(wanted)
    if (isInternal && subnet === "")
      return yield* new Refused({ reason: "internal load balancers need a subnet: name it in --cloud-config" })
    const addresses = yield* Effect.forEach(targets, addressOf)
    const part = nameOf(cluster, wanted.service)
    const [name, other] = [balancerOf(cluster, isInternal), balancerOf(cluster, !isInternal)]
    const ip = isInternal ? undefined : yield* published(cluster, wanted)
    yield* removed(other, part)
    const frontend =
      ip?.id === undefined
        ? {
            subnet: { id: subnet },
            privateIPAllocationMethod: wanted.address === "" ? "Dynamic" : "Static",
            ...(wanted.address !== "" && { privateIPAddress: wanted.address })
          }
        : { publicIPAddress: { id: ip.id } }
    const before = yield* balancer(name)
    const pool = Parts.poolOf(part, virtualNetwork, addresses)
    const parts = Parts.partsOf(idOf("loadBalancers", name), part, wanted, frontend, pool)
    const after = Parts.withParts(before ?? { location, sku: { name: "Standard" } }, part, parts)
    if (Parts.textOf(before, part) !== Parts.textOf(after, part)) yield* written(name, before, after)
    // Its own address, where it has another now.
    if (ip === undefined || lastOf(ip.id) !== part) yield* removeIp(part)
    yield* security.opened(part, wanted)
    const now = ip?.ipAddress === undefined ? yield* balancer(name) : undefined
    const ingress =
      ip?.ipAddress === undefined
        ? now === undefined
          ? []
          : yield* ingressOf(now, part)
        : [{ ip: ip.ipAddress, hostname: "", ipMode: "VIP" as const }]
    if (ingress.length === 0)
      return yield* new NotReady({ reason: "the load balancer has no address yet", retryAfterSeconds: 2 })
    const made: LoadBalancer = {
      service: wanted.service,
      ingress,
      ports: wanted.ports.map(({ nodePort, port, protocol }) => ({ protocol, port, nodePort })),
      targets: targets.map(({ providerID }) => providerID).toSorted()
    }
    return made
  })

  const update = Effect.fnUntraced(function* (cluster: string, wanted: Wanted, targets: ReadonlyArray<Target>) {
    const part = nameOf(cluster, wanted.service)
    const name = balancerOf(cluster, Parts.isInternal(wanted))
    const before = yield* balancer(name)
    if (before === undefined || !Parts.has(before, part))
      return yield* new LoadBalancerNotFound({ service: wanted.service.name })
    const after = Parts.withPool(before, Parts.poolOf(part, virtualNetwork, yield* Effect.forEach(targets, addressOf)))
    if (Parts.textOf(before, part) !== Parts.textOf(after, part)) yield* written(name, before, after)
  })

  const remove = Effect.fnUntraced(function* (cluster: string, service: ServiceReference) {
    const part = nameOf(cluster, service)
    yield* security.closed(part)
    for (const isInternal of [false, true]) yield* removed(balancerOf(cluster, isInternal), part)
    yield* removeIp(part)
  })

  const list = Effect.fnUntraced(function* (cluster: string) {
    const ofAddresses = (yield* publicIps).map(({ name, tags: about = {} }) => {
      const [namespace = "", called = ""] = (about[tags.service] ?? "").split("/")
      return { uid: uidOf(cluster, name), namespace, name: called }
    })
    const balancers = [yield* balancer(balancerOf(cluster, false)), yield* balancer(balancerOf(cluster, true))]
    const ofFrontends = balancers
      .flatMap((one) => (one === undefined ? [] : Parts.namesIn(one)))
      .map((name) => ({ uid: uidOf(cluster, name), namespace: "", name: "" }))
    // Who is known by name stays so.
    const known = [...ofFrontends, ...ofAddresses].filter(({ uid }) => uid !== "")
    return [...new Map(known.map((service) => [service.uid, service])).values()]
  })

  // All Services of a cluster are in one balancer and one security group: their changes take turns.
  const turns = Owned.turns()
  return LoadBalancers.of({
    get: ({ cluster, service }) => refused(get(cluster, service)),
    ensure: ({ cluster, targets, wanted }) => turns(cluster)(told(ensure(cluster, wanted, targets))),
    update: ({ cluster, targets, wanted }) => turns(cluster)(told(update(cluster, wanted, targets))),
    remove: ({ cluster, service }) => turns(cluster)(told(remove(cluster, service))),
    list: ({ cluster }) => refused(list(cluster))
  })
}
