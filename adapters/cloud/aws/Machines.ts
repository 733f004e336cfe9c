/** EC2 instances as nodes, and where they are. */
import type { Filter, Instance as Ec2Instance } from "@aws-sdk/client-ec2"
import { Effect } from "effect"
import { type Address, InstanceNotFound, type NodeReference, Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import { Instances } from "../../../plugins/cloud/contracts/Instances.ts"
import { Zones } from "../../../plugins/cloud/contracts/Zones.ts"
import { type Calls, hasCode, refused } from "./Calls.ts"

const provider = "aws"

/** `aws:///zone/i-…`, as upstream's provider has it. */
export const providerIdOf = ({ InstanceId = "", Placement }: Ec2Instance) =>
  `${provider}:///${Placement?.AvailabilityZone ?? ""}/${InstanceId}`
/** Absent: of another cloud. */
export const instanceIdOf = (providerID: string) => /^aws:\/\/(?:\/[^/]*)?\/(i-[0-9a-f]+)$/.exec(providerID)?.[1]

const isGone = ({ State }: Ec2Instance) => ["terminated", "shutting-down"].includes(State?.Name ?? "")

const address = (type: Address["type"], text: string | undefined): ReadonlyArray<Address> =>
  text === undefined || text === "" ? [] : [{ type, address: text }]
const addressesOf = ({ Ipv6Address, PrivateDnsName, PrivateIpAddress, PublicDnsName, PublicIpAddress }: Ec2Instance) => [
  ...address("InternalIP", PrivateIpAddress),
  ...address("InternalIP", Ipv6Address),
  ...address("ExternalIP", PublicIpAddress),
  ...address("InternalDNS", PrivateDnsName),
  ...address("Hostname", PrivateDnsName),
  ...address("ExternalDNS", PublicDnsName)
]

export const make = (calls: Calls) => {
  const described = (filters: ReadonlyArray<Filter>) =>
    calls
      .ec2(async (client, { paginateDescribeInstances }, options) => {
        const found: Array<Ec2Instance> = []
        for await (const { Reservations = [] } of paginateDescribeInstances({ client }, { Filters: [...filters] }, options))
          found.push(...Reservations.flatMap(({ Instances = [] }) => Instances))
        return found.filter((instance) => !isGone(instance))
      })
      .pipe(
        Effect.catch((error) =>
          hasCode(error, "InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed")
            ? Effect.succeed([])
            : Effect.fail(error)
        ),
        Effect.mapError(refused)
      )

  /** A kubelet names its node for the private DNS name, or for the instance; others by the tag `Name`, as people see it. */
  const named = Effect.fnUntraced(function* (name: string) {
    const ways = /^i-[0-9a-f]+(\.|$)/.test(name)
      ? [{ Name: "instance-id", Values: [name.split(".")[0] ?? ""] }]
      : [
          { Name: "private-dns-name", Values: [name] },
          { Name: "tag:Name", Values: [name] }
        ]
    for (const way of ways) {
      const found = yield* described([way])
      if (found.length > 1)
        return yield* new Refused({
          reason: `${found.length} instances are called ${name}: ${found.map(({ InstanceId }) => InstanceId).join(", ")}`
        })
      if (found[0] !== undefined) return found[0]
    }
    return undefined
  })

  const find = Effect.fnUntraced(function* ({ name, providerID }: NodeReference) {
    const id = instanceIdOf(providerID)
    if (providerID !== "" && id === undefined)
      return yield* new Refused({
        reason: `${providerID} is no provider id of AWS, such as aws:///us-east-1a/i-0123456789abcdef0`
      })
    const found = id === undefined ? yield* named(name) : (yield* described([{ Name: "instance-id", Values: [id] }]))[0]
    return found ?? (yield* new InstanceNotFound({ instance: providerID || name }))
  })

  const zoneOf = (zone: string) => ({ zone, region: calls.region })
  return {
    find,
    /** The provider ids of those that are there, by instance id. */
    providerIds: (ids: ReadonlyArray<string>) =>
      ids.length === 0
        ? Effect.succeed(new Map<string, string>())
        : Effect.map(
            described([{ Name: "instance-id", Values: [...ids] }]),
            (all) => new Map(all.map((one) => [one.InstanceId ?? "", providerIdOf(one)]))
          ),
    instances: Instances.of({
      describe: () => Effect.succeed({ provider }),
      find: ({ node }) =>
        Effect.map(find(node), (instance) => ({
          providerID: providerIdOf(instance),
          instanceType: instance.InstanceType ?? "",
          addresses: addressesOf(instance),
          shutdown: ["stopped", "stopping"].includes(instance.State?.Name ?? "")
        }))
    }),
    zones: Zones.of({
      list: () =>
        calls
          .ec2((client, { DescribeAvailabilityZonesCommand }, options) =>
            client.send(new DescribeAvailabilityZonesCommand({}), options)
          )
          .pipe(
            Effect.map(({ AvailabilityZones = [] }) => AvailabilityZones.map(({ ZoneName = "" }) => zoneOf(ZoneName))),
            Effect.catchTag("Failed", (error) => Effect.die(refused(error)))
          ),
      find: ({ node }) => Effect.map(find(node), ({ Placement }) => zoneOf(Placement?.AvailabilityZone ?? ""))
    })
  }
}
export type Machines = ReturnType<typeof make>
