/** GCP, as an emulator plays it that checks each request by the description that Google publishes. */
import { Context, Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Gcp from "../../adapters/cloud/gcp/Gcp.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import * as Apis from "../cloud/Apis.ts"
import { CloudBed } from "../cloud/Bed.ts"
import * as FaultProxy from "../cloud/FaultProxy.ts"
import { tooOften, start } from "../cloud/gcp/Server.ts"
import * as Instances from "../Instances.ts"
import * as LoadBalancers from "../LoadBalancers.ts"
import * as Routes from "../Routes.ts"
import * as Zones from "../Zones.ts"

const [project, region] = ["laws-project", "europe-west1"]
const zones = [`${region}-b`, `${region}-c`] as const
const whole = `projects/${project}`

/** The cloud, and what a cluster there has in its `--cloud-config`. `every`: of so many calls one is disturbed. */
export const site = (every: number) =>
  Effect.gen(function* () {
    const { address, compute, endpoint } = yield* start
    // The library's own chain finds an instance's metadata server there.
    process.env["GCE_METADATA_HOST"] = address
    process.env["METADATA_SERVER_DETECTION"] = "assume-present"
    const proxy = yield* FaultProxy.make(endpoint, () => tooOften)
    const links = new URL("compute/v1/", endpoint).href
    compute.put("networks", `${whole}/global`, "default", { autoCreateSubnetworks: true })
    for (const zone of zones)
      compute.put("zones", `${whole}/global`, zone, { region: `${links}${whole}/regions/${region}`, status: "UP" })
    const at = new Map<string, string>()
    let made = 1
    const bed = CloudBed.of({
      cluster: `laws-${randomUUID().slice(0, 8)}`,
      launch: (name, zone) =>
        Effect.sync(() => {
          const networkIP = `10.132.${made >> 8}.${made++ & 255}`
          const scope = `${whole}/zones/${zones[zone]}`
          compute.put("instances", scope, name, {
            status: "RUNNING",
            canIpForward: true,
            machineType: `${links}${scope}/machineTypes/e2-small`,
            networkInterfaces: [{ name: "nic0", network: `${links}${whole}/global/networks/default`, networkIP }]
          })
          at.set(name, `${scope}/instances/${name}`)
          return { name, providerID: "", addresses: [{ type: "InternalIP" as const, address: networkIP }] }
        }),
      stop: (name) =>
        Effect.sync(() => {
          const found = compute.resources.get(at.get(name) ?? "")
          if (found !== undefined) found.body = { ...found.body, status: "TERMINATED" }
        }),
      terminate: (name) =>
        Effect.sync(() => {
          compute.resources.delete(at.get(name) ?? "")
          for (const { endpoints } of compute.resources.values()) endpoints.delete(name)
        }),
      inventory: Effect.sync(() =>
        [...compute.resources]
          .filter(([path]) => !/\/(instances|zones|networks)\/[^/]+$/.test(path))
          .flatMap(([path, { endpoints }]) => [path, ...[...endpoints.keys()].map((name) => `${path} to ${name}`)])
          .toSorted()
      ),
      disturb: proxy.disturb,
      every,
      impossible: { address: "203.0.113.1" }
    })
    return { bed, compute, configuration: { project, region, endpoint: proxy.endpoint } }
  })

export const layer = (every = 1) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { bed, configuration } = yield* site(every)
      const cloud = yield* Layer.build(Gcp.layer(configuration, { retryMilliseconds: 1 }))
      return Context.add(cloud, CloudBed, bed)
    })
  )

export const lacks = () => Apis.lacks("compute.v1.json")

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "cloud-gcp",
    title: "GCP, as an emulator plays it that checks requests by Google's description",
    isAlone: false,
    lacks,
    kits: {
      cloud: () =>
        kit(layer(), checked(Instances.suite), checked(Zones.suite), checked(LoadBalancers.suite), checked(Routes.suite))
    }
  }
]
