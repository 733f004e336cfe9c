/** The objects that a server of the cluster's names is asked about: a Service of each sort, in a namespace of their own. */
import { Context, Effect, Layer, Option, Random } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Namespace, Service, type ServiceDraft } from "../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../plugins/resources/contracts/discovery/v1.ts"
import { Outside } from "./Outside.ts"

export interface Endpoint {
  readonly address: string
  readonly hostname?: string
  readonly ready?: boolean
}

/** How many stand behind `crowd`: more than a datagram takes. */
export const many = 200

const ports = [
  { name: "http", port: 80, protocol: "TCP" as const },
  { name: "stats", port: 9000, protocol: "UDP" as const }
]

const make = Effect.fnUntraced(function* (clusterIPs: ReadonlyArray<string>) {
  const client = yield* Client
  const namespace = `laws-${(yield* Random.nextIntBetween(0, 2 ** 32)).toString(36)}`
  const at = (name: string) => ({ namespace, name })
  const made: Array<Effect.Effect<unknown>> = []
  yield* Effect.addFinalizer(() => Effect.all(made.toReversed(), { discard: true }))

  const service = (name: string, spec: NonNullable<ServiceDraft["spec"]>) => {
    made.push(Effect.ignore(client.delete(Service, at(name))))
    return client.create(Service, { metadata: at(name), spec: { ports, ...spec } })
  }
  const slice = (of: string, endpoints: ReadonlyArray<Endpoint>, addressType: "IPv4" | "IPv6" = "IPv4") => {
    const name = `${of}-${addressType.toLowerCase()}`
    made.push(Effect.ignore(client.delete(EndpointSlice, at(name))))
    return client.create(EndpointSlice, {
      metadata: { ...at(name), labels: { "kubernetes.io/service-name": of } },
      addressType,
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      endpoints: endpoints.map(({ address, hostname, ready = true }) => ({
        addresses: [address],
        conditions: { ready },
        ...(hostname !== undefined && { hostname })
      }))
    })
  }
  const remove = (name: string) => Effect.ignore(client.delete(Service, at(name)))

  yield* client.create(Namespace, { metadata: { name: namespace } })
  made.push(Effect.ignore(client.delete(Namespace, { namespace: "", name: namespace })))
  const [first] = clusterIPs
  const both = { ipFamilyPolicy: "PreferDualStack" as const }
  const { spec } = yield* service("web", first === undefined ? both : { clusterIP: first, clusterIPs })
  const headless = { clusterIP: "None", clusterIPs: ["None"] }
  yield* service("db", headless)
  yield* slice("db", [
    { address: "10.243.1.3", hostname: "db-0" },
    { address: "10.243.1.4", hostname: "twin" },
    { address: "10.243.1.5", hostname: "late", ready: false },
    { address: "10.243.1.6" },
    { address: "10.243.1.7", hostname: "twin" }
  ])
  yield* service("six", headless)
  yield* slice("six", [{ address: "fd00:243::3", hostname: "six-0" }, { address: "fd00:243::4" }], "IPv6")
  yield* service("idle", headless)
  yield* slice("idle", [{ address: "10.243.1.9", ready: false }])
  yield* service("crowd", headless)
  const crowd = Array.from({ length: many }, (_, index) => ({ address: `10.243.2.${index + 1}` }))
  yield* slice("crowd", crowd)
  const outside = Option.getOrUndefined(yield* Effect.serviceOption(Outside))
  const alias = (name: string, externalName: string) => service(name, { type: "ExternalName", externalName })
  const addresses = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ""]
  return { client, namespace, addresses, outside, service, slice, remove, alias }
})

export class World extends Context.Service<World, Effect.Success<ReturnType<typeof make>>>()(
  "conformance/ClusterDnsWorld"
) {}

/** `clusterIPs`: of the Service `web`, where the API does not give any itself. */
export const layer = ({ clusterIPs = [] }: { readonly clusterIPs?: ReadonlyArray<string> } = {}) =>
  Layer.effect(World, make(clusterIPs))
