/** What the checks of a cloud want of this one: machines that come, stop and go, and all that there is of balancers. */
import { Effect, Option, Schema } from "effect"
import type { PackageBed } from "keelson/conformance/cloud/PackageBed"
import { Client } from "keelson/kernel/client/Client"
import { ConfigMap } from "keelson/resources/core/v1"

const table = { namespace: "kube-system", name: "machines" }
const Machine = Schema.Struct({ zone: Schema.String, addresses: Schema.Array(Schema.String), state: Schema.String })
type Machine = typeof Machine.Type

export const bed: PackageBed = Effect.gen(function* () {
  const client = yield* Client
  const machines = new Map<string, Machine>()
  const write = Effect.suspend(() =>
    Effect.gen(function* () {
      const cloud = {
        ...{ region: "laws", zone: "a", machines: { ...Object.fromEntries(machines), other: { zone: "b" } } },
        loadBalancerAddresses: ["192.0.2.0/24"]
      }
      const data = { "cloud.yaml": JSON.stringify(cloud) }
      const found = yield* client.find(ConfigMap, table)
      if (Option.isSome(found)) yield* client.update(ConfigMap, { ...found.value, data })
      else yield* client.create(ConfigMap, { metadata: table, data })
    })
  )
  yield* write
  const put = (name: string, machine: Machine) => {
    machines.set(name, machine)
    return write
  }
  const address = "198.51.100.7"
  return {
    launch: (name, zone) =>
      Effect.as(put(name, { zone: zone === 0 ? "a" : "b", addresses: [address], state: "running" }), {
        name,
        providerID: "",
        addresses: [{ type: "InternalIP", address }]
      }),
    stop: (name) => put(name, { ...(machines.get(name) ?? { zone: "a", addresses: [] }), state: "stopped" }),
    terminate: (name) => {
      machines.delete(name)
      return write
    },
    inventory: Effect.map(client.list(ConfigMap), (all) =>
      all.flatMap(({ data = {} }) => (data["balancer"] === undefined ? [] : [data["balancer"].replace(/"ip":"[^"]*"/, "")]))
    ),
    impossible: { address: "203.0.113.1" }
  }
})
