/**
 * Gives Services their cluster IPs and node ports before they are stored. An address is taken by creating the IPAddress object
 * of that name, so that of several servers one wins; what a failed create left behind is given back by the repair loop.
 * Source: KEP-1880 (IPAddress), core/v1 ServiceSpec.
 */
import { Clock, Effect, Layer, Random, Schedule } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Invalid } from "../../kernel/client/Errors.ts"
import type { WireObject } from "../../kernel/client/Api.ts"
import { type Admitted, Admissions } from "../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Causes from "../../kernel/resource/Causes.ts"
import { Service } from "../resources/contracts/core/v1.ts"
import { IPAddress } from "../resources/contracts/networking/v1.ts"
import * as Ports from "./Ports.ts"
import { choose, contains, nodePorts, type Range, rangeOf, toAddress } from "./Ranges.ts"

export interface Options {
  readonly serviceCidr: string
}

type Mistakes = Invalid["causes"]
/** How long what nobody uses is kept, because its Service may still be on its way, in milliseconds. */
const patience = 60_000

const addressed = (service: Service) => service.spec.type !== "ExternalName" && service.spec.clusterIP !== "None"
const ported = ({ spec }: Service) =>
  spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false)

/** An object of the kind Service, which has been decoded as one, hence the casts. */
const asService = (object: WireObject) => object as unknown as Service
const asWire = (service: Service) => service as unknown as WireObject

const refuse = ({ metadata: { name, namespace = "" } }: Service, causes: Mistakes) =>
  new Invalid({ group: "", resource: "services", namespace, name, kind: "Service", causes })

const takeAddress = Effect.fnUntraced(function* (range: Range, service: Service, asked: string | undefined) {
  const client = yield* Client
  const { name, namespace = "" } = service.metadata
  const create = (address: string) =>
    client.create(IPAddress, {
      metadata: {
        name: address,
        labels: { "ipaddress.kubernetes.io/ip-family": "IPv4", "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io" }
      },
      spec: { parentRef: { group: "", resource: "services", namespace, name } }
    })
  if (asked !== undefined) {
    if (!contains(range, asked)) {
      const detail = "failed to allocate IP: the provided IP is not in the valid range"
      return yield* refuse(service, [
        Causes.invalid("spec.clusterIPs", [asked], `${detail}. The range of valid IPs is ${toAddress(range.first - 1)}`)
      ])
    }
    yield* create(asked).pipe(
      Effect.catchTag("AlreadyExists", () =>
        Effect.fail(
          refuse(service, [
            Causes.invalid("spec.clusterIPs", [asked], `failed to allocate IP ${asked}: provided IP is already allocated`)
          ])
        )
      )
    )
    return asked
  }
  const tried = new Set<number>()
  for (;;) {
    const taken = yield* client.list(IPAddress)
    const names = new Set(taken.map(({ metadata }) => metadata.name))
    const value = choose(range, yield* Random.next, (one) => !tried.has(one) && !names.has(toAddress(one)))
    if (value === undefined)
      return yield* refuse(service, [
        {
          field: "spec.clusterIPs",
          type: "InternalError",
          detail: "Internal error: failed to allocate a serviceIP: range is full"
        }
      ])
    tried.add(value)
    const made = yield* create(toAddress(value)).pipe(
      Effect.as(true),
      Effect.catchTag("AlreadyExists", () => Effect.succeed(false))
    )
    if (made) return toAddress(value)
  }
})

const withAddress = Effect.fnUntraced(function* (range: Range, service: Service, old: Service | undefined, dryRun: boolean) {
  const { clusterIP: asked, clusterIPs: _, ...spec } = service.spec
  if (service.spec.type === "ExternalName") return { ...service, spec }
  if (asked === "None") return { ...service, spec: { ...spec, clusterIP: "None", clusterIPs: ["None"] } }
  const before = old !== undefined && addressed(old) ? old.spec.clusterIP : undefined
  const wanted = asked === undefined || asked === "" ? before : asked
  const address =
    wanted !== undefined && wanted === before
      ? wanted
      : dryRun
        ? (wanted ?? toAddress(range.first))
        : yield* takeAddress(range, service, wanted)
  const families = { ipFamilies: spec.ipFamilies ?? ["IPv4"], ipFamilyPolicy: spec.ipFamilyPolicy ?? "SingleStack" }
  return { ...service, spec: { ...spec, ...families, clusterIP: address, clusterIPs: [address] } }
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
      if (dryRun) return { ...port, ...(asked === undefined ? {} : { nodePort: asked }) }
      const nodePort = yield* Ports.take(`${namespace}/${name}`, asked)
      if (nodePort === undefined)
        return yield* refuse(service, [Causes.invalid(field, asked ?? 0, "provided port is already allocated")])
      return { ...port, nodePort }
    })
  )
  return { ...service, spec: { ...service.spec, ports } }
})

const isOurs = ({ attributes, kind }: Admitted) => kind.storage === Service.storage && attributes.subresource === ""

const admission = Effect.fnUntraced(function* ({ serviceCidr }: Options) {
  const client = yield* Client
  const range = rangeOf(serviceCidr)
  const mutate = Effect.fnUntraced(function* (request: Admitted) {
    if (!isOurs(request) || request.object === undefined) return undefined
    const old = request.old === undefined ? undefined : asService(request.old)
    const addressed = yield* withAddress(range, asService(request.object), old, request.dryRun)
    return asWire(yield* withPorts(addressed, old, request.dryRun))
  })
  return Admissions.add({
    name: "service-addresses",
    order: 900,
    mutate: (request) => Effect.provideService(mutate(request), Client, client)
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
        new Set(spec.ports?.map(({ nodePort }) => nodePort))
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
