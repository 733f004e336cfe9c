/**
 * Gives Services their cluster IPs and node ports before they are stored; what a failed create left behind is given back by the
 * repair loop. Source: KEP-1880 (IPAddress), core/v1 ServiceSpec.
 */
import { Clock, Effect, Layer, Random, Schedule, Schema } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import type { WireObject } from "../../kernel/client/Api.ts"
import { type Admitted, Admissions } from "../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Causes from "../../kernel/resource/Causes.ts"
import type { Cache } from "../../kernel/table/Table.ts"
import * as Addresses from "../resources/contracts/Addresses.ts"
import * as Asked from "../resources/contracts/ServiceAsked.ts"
import { Service } from "../resources/contracts/core/v1.ts"
import { IPAddress, ServiceCIDR } from "../resources/contracts/networking/v1.ts"
import * as Ports from "./Ports.ts"
import { decide, isRefused } from "./Families.ts"
import { choose, nodePorts, type Range, rangeOf } from "./Ranges.ts"
import { usable } from "./ServiceRanges.ts"
import { inRange, refuse, takeAny, takeAsked } from "./Take.ts"

export interface Options {
  /** A range such as `10.96.0.0/16`, or one of each family, the first of which is the one that Services have by default. */
  readonly serviceCidrs: ReadonlyArray<string>
}

export class NotARange extends Schema.TaggedError<NotARange>()("NotARange", {
  given: Schema.String,
  expected: Schema.String
}) {}

/** How long what nobody uses is kept, because its Service may still be on its way, in milliseconds. */
const patience = 60_000

const addressed = (service: Service) => service.spec.type !== "ExternalName" && service.spec.clusterIP !== "None"
const ported = ({ spec }: Service) =>
  spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false)

/** An object of the kind Service, which has been decoded as one, hence the casts. */
const asService = (object: WireObject) => object as unknown as Service
const asWire = (service: Service) => service as unknown as WireObject

/** Without its addresses and families: what they are is decided anew. */
const bare = ({ clusterIP: _, clusterIPs: __, ipFamilies: ___, ipFamilyPolicy: ____, ...spec }: Service["spec"]) => spec

interface Ranges {
  /** The families of the cluster, the first of them where a Service asks for none. */
  readonly families: ReadonlyArray<string>
  readonly usable: () => ReadonlyArray<Range>
  readonly taken: Pick<Cache<IPAddress, never>, "get">
}

const ofFamily = (family: string, all: ReadonlyArray<string> = []) =>
  all.find((address) => address !== "" && Addresses.nameOf(Addresses.familyOf(address)) === family)

const withAddresses = Effect.fnUntraced(function* (
  { families, taken, usable }: Ranges,
  service: Service,
  old: Service | undefined,
  dryRun: boolean
) {
  const spec = bare(service.spec)
  if (service.spec.type === "ExternalName") return { ...service, spec }
  const decision = decide(service.spec, families, old?.spec)
  if (isRefused(decision)) return yield* refuse(service, decision)
  if (service.spec.clusterIP === "None")
    return { ...service, spec: { ...spec, ...decision, clusterIP: "None", clusterIPs: ["None"] } }
  const held = old !== undefined && addressed(old) ? old.spec.clusterIPs : []
  const given = service.spec.clusterIPs ?? (service.spec.clusterIP ? [service.spec.clusterIP] : [])
  const all = usable()
  const clusterIPs = yield* Effect.forEach(
    decision.ipFamilies.filter((family) => families.includes(family)),
    Effect.fnUntraced(function* (family) {
      const before = ofFamily(family, held)
      const wanted = ofFamily(family, given) ?? before
      const ranges = all.filter((range) => Addresses.nameOf(range.family) === family)
      const [first] = ranges
      if (wanted !== undefined && wanted === before) return wanted
      if (dryRun && wanted !== undefined) return yield* inRange(ranges, service, wanted)
      if (dryRun && first !== undefined) return Addresses.at(first, first.numbers.first)
      return yield* wanted === undefined ? takeAny(ranges, service, taken) : takeAsked(ranges, service, wanted)
    })
  )
  return { ...service, spec: { ...spec, ...decision, clusterIP: clusterIPs[0] ?? "", clusterIPs } }
})

const withPorts = Effect.fnUntraced(function* (service: Service, old: Service | undefined, dryRun: boolean) {
  const { name, namespace = "" } = service.metadata
  if (!ported(service)) {
    const ports = service.spec.ports?.map(({ nodePort: _, ...port }) => port)
    return service.spec.type !== "ClusterIP" || ports === undefined
      ? service
      : { ...service, spec: { ...service.spec, ports } }
  }
  const held = new Map(old?.spec.ports?.map(({ nodePort, port, protocol }) => [`${port}/${protocol}`, nodePort]) ?? [])
  const ports = yield* Effect.forEach(
    service.spec.ports ?? [],
    Effect.fnUntraced(function* (port, index) {
      const asked =
        port.nodePort === undefined || port.nodePort === 0 ? held.get(`${port.port}/${port.protocol}`) : port.nodePort
      const field = `spec.ports[${index}].nodePort`
      if (asked !== undefined && (asked < nodePorts.first || asked >= nodePorts.first + nodePorts.size)) {
        return yield* refuse(service, [
          Causes.invalid(field, asked, "provided port is not in the valid range. The range of valid ports is 30000-32767")
        ])
      }
      if (dryRun) return { ...port, nodePort: asked ?? choose(nodePorts, yield* Random.next, () => true) ?? nodePorts.first }
      const nodePort = yield* Ports.take(`${namespace}/${name}`, asked)
      if (nodePort === undefined)
        return yield* refuse(service, [Causes.invalid(field, asked ?? 0, "provided port is already allocated")])
      return { ...port, nodePort }
    })
  )
  return { ...service, spec: { ...service.spec, ports } }
})

/** Where a load balancer asks each node whether it has endpoints of its own. */
const withHealthPort = Effect.fnUntraced(function* (service: Service, old: Service | undefined, dryRun: boolean) {
  const { healthCheckNodePort: given, ...spec } = service.spec
  if (spec.type !== "LoadBalancer" || spec.externalTrafficPolicy !== "Local") return { ...service, spec }
  const asked = given || old?.spec.healthCheckNodePort || undefined
  if (dryRun) return { ...service, spec: { ...spec, ...(asked !== undefined && { healthCheckNodePort: asked }) } }
  const { name, namespace = "" } = service.metadata
  const healthCheckNodePort = yield* Ports.take(`${namespace}/${name}`, asked)
  if (healthCheckNodePort === undefined)
    return yield* refuse(service, [
      Causes.invalid("spec.healthCheckNodePort", asked ?? 0, "provided port is already allocated")
    ])
  return { ...service, spec: { ...spec, healthCheckNodePort } }
})

const isOurs = ({ attributes, kind }: Admitted) => kind.storage === Service.storage && attributes.subresource === ""

const admission = Effect.fnUntraced(function* ({ serviceCidrs }: Options) {
  const client = yield* Client
  const first = yield* Effect.forEach(serviceCidrs, (given) => {
    const range = rangeOf(given)
    return range === undefined
      ? Effect.fail(new NotARange({ given, expected: "a range such as 10.96.0.0/16 or fd00:10:96::/108" }))
      : Effect.succeed(range)
  })
  const cidrs = yield* client.cache(ServiceCIDR, { indexes: {} })
  const ranges: Ranges = {
    families: first.map(({ family }) => Addresses.nameOf(family)),
    usable: () => usable(first, cidrs.all()),
    taken: yield* client.cache(IPAddress, { indexes: {} })
  }
  const allocate = Effect.fnUntraced(function* (request: Admitted) {
    if (request.object === undefined) return undefined
    const old = request.old === undefined ? undefined : asService(request.old)
    const service = asService(request.object)
    if (Asked.isRefused(service.spec, old?.spec)) return undefined
    const addressed = yield* withAddresses(ranges, service, old, request.dryRun)
    const ported = yield* withPorts(addressed, old, request.dryRun)
    return asWire(yield* withHealthPort(ported, old, request.dryRun))
  })
  return Admissions.add({
    name: "service-addresses",
    order: 900,
    allocate: (request) => (isOurs(request) ? Effect.provideService(allocate(request), Client, client) : Effect.undefined)
  })
})

/** Gives back what no Service uses. Every server may run it; they agree by compare-and-swap. */
const repair = Effect.gen(function* () {
  const client = yield* Client
  const services = yield* client.cache(Service, { indexes: {} })
  const addresses = yield* client.cache(IPAddress, { indexes: {} })
  const once = Effect.gen(function* () {
    const olderThan = (yield* Clock.currentTimeMillis) - patience
    const all = services.all()
    const used = new Set(all.flatMap(({ spec }) => spec.clusterIPs ?? []))
    for (const { metadata } of addresses.all()) {
      if (used.has(metadata.name) || Date.parse(metadata.creationTimestamp) > olderThan) continue
      yield* client
        .delete(IPAddress, { namespace: "", name: metadata.name }, { uid: metadata.uid })
        .pipe(Effect.catchTag("NotFound", () => Effect.void))
    }
    const ports = new Map(
      all.map(({ metadata, spec }) => [
        `${metadata.namespace}/${metadata.name}`,
        new Set([...(spec.ports ?? []).map(({ nodePort }) => nodePort), spec.healthCheckNodePort])
      ])
    )
    yield* Ports.release((port, owner) => ports.get(owner)?.has(port) === true, olderThan)
  })
  yield* once.pipe(
    Effect.catchCause((cause) => Effect.logWarning("addresses that nobody uses were not given back", cause)),
    Effect.repeat(Schedule.spaced("30 seconds")),
    Effect.forkScoped
  )
})

export const plugin = (options: Options) =>
  Plugin.make({ name: "service-addresses", layer: Layer.unwrap(admission(options)) })
/** Runs where controllers run. */
export const repairPlugin = Plugin.make({ name: "service-address-repair", layer: Layer.effectDiscard(repair) })
