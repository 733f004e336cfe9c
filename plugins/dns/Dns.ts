/**
 * The cluster's names, answered on every node by the node itself: it takes the address of the cluster's DNS on its own loopback, so
 * that a question never leaves the machine and needs no Service in between.
 */
import { Effect, Layer, Schedule, Stream } from "effect"
import { randomInt } from "node:crypto"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { Resource } from "../../kernel/resource/Kind.ts"
import type { Batch } from "../../kernel/table/Table.ts"
import { Namespace, Service } from "../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../resources/contracts/discovery/v1.ts"
import * as Answers from "./Answers.ts"
import * as Addresses from "./contracts/Addresses.ts"
import { ClusterDns } from "./contracts/ClusterDns.ts"
import * as Forward from "./Forward.ts"
import * as Metrics from "./Metrics.ts"
import * as Own from "./Own.ts"
import * as Resolv from "./contracts/Resolv.ts"
import * as Responder from "./Responder.ts"
import * as Server from "./Server.ts"
import type { View } from "./Zone.ts"

export interface Options {
  /** Put on `lo` while it runs, unless it is a loopback address anyway. A node of two families has one of each. */
  readonly address: string | ReadonlyArray<string>
  readonly domain: string
  /** Who is asked for all other names, as `address` or `address:port`. Absent: the servers of this machine's resolv.conf. */
  readonly upstream?: ReadonlyArray<string>
  readonly port?: number
  /** Somebody else has put the address on this node: it is not touched. */
  readonly held?: boolean
  /** Asked before everybody else: the addresses of a name, in lower case and without a dot at its end. */
  readonly own?: (name: string) => ReadonlyArray<string> | undefined
}

const resolvConf = "/etc/resolv.conf"
const serviceName = "kubernetes.io/service-name"

const known = Effect.gen(function* () {
  const client = yield* Client
  const namespaces = yield* client.cache(Namespace, { indexes: {} })
  const services = yield* client.cache(Service, {
    indexes: { address: ({ spec }) => (spec?.clusterIPs?.length ? spec.clusterIPs : [spec?.clusterIP ?? ""]) }
  })
  const slices = yield* client.cache(EndpointSlice, {
    indexes: {
      service: ({ metadata: { labels = {}, namespace } }) => [`${namespace}/${labels[serviceName]}`],
      address: ({ endpoints }) => [...new Set(endpoints.flatMap(({ addresses }) => addresses))]
    }
  })
  const view: View = {
    hasNamespace: (name) => namespaces.get({ namespace: "", name }) !== undefined,
    service: (namespace, name) => services.get({ namespace, name }),
    slices: (namespace, name) => slices.by("service", `${namespace}/${name}`),
    servicesAt: (address) => services.by("address", address),
    slicesAt: (address) =>
      slices.by("address", address).filter(({ metadata }) => metadata.labels?.[serviceName] !== undefined)
  }
  return { view, namespaces, services, slices }
})

/** The namespaces that a batch is about; absent: all. */
const touched = <A extends Resource>({ events }: Batch<A>, of: (object: A) => string | undefined) =>
  events.map((event) => (event._tag === "Snapshot" ? undefined : of(event.object)))

const addressesOf = ({ address }: Options) => (typeof address === "string" ? [address] : address)

const upstream = Effect.fnUntraced(function* (options: Options) {
  const { upstream } = options
  if (upstream !== undefined) return () => upstream
  const look = Resolv.read(resolvConf, addressesOf(options))
  let servers = yield* look
  const again = Effect.map(look, (found) => void (servers = found))
  yield* Effect.forkScoped(Effect.repeat(again, Schedule.spaced("30 seconds")))
  return () => servers
})

/** Answers until the scope closes, and returns the port. */
export const serve = Effect.fn("Dns.serve")(function* (options: Options) {
  const { domain, port = 53 } = options
  const addresses = addressesOf(options)
  const { namespaces, services, slices, view } = yield* known
  const answers = Answers.make(view, { addresses, domain })
  const follow = <A extends Resource>(changes: Stream.Stream<Batch<A>>, of: (object: A) => string | undefined) =>
    Effect.forkScoped(
      Stream.runForEach(changes, (batch) => Effect.sync(() => touched(batch, of).forEach((one) => answers.changed(one))))
    )
  yield* follow(namespaces.changes, ({ metadata }) => metadata.name)
  yield* follow(services.changes, ({ metadata }) => metadata.namespace)
  yield* follow(slices.changes, ({ metadata }) => metadata.namespace)
  const metrics = yield* Metrics.make
  const randomId = () => randomInt(0x10000)
  const forward = yield* Forward.make({ servers: yield* upstream(options), randomId, metrics })
  if (options.held !== true) yield* Effect.forEach(addresses, (address) => Addresses.hold(address, port), { discard: true })
  const responder = Responder.make({ answers, forward, metrics, domain })
  return yield* Server.listen(addresses, port, options.own === undefined ? responder : Own.first(options.own, responder))
})

const service = Effect.fnUntraced(function* (options: Options) {
  const port = yield* serve(options)
  const addresses = addressesOf(options).map((address) => Addresses.endpoint(address, port))
  return ClusterDns.of({
    describe: () => Effect.succeed({ name: "keelson", version: ClusterDns.version, addresses, domain: options.domain }),
    // It knows the cluster before it listens, and what would end it ends the plugin.
    health: () => Effect.succeed({ ready: true, detail: "", restarts: 0 })
  })
})

export const layer = (options: Options) => Layer.effect(ClusterDns, service(options))

/** Beside another plugin of `ClusterDns` at the same address it takes over from that one, without a gap. */
export const plugin = (options: Options) => Plugin.make({ name: "dns", offers: [ClusterDns], layer: layer(options) })
