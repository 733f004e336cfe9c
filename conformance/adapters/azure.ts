/** Azure, as an emulator plays it that checks each request by the description that Microsoft publishes. */
import { Context, Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Azure from "../../adapters/cloud/azure/Azure.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import * as Apis from "../cloud/Apis.ts"
import { identities, identityHeader, start, tooOften } from "../cloud/azure/Server.ts"
import { CloudBed } from "../cloud/Bed.ts"
import * as FaultProxy from "../cloud/FaultProxy.ts"
import * as Instances from "../Instances.ts"
import * as LoadBalancers from "../LoadBalancers.ts"
import * as Routes from "../Routes.ts"
import * as Zones from "../Zones.ts"

const [subscription, resourceGroup, location] = ["11111111-2222-3333-4444-555555555555", "Laws", "westeurope"]
const inGroup = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers`
const machineAt = (name: string) => `${inGroup}/Microsoft.Compute/virtualMachines/${name}`
const interfaceAt = (name: string) => `${inGroup}/Microsoft.Network/networkInterfaces/${name}-nic`

/** The cloud, and what a cluster there has in its `--cloud-config`. `every`: of so many calls one is disturbed. */
export const site = (every: number) =>
  Effect.gen(function* () {
    const { endpoint, manager } = yield* start
    // The library's own chain finds a managed identity there.
    process.env["IDENTITY_ENDPOINT"] = `http://${yield* identities}/msi`
    process.env["IDENTITY_HEADER"] = identityHeader
    const proxy = yield* FaultProxy.make(endpoint, () => tooOften)
    for (const [kind, name] of [
      ["networkSecurityGroups", "nodes"],
      ["routeTables", "pods"]
    ])
      manager.put(`${inGroup}/Microsoft.Network/${kind}/${name}`, { location })
    for (const name of ["Standard_B2s", "Standard_D2s_v5"])
      manager.skus.push({
        ...{ resourceType: "virtualMachines", name, locations: [location] },
        locationInfo: [{ location, zones: ["1", "2"] }]
      })
    let made = 1
    const launch = (name: string, zone: 0 | 1) =>
      Effect.sync(() => {
        const privateIPAddress = `10.1.${made >> 8}.${made++ & 255}`
        manager.put(machineAt(name), {
          ...{ location, zones: [`${zone + 1}`] },
          properties: {
            hardwareProfile: { vmSize: "Standard_B2s" },
            osProfile: { computerName: name },
            networkProfile: { networkInterfaces: [{ id: interfaceAt(name) }] },
            instanceView: { statuses: [{ code: "PowerState/running" }] }
          }
        })
        manager.put(interfaceAt(name), {
          location,
          properties: {
            ...{ primary: true, enableIPForwarding: false, virtualMachine: { id: machineAt(name) } },
            ipConfigurations: [{ name: "primary", properties: { primary: true, privateIPAddress } }]
          }
        })
        return { name, providerID: "", addresses: [{ type: "InternalIP" as const, address: privateIPAddress }] }
      })
    const bed = CloudBed.of({
      cluster: `laws-${randomUUID().slice(0, 8)}`,
      launch,
      stop: (name) =>
        Effect.sync(() =>
          manager.put(machineAt(name), {
            properties: { instanceView: { statuses: [{ code: "PowerState/deallocated" }] } }
          })
        ),
      terminate: (name) =>
        Effect.sync(() => {
          manager.delete(machineAt(name))
          manager.delete(interfaceAt(name))
        }),
      inventory: Effect.sync(() =>
        [...manager.resources]
          .filter(([id]) => !/\/(virtualmachines|networkinterfaces)\/[^/]+$/.test(id))
          // Services share a balancer, which is there for its parts: it counts when it has none.
          .flatMap(([id, { body }]) => {
            const parts = partsOf(body)
            return parts.length === 0 ? [id] : parts.map((part) => `${id}: ${part}`)
          })
          .toSorted()
      ),
      disturb: proxy.disturb,
      every,
      impossible: { address: "203.0.113.1" }
    })
    const configuration = {
      ...{ subscription, resourceGroup, location, virtualNetwork: "net", subnet: "nodes" },
      ...{ securityGroup: "nodes", routeTable: "pods", endpoint: proxy.endpoint }
    }
    return { bed, manager, configuration }
  })

export const layer = (every = 1) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { bed, configuration } = yield* site(every)
      const cloud = yield* Layer.build(Azure.layer(configuration, { retry: 1, poll: 1 }))
      return Context.add(cloud, CloudBed, bed)
    })
  )

/** What is within a load balancer, without what the cloud makes up. */
const partsOf = (body: { readonly [name: string]: unknown }): ReadonlyArray<string> =>
  JSON.stringify(body["properties"] ?? {})
    .match(/"(name|ipAddress)":"[^"]+"/g)
    ?.filter((part) => !/"20\./.test(part)) ?? []

export const lacks = () => Apis.lacks("azure.json")

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "cloud-azure",
    title: "Azure, as an emulator plays it that checks requests by Microsoft's description",
    isAlone: false,
    lacks,
    kits: {
      cloud: () =>
        kit(layer(), checked(Instances.suite), checked(Zones.suite), checked(LoadBalancers.suite), checked(Routes.suite))
    }
  }
]
