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

export interface Options {
  /** This server among the others; stays the same over restarts. */
  readonly identity: string
  /** Where nodes and Pods reach this server. */
  readonly address: string
  readonly port: number
  /** The cluster IP of the Service `kubernetes`. */
  readonly serviceAddress: string
  readonly dnsAddress: string
  /** What Services' addresses are taken from. */
  /** Of which Services have their addresses. */
  readonly serviceCidrs: ReadonlyArray<string>
}

const namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"]
const leaseSeconds = 15
const identityLabel = { "apiserver.kubernetes.io/identity": "kube-apiserver" }
const addressAnnotation = "keelson.dev/address"

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
  yield* create(ServiceCIDR, { metadata: { name: "kubernetes" }, spec: { cidrs: options.serviceCidrs } })
})

const leaseName = ({ identity }: Options) => `apiserver-${identity}`

/** Says that this server lives. */
const renew = Effect.fnUntraced(function* (options: Options) {
  const client = yield* Client
  const renewTime = DateTime.formatIso(yield* DateTime.now).replace("Z", "000Z")
  const key = { namespace: "kube-system", name: leaseName(options) }
  const spec = { holderIdentity: options.identity, leaseDurationSeconds: leaseSeconds, renewTime }
  const metadata = {
    ...key,
    labels: identityLabel,
    annotations: { [addressAnnotation]: `${options.address}:${options.port}` }
  }
  const body = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec }
  yield* client.patch(Lease, key, "apply", body, { fieldManager: "kube-apiserver" })
})

/** The addresses of the servers whose Leases are fresh, in a steady order. */
export const living = (leases: ReadonlyArray<Lease>, now: number): ReadonlyArray<string> =>
  leases
    .filter(
      ({ spec: { leaseDurationSeconds = leaseSeconds, renewTime = "" } }) =>
        Date.parse(renewTime) + leaseDurationSeconds * 1000 > now
    )
    .flatMap(({ metadata }) => metadata.annotations?.[addressAnnotation]?.split(":")[0] ?? [])
    .filter((address, index, all) => all.indexOf(address) === index)
    .toSorted()

const publish = Effect.fnUntraced(function* ({ port }: Options) {
  const client = yield* Client
  const leases = yield* client.list(Lease, {
    namespace: "kube-system",
    labelSelector: "apiserver.kubernetes.io/identity=kube-apiserver"
  })
  const addresses = living(leases, yield* Clock.currentTimeMillis)
  const key = { namespace: "default", name: "kubernetes" }
  const ports = [{ name: "https", port, protocol: "TCP" }]
  const slice = {
    addressType: "IPv4",
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports
  }
  const subsets = addresses.length === 0 ? [] : [{ addresses: addresses.map((ip) => ({ ip })), ports }]
  const labels = { "kubernetes.io/service-name": "kubernetes" }
  const mirrored = { "endpointslice.kubernetes.io/skip-mirror": "true" }
  yield* client.find(EndpointSlice, key).pipe(
    Effect.flatMap((found) =>
      found._tag === "None"
        ? Effect.asVoid(client.create(EndpointSlice, { metadata: { ...key, labels }, ...slice }))
        : equal(
              {
                addressType: found.value.addressType,
                endpoints: (found.value.endpoints ?? []).map(plain),
                ports: (found.value.ports ?? []).map(plain)
              },
              slice
            )
          ? Effect.void
          : Effect.asVoid(client.update(EndpointSlice, { ...found.value, ...slice }))
    )
  )
  yield* client
    .find(Endpoints, key)
    .pipe(
      Effect.flatMap((found) =>
        found._tag === "None"
          ? Effect.asVoid(client.create(Endpoints, { metadata: { ...key, labels: mirrored }, subsets }))
          : equal((found.value.subsets ?? []).map(plain), subsets)
            ? Effect.void
            : Effect.asVoid(client.update(Endpoints, { ...found.value, subsets }))
      )
    )
})
/** A typed object as the JSON that it is. */
const plain = (value: object) => Object(value)

const run = Effect.fnUntraced(function* (options: Options) {
  const client = yield* Client
  yield* first(options)
  const beat = Effect.andThen(renew(options), publish(options))
  yield* beat
  yield* beat.pipe(
    Effect.catchCause((cause) => Effect.logWarning("this server could not say that it lives", cause)),
    Effect.repeat(Schedule.spaced("5 seconds")),
    Effect.forkScoped
  )
  // Who ends leaves at once, so that nobody is led here any more.
  const leave = Effect.andThen(
    client.delete(Lease, { namespace: "kube-system", name: leaseName(options) }),
    publish(options)
  )
  yield* Effect.addFinalizer(() => Effect.ignore(Effect.provideService(leave, Client, client)))
})

export const plugin = (options: Options) => Plugin.make({ name: "cluster", layer: Layer.effectDiscard(run(options)) })
