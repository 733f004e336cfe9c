/**
 * What every cluster has: its first namespaces, the range of its Services, the Service `kubernetes` with the addresses of the API servers that live, and
 * the Service of the DNS server. Each server says by a Lease of its own that it lives (KEP-1965).
 */
import { Clock, DateTime, Effect, Layer, Option, Schedule } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { equal } from "../../kernel/resource/JsonEqual.ts"
import type { Kind, Resource, ResourceDraft } from "../../kernel/resource/Kind.ts"
import { Lease } from "../resources/contracts/coordination/v1.ts"
import { Endpoints, Namespace, Service } from "../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../resources/contracts/discovery/v1.ts"
import { ServiceCIDR } from "../resources/contracts/networking/v1.ts"
import { time } from "../resources/contracts/Time.ts"
import * as ApiServers from "./contracts/ApiServers.ts"

export interface Options {
  /** This server among the others; stays the same over restarts. */
  readonly identity: string
  /** Where nodes and Pods reach this server. */
  readonly address: string
  readonly port: number
  /** The cluster IP of the Service `kubernetes`. */
  readonly serviceAddress: string
  readonly dnsAddress: string
  /** Of which Services have their addresses. */
  readonly serviceCidrs: ReadonlyArray<string>
}

const namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"]

/** It is looked for first: one that asks for an address that it has already would be refused for the address, not for its name. */
const create = Effect.fnUntraced(function* <A extends Resource, D extends ResourceDraft>(kind: Kind<A, D>, draft: D) {
  const client = yield* Client
  const { name = "", namespace = "" } = draft.metadata
  const isThere = Effect.map(client.find(kind, { namespace, name }), Option.isSome)
  if (yield* isThere) return
  // Another server may have been quicker.
  yield* Effect.catch(client.create(kind, draft), (error) =>
    Effect.flatMap(isThere, (there) => (there ? Effect.void : Effect.fail(error)))
  )
})

const apiService = ({ port, serviceAddress }: Options) => ({
  metadata: { name: "kubernetes", namespace: "default", labels: { component: "apiserver", provider: "kubernetes" } },
  spec: {
    clusterIP: serviceAddress,
    ports: [{ name: "https", port: 443, targetPort: port, protocol: "TCP" }]
  }
})

/** Answered by the DNS server of every node itself, so that no proxy has to lead there. */
const dnsService = ({ dnsAddress }: Options) => ({
  metadata: {
    name: "kube-dns",
    namespace: "kube-system",
    labels: {
      "k8s-app": "kube-dns",
      "kubernetes.io/cluster-service": "true",
      "kubernetes.io/name": "CoreDNS",
      "service.kubernetes.io/service-proxy-name": "keelson-dns"
    }
  },
  spec: {
    clusterIP: dnsAddress,
    ports: [
      { name: "dns", port: 53, protocol: "UDP" },
      { name: "dns-tcp", port: 53, protocol: "TCP" }
    ]
  }
})

const first = Effect.fnUntraced(function* (options: Options) {
  yield* Effect.forEach(namespaces, (name) => create(Namespace, { metadata: { name } }), { discard: true })
  yield* create(Service, apiService(options))
  yield* create(Service, dnsService(options))
})

/** The first range of Services. Who keeps ranges may not run here: this one is ready without him. */
const range = Effect.fnUntraced(function* ({ serviceCidrs }: Options) {
  const client = yield* Client
  const name = "kubernetes"
  yield* create(ServiceCIDR, { metadata: { name }, spec: { cidrs: serviceCidrs } })
  const { metadata, spec, status } = yield* client.get(ServiceCIDR, { namespace: "", name })
  const isSaid = (status.conditions ?? []).some(({ type }) => type === "Ready")
  if (isSaid || metadata.deletionTimestamp !== undefined || spec.cidrs?.join() !== serviceCidrs.join()) return
  const lastTransitionTime = time(yield* Clock.currentTimeMillis)
  const message = "Kubernetes default Service CIDR is ready"
  const condition = { type: "Ready", status: "True", reason: "", message, lastTransitionTime }
  const body = {
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name },
    status: { conditions: [condition] }
  }
  const options = { subresource: "status", fieldManager: "kubernetes-service-cidr-controller" }
  yield* client.patch(ServiceCIDR, { namespace: "", name }, "apply", body, options)
})

const leaseOf = ({ identity }: Options) => ({ namespace: ApiServers.namespace, name: ApiServers.nameOf(identity) })

/** Says that this server lives. */
const renew = Effect.fnUntraced(function* (options: Options) {
  const client = yield* Client
  const renewTime = DateTime.formatIso(yield* DateTime.now).replace("Z", "000Z")
  const key = leaseOf(options)
  const spec = { holderIdentity: options.identity, leaseDurationSeconds: ApiServers.leaseSeconds, renewTime }
  const metadata = {
    ...key,
    labels: ApiServers.labels,
    annotations: { [ApiServers.addressAnnotation]: `${options.address}:${options.port}` }
  }
  const body = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec }
  yield* client.patch(Lease, key, "apply", body, { fieldManager: "kube-apiserver" })
})

/** Where the servers are whose Leases are fresh, in a steady order: the ports, and the addresses of each. */
export const living = (
  leases: ReadonlyArray<Lease>,
  now: number
): ReadonlyArray<readonly [number, ReadonlyArray<string>]> => {
  const addresses = leases
    .filter((lease) => ApiServers.isFresh(lease, now))
    .flatMap((lease) => ApiServers.addressOf(lease) ?? [])
  return [...Map.groupBy(addresses, ({ port }) => port)]
    .map(([port, some]) => [port, [...new Set(some.map(({ ip }) => ip))].toSorted()] as const)
    .toSorted(([a], [b]) => a - b)
}

const key = { namespace: "default", name: "kubernetes" }
const ofService = { "kubernetes.io/service-name": "kubernetes" }

const slicesOf = (all: ReturnType<typeof living>) =>
  all.map(([port, addresses], index) => ({
    // A slice has the same ports throughout. Servers on machines of their own have one port, and this is the only slice.
    metadata: { ...key, name: index === 0 ? key.name : `${key.name}-${port}`, labels: ofService },
    addressType: "IPv4",
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: "https", port, protocol: "TCP" }]
  }))

const publishSlices = Effect.fnUntraced(function* (slices: ReturnType<typeof slicesOf>) {
  const client = yield* Client
  const found = yield* client.list(EndpointSlice, {
    namespace: key.namespace,
    labelSelector: "kubernetes.io/service-name=kubernetes"
  })
  for (const { metadata, ...slice } of slices) {
    const before = found.find(({ metadata: { name } }) => name === metadata.name)
    if (before === undefined) yield* client.create(EndpointSlice, { metadata, ...slice })
    else if (!equal(plain(contentOf(before)), slice)) yield* client.update(EndpointSlice, { ...before, ...slice })
  }
  const left = found.filter(({ metadata: { name } }) => !slices.some(({ metadata }) => metadata.name === name))
  for (const one of left) {
    const { name } = one.metadata
    if (name === key.name) yield* client.update(EndpointSlice, { ...one, endpoints: [] })
    else yield* client.delete(EndpointSlice, { ...key, name }).pipe(Effect.catchTag("NotFound", () => Effect.void))
  }
})
const contentOf = ({ addressType, endpoints = [], ports = [] }: EndpointSlice) => ({
  addressType,
  endpoints: endpoints.map(plain),
  ports: ports.map(plain)
})

const publishEndpoints = Effect.fnUntraced(function* (all: ReturnType<typeof living>) {
  const client = yield* Client
  const subsets = all.map(([port, addresses]) => ({
    addresses: addresses.map((ip) => ({ ip })),
    ports: [{ name: "https", port, protocol: "TCP" }]
  }))
  const labels = { "endpointslice.kubernetes.io/skip-mirror": "true" }
  const found = Option.getOrUndefined(yield* client.find(Endpoints, key))
  if (found === undefined) yield* client.create(Endpoints, { metadata: { ...key, labels }, subsets })
  else if (!equal((found.subsets ?? []).map(plain), subsets)) yield* client.update(Endpoints, { ...found, subsets })
})
/** A typed object as the JSON that it is. */
const plain = (value: object) => Object(value)

/** Every server does this, and finds it done: who dies is left out by those that live. */
const publish = Effect.gen(function* () {
  const client = yield* Client
  const leases = yield* client.list(Lease, { namespace: ApiServers.namespace, labelSelector: ApiServers.selector })
  const all = living(leases, yield* Clock.currentTimeMillis)
  yield* publishSlices(slicesOf(all))
  yield* publishEndpoints(all)
})

const again = { times: 5, schedule: Schedule.spaced("200 millis") }

const run = Effect.fnUntraced(function* (options: Options) {
  const client = yield* Client
  // Servers that begin at the same time get in one another's way, once.
  yield* Effect.retry(first(options), again)
  const beat = Effect.all([renew(options), range(options), publish], { discard: true })
  yield* Effect.retry(beat, again)
  yield* beat.pipe(
    Effect.catchCause((cause) => Effect.logWarning("this server could not say that it lives", cause)),
    Effect.repeat(Schedule.spaced("5 seconds")),
    Effect.forkScoped
  )
  // Who ends leaves at once, so that nobody is led here any more.
  const leave = Effect.andThen(client.delete(Lease, leaseOf(options)), publish)
  yield* Effect.addFinalizer(() =>
    Effect.provideService(leave, Client, client).pipe(Effect.timeout("2 seconds"), Effect.ignore)
  )
})

export const plugin = (options: Options) => Plugin.make({ name: "cluster", layer: Layer.effectDiscard(run(options)) })
