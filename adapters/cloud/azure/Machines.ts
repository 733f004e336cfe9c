/** The contracts `Instances` and `Zones` on Azure: virtual machines, those of flexible scale sets among them. */
import type { VirtualMachine } from "@azure/arm-compute"
import type { NetworkInterface } from "@azure/arm-network"
import { Effect } from "effect"
import { type Address, InstanceNotFound, type NodeReference, Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import { Instances } from "../../../plugins/cloud/contracts/Instances.ts"
import { Zones } from "../../../plugins/cloud/contracts/Zones.ts"
import { type Calls, placeOf, refused } from "./Calls.ts"

export interface Options {
  readonly resourceGroup: string
  readonly location: string
}

const provider = "azure"

/** `azure:///subscriptions/…`, as upstream's provider has it: Azure itself does not know how a resource group is capitalised. */
export const providerIdOf = (id: string | undefined) => {
  const { group, name, subscription } = placeOf(id)
  const inGroup = `/subscriptions/${subscription}/resourceGroups/${group.toLowerCase()}`
  return `${provider}://${inGroup}/providers/Microsoft.Compute/virtualMachines/${name}`
}
const idOf = (providerID: string) => {
  const place = placeOf(providerID.slice(`${provider}://`.length))
  return providerID.startsWith(`${provider}:///`) && place.kind.toLowerCase() === "virtualmachines" && place.name !== ""
    ? place
    : undefined
}

const stopped = ["PowerState/stopping", "PowerState/stopped", "PowerState/deallocating", "PowerState/deallocated"]
const isStopped = ({ instanceView }: VirtualMachine) =>
  (instanceView?.statuses ?? []).some(({ code }) => stopped.includes(code ?? ""))

const address = (type: Address["type"], text: string | undefined): ReadonlyArray<Address> =>
  text ? [{ type, address: text }] : []

/** The address that other machines of the network know a machine by. */
export const primaryOf = (interfaces: ReadonlyArray<NetworkInterface>) => {
  const first = interfaces.find(({ primary }) => primary === true) ?? interfaces[0]
  const all = first?.ipConfigurations ?? []
  return (all.find(({ primary }) => primary === true) ?? all[0])?.privateIPAddress ?? ""
}

export const make = ({ all, found, get, subscription }: Calls, { location, resourceGroup }: Options) => {
  const machine = (group: string, name: string) =>
    found(({ compute }, options) => compute.virtualMachines.get(group, name, { ...options, expand: "instanceView" }))

  /** A node is called as its machine is, or as the machine calls itself. */
  const named = Effect.fnUntraced(function* (node: string) {
    const isName = /^[A-Za-z0-9][-\w.]{0,62}$/.test(node)
    const own = isName ? yield* machine(resourceGroup, node) : undefined
    if (own !== undefined) return own
    const machines = yield* all(({ compute }, options) => compute.virtualMachines.list(resourceGroup, options))
    const called = machines.find(({ osProfile }) => osProfile?.computerName?.toLowerCase() === node.toLowerCase())
    return called?.name === undefined ? undefined : yield* machine(resourceGroup, called.name)
  })

  const find = Effect.fnUntraced(function* ({ name, providerID }: NodeReference) {
    const place = idOf(providerID)
    if (providerID !== "" && place?.subscription !== subscription) {
      const example = providerIdOf(`/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/x/y/NAME`)
      return yield* new Refused({ reason: `${providerID} is no provider id of this subscription, such as ${example}` })
    }
    const there = yield* refused(place === undefined ? named(name) : machine(place.group, place.name))
    return there ?? (yield* new InstanceNotFound({ instance: providerID || name }))
  })

  const interfacesOf = ({ networkProfile }: VirtualMachine) =>
    Effect.forEach(networkProfile?.networkInterfaces ?? [], ({ id }) => {
      const { group, name } = placeOf(id)
      return get(({ network }, options) => network.networkInterfaces.get(group, name, options))
    })
  const addressesOf = Effect.fnUntraced(function* (machine: VirtualMachine) {
    const configurations = (yield* interfacesOf(machine)).flatMap(({ ipConfigurations = [] }) => ipConfigurations)
    const outside = yield* Effect.forEach(
      configurations.flatMap(({ publicIPAddress }) => publicIPAddress?.id ?? []),
      (id) => {
        const { group, name } = placeOf(id)
        return found(({ network }, options) => network.publicIPAddresses.get(group, name, options))
      }
    )
    return [
      ...configurations.flatMap(({ privateIPAddress }) => address("InternalIP", privateIPAddress)),
      ...outside.flatMap((one) => address("ExternalIP", one?.ipAddress)),
      ...address("Hostname", machine.osProfile?.computerName ?? machine.name)
    ]
  })

  const region = location
  const zoneOf = (zone: string | undefined) => ({ zone: zone === undefined ? "" : `${location}-${zone}`, region })
  return {
    find,
    interfacesOf,
    /** The provider ids of the machines of the resource group, by each of their addresses. */
    byAddress: Effect.map(
      all(({ network }, options) => network.networkInterfaces.list(resourceGroup, options)),
      (interfaces) =>
        new Map(
          interfaces.flatMap(({ ipConfigurations = [], virtualMachine }) =>
            virtualMachine?.id === undefined
              ? []
              : ipConfigurations.map(
                  ({ privateIPAddress = "" }) => [privateIPAddress, providerIdOf(virtualMachine.id)] as const
                )
          )
        )
    ),
    instances: Instances.of({
      describe: () => Effect.succeed({ provider }),
      find: Effect.fnUntraced(function* ({ node }) {
        const machine = yield* find(node)
        return {
          providerID: providerIdOf(machine.id),
          instanceType: machine.hardwareProfile?.vmSize ?? "",
          addresses: yield* refused(addressesOf(machine)),
          shutdown: isStopped(machine)
        }
      })
    }),
    zones: Zones.of({
      list: () =>
        all(({ compute }, options) => compute.resourceSkus.list({ ...options, filter: `location eq '${location}'` })).pipe(
          Effect.map((skus) => {
            const zones = skus
              .filter(({ resourceType }) => resourceType === "virtualMachines")
              .flatMap(({ locationInfo = [] }) => locationInfo.flatMap(({ zones = [] }) => zones))
            return [...new Set(zones)].toSorted().map(zoneOf)
          }),
          refused,
          Effect.catchTag("Refused", (error) => Effect.die(error))
        ),
      find: ({ node }) => Effect.map(find(node), ({ zones }) => zoneOf(zones?.[0]))
    })
  }
}
export type Machines = ReturnType<typeof make>
