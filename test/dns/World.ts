/** A small cluster with a Service of each sort. */
import { Namespace, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../plugins/resources/contracts/discovery/v1.ts"
import { Objects } from "../network/MemoryClient.ts"

const slice = (
  world: Objects,
  name: string,
  addresses: ReadonlyArray<{ address: string; hostname?: string; ready?: boolean }>
) =>
  world.put(EndpointSlice, {
    metadata: { namespace: "default", name: `${name}-1`, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: addresses.map(({ address, hostname, ready = true }) => ({
      addresses: [address],
      conditions: { ready },
      ...(hostname !== undefined && { hostname })
    }))
  })

export const make = () => {
  const world = new Objects()
  world.put(Namespace, { metadata: { name: "default" } })
  const ports = [
    { name: "http", port: 80, protocol: "TCP" },
    { name: "stats", port: 9000, protocol: "UDP" }
  ]
  const service = (name: string, spec: object) =>
    world.put(Service, { metadata: { namespace: "default", name }, spec: { ports, ...spec } })
  service("web", { clusterIP: "10.96.0.5", clusterIPs: ["10.96.0.5", "fd00:96::5"] })
  slice(world, "web", [{ address: "10.244.1.2" }])
  service("db", { clusterIP: "None", clusterIPs: ["None"] })
  slice(world, "db", [
    { address: "10.244.1.3", hostname: "db-0" },
    { address: "10.244.1.4", hostname: "db-1" },
    { address: "10.244.1.5", ready: false },
    { address: "10.244.1.6" }
  ])
  service("idle", { clusterIP: "None" })
  service("out", { type: "ExternalName", externalName: "www.upstream.test" })
  service("near", { type: "ExternalName", externalName: "web.default.svc.cluster.local" })
  service("circle", { type: "ExternalName", externalName: "circle.default.svc.cluster.local" })
  return world
}

/** Many addresses behind one name: more than a datagram takes. */
export const crowd = (world: Objects, count: number) => {
  world.put(Service, { metadata: { namespace: "default", name: "crowd" }, spec: { clusterIP: "None" } })
  slice(
    world,
    "crowd",
    Array.from({ length: count }, (_, index) => ({ address: `10.245.${index >> 8}.${index & 255}` }))
  )
}
