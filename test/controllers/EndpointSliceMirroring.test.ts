/** Endpoints that somebody writes for a Service without a selector are mirrored to EndpointSlices, and no others. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Mirroring from "../../plugins/controllers/endpointslicemirroring/EndpointSliceMirroring.ts"
import { Endpoints, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../plugins/resources/contracts/discovery/v1.ts"
import { at, cluster, when } from "./Cluster.ts"

const addressesOf = (slices: ReadonlyArray<EndpointSlice>) =>
  slices
    .map(({ endpoints = [], ports = [] }) => {
      const all = endpoints.map(({ addresses, conditions }) => `${addresses.join()}${conditions?.ready ? "" : "?"}`)
      return `${ports.map(({ port }) => port).join()}: ${all.join(" ")}`
    })
    .toSorted()
    .join(" | ")
const are = (expected: string) => when(EndpointSlice, (all) => addressesOf(all) === expected)
const story = (body: Effect.Effect<void, unknown, Client>) => Effect.provide(body, cluster(Mirroring.plugin))

describe("EndpointSliceMirroring", () => {
  it.live("follows Endpoints as they are made, changed and deleted", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        yield* client.create(Service, { metadata: at("db"), spec: { ports: [{ port: 80 }] } })
        yield* client.create(Endpoints, {
          metadata: { ...at("db"), labels: { tier: "back" }, annotations: { note: "by hand" } },
          subsets: [
            { addresses: [{ ip: "10.0.0.1" }], notReadyAddresses: [{ ip: "10.0.0.2" }], ports: [{ port: 5432 }] },
            { addresses: [{ ip: "10.0.0.3" }, { ip: "fd00::3" }], ports: [{ port: 5433 }] }
          ]
        })
        const slices = yield* are("5432: 10.0.0.1 10.0.0.2? | 5433: 10.0.0.3 | 5433: fd00::3")
        const [first] = slices
        assert.deepStrictEqual(first?.metadata.labels, {
          tier: "back",
          "kubernetes.io/service-name": "db",
          "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io"
        })
        assert.deepStrictEqual(first?.metadata.annotations, { note: "by hand" })
        assert.strictEqual(first?.metadata.ownerReferences?.[0]?.kind, "Endpoints")

        const before = yield* client.get(Endpoints, at("db"))
        yield* client.update(Endpoints, {
          ...before,
          subsets: [{ addresses: [{ ip: "10.0.0.9" }], ports: [{ port: 5432, protocol: "TCP" }] }]
        })
        yield* are("5432: 10.0.0.9")
        yield* client.delete(Endpoints, at("db"))
        yield* are("")
      })
    )
  )

  it.live("leaves alone what has a selector, what asks for it, and what has no Service", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        const subsets = (ip: string) => [{ addresses: [{ ip }], ports: [{ port: 80 }] }]
        const label = { "endpointslice.kubernetes.io/skip-mirror": "true" }
        yield* client.create(Endpoints, { metadata: at("alone"), subsets: subsets("10.0.0.1") })
        const selecting = { ports: [{ port: 80 }], selector: { app: "web" } }
        yield* client.create(Service, { metadata: at("web"), spec: selecting })
        yield* client.create(Endpoints, { metadata: at("web"), subsets: subsets("10.0.0.2") })
        yield* client.create(Service, { metadata: at("quiet"), spec: { ports: [{ port: 80 }] } })
        yield* client.create(Endpoints, { metadata: { ...at("quiet"), labels: label }, subsets: subsets("10.0.0.3") })
        yield* client.create(Service, { metadata: at("last"), spec: { ports: [{ port: 80 }] } })
        yield* client.create(Endpoints, { metadata: at("last"), subsets: subsets("10.0.0.4") })
        yield* are("80: 10.0.0.4")
        yield* client.create(Service, { metadata: at("alone"), spec: { ports: [{ port: 80 }] } })
        yield* are("80: 10.0.0.1 | 80: 10.0.0.4")
      })
    )
  )
})
