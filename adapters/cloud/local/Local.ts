/**
 * The cloud of those who have none: zones from configuration, and load balancers whose addresses come from a pool. Every node's service
 * proxy answers to them; no traffic goes through anything else.
 */
import { Context, Effect, Layer, Semaphore } from "effect"
import type { ApiError } from "../../../kernel/client/Errors.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { InstanceNotFound, type NodeReference, NotReady, Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import { Instances } from "../../../plugins/cloud/contracts/Instances.ts"
import {
  type LoadBalancer,
  LoadBalancerNotFound,
  LoadBalancers,
  type ServiceReference,
  type Target,
  type Wanted
} from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import { Zones } from "../../../plugins/cloud/contracts/Zones.ts"
import * as Addresses from "../../../plugins/resources/contracts/Addresses.ts"
import * as Books from "./Books.ts"
import type { Configuration } from "./Configuration.ts"

export { fromText as configurationOf } from "./Configuration.ts"

export interface Options {
  /** Asked for at each call. */
  readonly configuration: Effect.Effect<Configuration, Refused>
  /** What ids of its machines begin with, if it is not `local`. */
  readonly provider?: string
}

/** The API is what this cloud is made of. A write that came too late is made again by whoever asks again. */
const asCloud = (error: ApiError | Unavailable) =>
  error._tag === "Unavailable"
    ? error
    : error._tag === "Conflict"
      ? new NotReady({ reason: error.message, retryAfterSeconds: 0.1 })
      : new Refused({ reason: error.message })
const reading = (error: ApiError | Unavailable) =>
  error._tag === "Unavailable" ? error : new Refused({ reason: error.message })

const whole = (pages: ReadonlyArray<Books.Page>): LoadBalancer | null => {
  const [first] = pages
  if (first === undefined) return null
  const { ports, service, targets } = first
  return { service, ports, targets, ingress: pages.flatMap(({ ingress }) => ingress) }
}

const portsOf = ({ ports }: Wanted) => ports.map(({ nodePort, port, protocol }) => ({ protocol, port, nodePort }))
const idsOf = (targets: ReadonlyArray<Target>) => targets.map(({ providerID }) => providerID)

const machineOf = Effect.fnUntraced(function* (
  { machines = {}, machinesAreAll = false }: Configuration,
  { name, providerID }: NodeReference,
  provider: string
) {
  const prefix = `${provider}://`
  if (providerID !== "" && !providerID.startsWith(prefix))
    return yield* new Refused({ reason: `${providerID} is not of the ${provider} cloud` })
  const called = providerID === "" ? name : providerID.slice(prefix.length)
  const machine = machines[called] ?? (machinesAreAll ? undefined : {})
  return machine === undefined ? yield* new InstanceNotFound({ instance: called }) : { called, machine }
})

const make = Effect.fnUntraced(function* ({ configuration, provider = "local" }: Options) {
  const books = yield* Books.open
  /** Of a Service one address is given, also if it is asked for twice at once. */
  const giving = yield* Semaphore.make(1)

  const rangesFor = (configuration: Configuration, family: "IPv4" | "IPv6", { address }: Wanted) => {
    const ranges = (configuration.loadBalancerAddresses ?? []).filter(
      (range) => Addresses.nameOf(Addresses.familyOf(range)) === family
    )
    if (address === "" || Addresses.nameOf(Addresses.familyOf(address)) !== family) return ranges
    const isGiven = ranges.some((range) => {
      const cidr = Addresses.cidr(range)
      return cidr !== undefined && Addresses.indexOf(cidr, address) !== undefined
    })
    return isGiven ? [`${address}/${family === "IPv4" ? 32 : 128}`] : []
  }

  const given = Effect.fnUntraced(function* (cluster: string, wanted: Wanted, targets: ReadonlyArray<string>) {
    const now = yield* configuration
    const { families, service } = wanted
    const before = (yield* books.of(service)).flatMap(({ page }) => page.ingress.map(({ ip }) => ip))
    const lacking = families.filter((family) => !before.some((ip) => Addresses.nameOf(Addresses.familyOf(ip)) === family))
    const page = (ip: string): Books.Page => ({
      ...{ cluster, service, targets },
      ports: portsOf(wanted),
      ingress: [{ ip, hostname: "", ipMode: "VIP" }]
    })
    const empty = lacking.find((family) => rangesFor(now, family, wanted).length === 0)
    if (wanted.address !== "" && empty !== undefined)
      return yield* new Refused({ reason: `the address ${wanted.address} is not in the pool of load balancers` })
    // A family that there is no pool for is left out where there is one for another.
    const possible = lacking.filter((family) => rangesFor(now, family, wanted).length > 0)
    if (before.length + possible.length === 0)
      return yield* new Refused({ reason: `there is no pool of ${families.join(" or ")} addresses for load balancers` })
    for (const family of possible) {
      const ip = yield* books.give(rangesFor(now, family, wanted), service.uid, page)
      if (ip === undefined) return yield* new Refused({ reason: `all ${family} addresses of load balancers are given` })
    }
  })

  const rewrite = Effect.fnUntraced(function* (
    service: ServiceReference,
    change: Partial<Pick<Books.Page, "ports" | "targets">>
  ) {
    const pages = yield* books.of(service)
    for (const { map, page } of pages) {
      const after = { ...page, ...change }
      if (!same(after, page)) yield* books.write(map, after)
    }
    return whole(pages.map(({ page }) => ({ ...page, ...change })))
  })

  const loadBalancers = LoadBalancers.of({
    get: ({ cluster, service }) =>
      books.of(service).pipe(
        Effect.map((pages) => whole(pages.map(({ page }) => page).filter((page) => page.cluster === cluster))),
        Effect.mapError(reading)
      ),
    ensure: ({ cluster, targets, wanted }) =>
      giving.withPermit(given(cluster, wanted, idsOf(targets))).pipe(
        Effect.andThen(rewrite(wanted.service, { ports: portsOf(wanted), targets: idsOf(targets) })),
        Effect.flatMap((made) =>
          made === null
            ? Effect.fail(new NotReady({ reason: "its address was taken away meanwhile", retryAfterSeconds: 1 }))
            : Effect.succeed(made)
        ),
        Effect.mapError((error) => (error._tag === "Refused" || error._tag === "NotReady" ? error : asCloud(error)))
      ),
    update: ({ targets, wanted: { service } }) =>
      rewrite(service, { targets: idsOf(targets) }).pipe(
        Effect.mapError(asCloud),
        Effect.flatMap((made) =>
          made === null ? Effect.fail(new LoadBalancerNotFound({ service: service.name })) : Effect.void
        )
      ),
    remove: ({ cluster, service }) =>
      books.of(service).pipe(
        Effect.flatMap((pages) =>
          Effect.forEach(
            pages.filter(({ page }) => page.cluster === cluster),
            ({ map }) => books.strike(map),
            { discard: true }
          )
        ),
        Effect.mapError(asCloud)
      ),
    list: ({ cluster }) =>
      books.all.pipe(
        Effect.map((pages) => {
          const own = pages.filter(({ page }) => page.cluster === cluster).map(({ page }) => page.service)
          return [...new Map(own.map((service) => [service.uid, service])).values()]
        }),
        Effect.mapError(reading)
      )
  })

  const find = (node: NodeReference) => Effect.flatMap(configuration, (now) => machineOf(now, node, provider))
  const instances = Instances.of({
    describe: () => Effect.succeed({ provider }),
    find: ({ node }) =>
      Effect.map(find(node), ({ called, machine }) => ({
        providerID: `${provider}://${called}`,
        instanceType: machine.type ?? "",
        // Where nothing else is said a machine has the addresses that its node says.
        addresses: machine.addresses?.map((address) => ({ type: "InternalIP" as const, address })) ?? node.addresses,
        shutdown: machine.state === "stopped"
      }))
  })

  const zoneOf = ({ region = "", zone = "" }: Configuration, own = zone) => ({ region, zone: own })
  const zones = Zones.of({
    list: () =>
      Effect.map(Effect.orDie(configuration), (now) => {
        const named = Object.values(now.machines ?? {}).map(({ zone }) => zone ?? now.zone ?? "")
        return [...new Set([now.zone ?? "", ...named])].filter((zone) => zone !== "").map((zone) => zoneOf(now, zone))
      }),
    find: ({ node }) =>
      Effect.flatMap(configuration, (now) =>
        Effect.map(machineOf(now, node, provider), ({ machine }) => zoneOf(now, machine.zone ?? now.zone))
      )
  })
  return Context.make(LoadBalancers, loadBalancers).pipe(Context.add(Instances, instances), Context.add(Zones, zones))
})

export const layer = (options: Options) => Layer.effectContext(make(options))

export const plugin = (options: Options) =>
  Plugin.make({ name: "cloud-local", offers: [Instances, Zones, LoadBalancers], layer: layer(options) })
