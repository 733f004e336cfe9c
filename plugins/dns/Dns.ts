/**
 * The cluster's names, answered on every node by the node itself: it takes the address of the cluster's DNS on its own loopback, so
 * that a question never leaves the machine and needs no Service in between.
 */
import { Effect, Layer, Schedule, Schema, Stream } from "effect"
import { randomInt } from "node:crypto"
import { execFile } from "node:child_process"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { Resource } from "../../kernel/resource/Kind.ts"
import type { Batch } from "../../kernel/table/Table.ts"
import { Namespace, Service } from "../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../resources/contracts/discovery/v1.ts"
import * as Answers from "./Answers.ts"
import * as Forward from "./Forward.ts"
import * as Metrics from "./Metrics.ts"
import * as Resolv from "./Resolv.ts"
import * as Responder from "./Responder.ts"
import * as Server from "./Server.ts"
import type { View } from "./Zone.ts"

export interface Options {
  /** Put on `lo` while it runs, unless it is a loopback address anyway. */
  readonly address: string
  readonly domain: string
  /** Who is asked for all other names, as `address` or `address:port`. Absent: the servers of this machine's resolv.conf. */
  readonly upstream?: ReadonlyArray<string>
  readonly port?: number
}

const resolvConf = "/etc/resolv.conf"
const serviceName = "kubernetes.io/service-name"

export class AddressNotSet extends Schema.TaggedError<AddressNotSet>()("AddressNotSet", {
  address: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `the address ${this.address} cannot be put on lo: ${this.detail}`
  }
}

const ip = (...args: ReadonlyArray<string>) =>
  Effect.callback<void, string>((resume) => {
    execFile("ip", [...args], (error, _, stderr) =>
      resume(error === null ? Effect.void : Effect.fail(stderr.trim() || error.message))
    )
  })

/** One that is there is left of a run that was killed, and goes with this one. */
const takeAddress = (address: string) =>
  address.startsWith("127.")
    ? Effect.void
    : Effect.acquireRelease(
        Effect.mapError(
          ip("address", "replace", `${address}/32`, "dev", "lo"),
          (detail) => new AddressNotSet({ address, detail })
        ),
        () => Effect.ignore(ip("address", "delete", `${address}/32`, "dev", "lo"))
      )

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

const upstream = Effect.fnUntraced(function* ({ address, upstream }: Options) {
  if (upstream !== undefined) return () => upstream
  const look = Resolv.read(resolvConf, address)
  let servers = yield* look
  const again = Effect.map(look, (found) => void (servers = found))
  yield* Effect.forkScoped(Effect.repeat(again, Schedule.spaced("30 seconds")))
  return () => servers
})

/** Answers until the scope closes, and returns the port. */
export const serve = Effect.fn("Dns.serve")(function* (options: Options) {
  const { address, domain, port = 53 } = options
  const { namespaces, services, slices, view } = yield* known
  const answers = Answers.make(view, { address, domain })
  const follow = <A extends Resource>(changes: Stream.Stream<Batch<A>>, of: (object: A) => string | undefined) =>
    Effect.forkScoped(
      Stream.runForEach(changes, (batch) => Effect.sync(() => touched(batch, of).forEach((one) => answers.changed(one))))
    )
  yield* follow(namespaces.changes, ({ metadata }) => metadata.name)
  yield* follow(services.changes, ({ metadata }) => metadata.namespace)
  yield* follow(slices.changes, ({ metadata }) => metadata.namespace)
  const forward = Forward.make({ servers: yield* upstream(options), randomId: () => randomInt(0x10000) })
  yield* takeAddress(address)
  const responder = Responder.make(answers, forward, yield* Effect.scope, yield* Metrics.responses)
  return yield* Server.listen(address, port, responder)
})

export const layer = (options: Options) => Layer.effectDiscard(serve(options))

export const plugin = (options: Options) => Plugin.make({ name: "dns", layer: layer(options) })
