/** Ranges of Services: they become ready, Services get addresses of them, and they go when no address is left in them alone. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as ServiceCidrs from "../../plugins/controllers/service-cidrs/ServiceCidrs.ts"
import { Service } from "../../plugins/resources/contracts/core/v1.ts"
import { ServiceCIDR } from "../../plugins/resources/contracts/networking/v1.ts"
import * as ServiceAddresses from "../../plugins/service-addresses/ServiceAddresses.ts"
import { at, cluster, names, server, when } from "./Cluster.ts"
import { until } from "./KilledWorkloads.ts"

const addresses = ServiceAddresses.plugin({ serviceCidrs: ["10.96.0.0/28"] })
const all = Layer.provideMerge(addresses.layer, server(ServiceCidrs.plugin({ grace: 100 })))

const range = (name: string, ...cidrs: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(ServiceCIDR, { metadata: { name }, spec: { cidrs } })
    yield* becomes(name, "True")
  })
const becomes = (name: string, status: string) =>
  when(ServiceCIDR, (all) =>
    all.some((one) => one.metadata.name === name && one.status.conditions?.some((said) => said.status === status) === true)
  )
const service = (name: string, clusterIP?: string) =>
  Effect.gen(function* () {
    const client = yield* Client
    const ports = [{ port: 80, targetPort: 80 }]
    return yield* client.create(Service, { metadata: at(name), spec: { ports, ...(clusterIP && { clusterIP }) } })
  })
const remove = (name: string) => Effect.flatMap(Client, (client) => client.delete(ServiceCIDR, { namespace: "", name }))
const goes = (name: string) => when(ServiceCIDR, (all) => !names(all).includes(name))

describe("ranges of Services", () => {
  it.live("one that is added gives addresses, when the first is full or it is asked for, and none when it is going", () =>
    Effect.gen(function* () {
      yield* range("more", "10.97.0.0/28")
      const asked = yield* service("asked", "10.97.0.5")
      assert.strictEqual(asked.spec.clusterIP, "10.97.0.5")
      const made = yield* Effect.forEach(
        Array.from({ length: 15 }, (_, index) => `s${index}`),
        (name) => service(name)
      )
      const given = made.map(({ spec }) => spec.clusterIP ?? "")
      assert.strictEqual(new Set(given).size, 15)
      assert.strictEqual(given.filter((ip) => ip.startsWith("10.97.")).length, 1)
      const outside = yield* Effect.flip(service("out", "10.98.0.7"))
      const words = "failed to allocate IP 10.98.0.7: the provided network does not match the current range"
      assert.include(outside._tag === "Invalid" ? outside.causes[0]?.detail : "", words)

      yield* remove("more")
      yield* becomes("more", "False")
      yield* Effect.flip(service("late", "10.97.0.6"))
      const full = yield* Effect.flip(service("any"))
      assert.include(full._tag === "Invalid" ? full.causes[0]?.detail : "", "range is full")
      assert.include(names(yield* when(ServiceCIDR, (all) => all.length === 1)), "more")
    }).pipe(Effect.provide(all))
  )

  it.live("one goes at once when all that is of it lies in another", () =>
    Effect.gen(function* () {
      yield* range("large", "10.97.0.0/16")
      yield* range("small", "10.97.3.0/24")
      yield* service("kept", "10.97.3.7")
      yield* remove("small")
      yield* goes("small")
      yield* remove("large")
      const [held] = yield* becomes("large", "False")
      assert.deepStrictEqual(
        held?.status.conditions?.map(({ reason }) => reason),
        ["Terminating"]
      )
      yield* range("again", "10.97.3.0/25")
      yield* goes("large")
    }).pipe(Effect.provide(all))
  )

  it.live("one gets its finalizer back; a second family may be added, and nothing else be changed", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* range("one", "10.97.0.0/24")
      const key = { namespace: "", name: "one" }
      yield* client.patch(ServiceCIDR, key, "merge", { metadata: { finalizers: [] } })
      yield* until(ServiceCIDR, "one", ({ metadata }) => metadata.finalizers?.length === 1)
      const wrong = yield* Effect.flip(client.patch(ServiceCIDR, key, "merge", { spec: { cidrs: ["10.99.0.0/24"] } }))
      assert.strictEqual(wrong._tag === "Invalid" && wrong.causes[0]?.field, "spec.cidrs[0]")
      yield* client.patch(ServiceCIDR, key, "merge", { spec: { cidrs: ["10.97.0.0/24", "fd00::/112"] } })
    }).pipe(Effect.provide(server(ServiceCidrs.plugin())))
  )

  it.live("one without addresses goes", () =>
    Effect.gen(function* () {
      yield* range("empty", "10.97.0.0/24")
      yield* remove("empty")
      yield* goes("empty")
    }).pipe(Effect.provide(cluster(ServiceCidrs.plugin({ grace: 0 }))))
  )
})
