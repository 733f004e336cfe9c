/** The contracts `Instances` and `Zones` on Compute Engine. */
import type { compute_v1 } from "@googleapis/compute/build/v1.js"
import { Effect } from "effect"
import { type Address, InstanceNotFound, type NodeReference, Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import { Instances } from "../../../plugins/cloud/contracts/Instances.ts"
import { Zones } from "../../../plugins/cloud/contracts/Zones.ts"
import { type Calls, lastOf, refused } from "./Calls.ts"

type Instance = compute_v1.Schema$Instance

const provider = "gce"

/** `gce://project/zone/name`, as upstream's provider has it. */
const providerIdOf = (project: string, { name, zone }: Instance) => `${provider}://${project}/${lastOf(zone)}/${name}`
export const placeOf = (providerID: string) => {
  const [, project = "", zone = "", name = ""] = /^gce:\/\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(providerID) ?? []
  return name === "" ? undefined : { project, zone, name }
}

/** Stopped is `TERMINATED` there; what was deleted is not found. */
const stopped = ["STOPPING", "STOPPED", "SUSPENDING", "SUSPENDED", "TERMINATED"]

const address = (type: Address["type"], text: string | null | undefined): ReadonlyArray<Address> =>
  text ? [{ type, address: text }] : []
const addressesOf = (project: string, { name, networkInterfaces = [], zone }: Instance) => [
  ...networkInterfaces.flatMap(({ accessConfigs = [], ipv6Address, networkIP }) => [
    ...address("InternalIP", networkIP),
    ...address("InternalIP", ipv6Address),
    ...accessConfigs.flatMap(({ natIP }) => address("ExternalIP", natIP))
  ]),
  ...address("InternalDNS", `${name}.${lastOf(zone)}.c.${project}.internal`),
  ...address("Hostname", name)
]

export const make = ({ found, pages, project, region }: Calls) => {
  /** All instances that a filter lets through, of all zones. */
  const all = (filter: string) =>
    Effect.map(
      pages((compute, options, page) => compute.instances.aggregatedList({ project, filter, ...page }, options)),
      (found) =>
        found
          .flatMap(({ items }) => Object.values(items ?? {}).flatMap(({ instances }) => instances ?? []))
          .filter(({ zone }) => lastOf(zone).startsWith(`${region}-`))
    )

  /** A kubelet names its node for the machine's host name, of which the first part is the instance's. */
  const named = Effect.fnUntraced(function* (node: string) {
    const [name = ""] = node.split(".")
    if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return undefined
    const called = yield* all(`name = "${name}"`)
    if (called.length < 2) return called[0]
    const zones = called.map(({ zone }) => lastOf(zone)).join(", ")
    return yield* new Refused({ reason: `${called.length} instances are called ${name}, in ${zones}` })
  })

  const find = Effect.fnUntraced(function* ({ name, providerID }: NodeReference) {
    const place = placeOf(providerID)
    if (providerID !== "" && place?.project !== project) {
      const example = `${provider}://${project}/${region}-b/NAME`
      return yield* new Refused({ reason: `${providerID} is no provider id of this project, such as ${example}` })
    }
    const instance = yield* refused(
      place === undefined
        ? named(name)
        : found((compute, options) => compute.instances.get({ project, zone: place.zone, instance: place.name }, options))
    )
    return instance ?? (yield* new InstanceNotFound({ instance: providerID || name }))
  })

  return {
    find,
    all,
    providerIdOf: (instance: Instance) => providerIdOf(project, instance),
    instances: Instances.of({
      describe: () => Effect.succeed({ provider }),
      find: ({ node }) =>
        Effect.map(find(node), (instance) => ({
          providerID: providerIdOf(project, instance),
          instanceType: lastOf(instance.machineType),
          addresses: addressesOf(project, instance),
          shutdown: stopped.includes(instance.status ?? "")
        }))
    }),
    zones: Zones.of({
      list: () =>
        pages((compute, options, page) => compute.zones.list({ project, ...page }, options)).pipe(
          Effect.map((found) =>
            found
              .flatMap(({ items }) => items ?? [])
              .flatMap(({ name, region: of }) => (lastOf(of) === region && name ? [{ zone: name, region }] : []))
          ),
          Effect.catchTag("Failed", (error) => Effect.die(new Refused({ reason: `${error.code}: ${error.message}` })))
        ),
      find: ({ node }) => Effect.map(find(node), ({ zone }) => ({ zone: lastOf(zone), region }))
    })
  }
}
export type Machines = ReturnType<typeof make>
