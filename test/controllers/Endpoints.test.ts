/** Endpoints and EndpointSlices: what is behind a Service, in which condition, and in how many slices. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Complete from "../../kernel/client/Complete.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as EndpointsController from "../../plugins/controllers/endpoints/Endpoints.ts"
import { backendsOf } from "../../plugins/controllers/endpointslice/Backends.ts"
import * as EndpointSliceController from "../../plugins/controllers/endpointslice/EndpointSlice.ts"
import * as EndpointSliceMirroring from "../../plugins/controllers/endpointslicemirroring/EndpointSliceMirroring.ts"
import { plan } from "../../plugins/controllers/endpointslice/Slices.ts"
import { Endpoints, Pod, Service, type ServiceDraft } from "../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../plugins/resources/contracts/discovery/v1.ts"
import { at, cluster, runs, when } from "./Cluster.ts"
import { podOf } from "./Pods.ts"

const complete = Complete.make(Service.versions[0])
// A draft is JSON by its type, and complete it is a Service by the schema's; hence the casts.
const serviceOf = (spec: ServiceDraft["spec"] = {}) =>
  complete({
    metadata: { name: "web", namespace: "default", uid: "s", resourceVersion: "1", labels: { team: "a" } },
    spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: "http" }], ...spec }
  } as unknown as Parameters<typeof complete>[0]) as unknown as Service

const named = (containerPort: number) => ({
  containers: [{ name: "c", image: "i", ports: [{ name: "http", containerPort, protocol: "TCP" }] }]
})
const backend = (index: number, port = 8080, spec = {}) => {
  const pod = podOf({
    name: `p${index}`,
    phase: "Running",
    ready: "2026-01-01T00:00:00Z",
    labels: { app: "web" },
    spec: { ...named(port), ...spec }
  })
  const podIP = `10.0.${index >> 8}.${index & 255}`
  return { ...pod, status: { ...pod.status, podIP, podIPs: [{ ip: podIP }] } }
}
const many = (count: number) => Array.from({ length: count }, (_, index) => backend(index))
const planned = (service: Service, pods: ReadonlyArray<Pod>, slices: ReadonlyArray<EndpointSlice> = []) =>
  plan(service, backendsOf(service, pods), slices, () => undefined)
const completeSlice = Complete.make(EndpointSlice.versions[0])
/** As the API would answer with what was drafted; complete it is a slice by the schema's default values, hence the casts. */
const asStored = ({ create }: ReturnType<typeof planned>) =>
  create.map((draft, index) => {
    const given = { name: `s${index}`, uid: `s${index}`, resourceVersion: "1", creationTimestamp: "" }
    const stored = { ...draft, metadata: { ...draft.metadata, ...given } }
    return completeSlice(stored as unknown as Parameters<typeof completeSlice>[0]) as unknown as EndpointSlice
  })

describe("EndpointSlices", () => {
  it("say whether a Pod is ready, serves, and is about to end", () => {
    const ending = { ...backend(1), metadata: { ...backend(1).metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } }
    const pods = [backend(0), ending, podOf({ name: "new", labels: { app: "web" } })]
    const [slice] = planned(serviceOf(), pods).create
    assert.deepStrictEqual(
      slice?.endpoints?.map(({ addresses, conditions }) => [addresses[0], conditions]),
      [
        ["10.0.0.0", { ready: true, serving: true, terminating: false }],
        ["10.0.0.1", { ready: false, serving: true, terminating: true }]
      ]
    )
    assert.deepStrictEqual(slice?.ports, [{ name: "", port: 8080, protocol: "TCP" }])
    assert.deepStrictEqual(slice?.metadata.labels, {
      team: "a",
      "kubernetes.io/service-name": "web",
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"
    })
  })

  it("publish what is not ready if the Service says so, and names of Pods of a headless one", () => {
    const service = serviceOf({ clusterIP: "None", publishNotReadyAddresses: true })
    const pod = backend(0, 8080, { hostname: "zero", subdomain: "web" })
    const unready = { ...pod, status: { ...pod.status, conditions: [] } }
    const [slice] = planned(service, [unready]).create
    assert.deepStrictEqual(slice?.endpoints?.[0]?.conditions, { ready: true, serving: false, terminating: false })
    assert.strictEqual(slice?.endpoints?.[0]?.hostname, "zero")
    assert.strictEqual(slice?.metadata.labels?.["service.kubernetes.io/headless"], "")
  })

  it("hold at most a hundred, and those with other ports apart", () => {
    const { create } = planned(serviceOf(), [...many(150), backend(200, 9090)])
    assert.deepStrictEqual(
      create.map(({ endpoints = [], ports }) => [endpoints.length, ports?.[0]?.port]),
      [
        [100, 8080],
        [50, 8080],
        [1, 9090]
      ]
    )
  })

  it("change as little as can be", () => {
    const slices = asStored(planned(serviceOf(), many(150)))
    assert.deepStrictEqual(planned(serviceOf(), many(150), slices), { create: [], update: [], remove: [] })
    const { create, remove, update } = planned(serviceOf(), [...many(150).slice(1), backend(300)], slices)
    assert.deepStrictEqual([create, remove], [[], []])
    assert.deepStrictEqual(
      update.map(({ endpoints = [], metadata }) => [metadata.name, endpoints.length]),
      [["s0", 100]]
    )
  })

  it("are one empty slice when nothing is there", () => {
    const [slice] = asStored(planned(serviceOf(), []))
    assert.deepStrictEqual([slice?.endpoints, slice?.ports], [[], []])
    assert.deepStrictEqual(planned(serviceOf(), [], slice && [slice]), { create: [], update: [], remove: [] })
  })
})

describe("Endpoints and EndpointSlices", () => {
  it.live("follow the Pods, and leave others' slices alone", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const metadata = { ...at("p"), labels: { app: "web" } }
      yield* client.create(EndpointSlice, {
        metadata: { ...at("mine"), labels: { "kubernetes.io/service-name": "web" } },
        addressType: "IPv4",
        endpoints: []
      })
      yield* client.create(Service, {
        metadata: at("web"),
        spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] }
      })
      const pod = yield* client.create(Pod, { metadata, spec: named(8080) })
      const isReady = (slice: EndpointSlice) => slice.endpoints?.[0]?.conditions?.ready
      const running = yield* runs(pod, { ready: false })
      yield* when(EndpointSlice, (all) => all.some((slice) => isReady(slice) === false))
      yield* when(Endpoints, ([one]) => one?.subsets?.[0]?.notReadyAddresses?.[0]?.ip === "10.244.0.9")
      yield* runs(running)
      const slices = yield* when(EndpointSlice, (all) => all.some((slice) => isReady(slice) === true))
      assert.strictEqual(slices.length, 2)
      yield* when(Endpoints, ([one]) => one?.subsets?.[0]?.addresses?.[0]?.targetRef?.name === "p")

      const fresh = yield* client.get(Pod, at("p"))
      yield* client.update(Pod, { ...fresh, metadata: { ...fresh.metadata, labels: { app: "other" } } })
      yield* when(EndpointSlice, (all) => all.every(({ endpoints = [] }) => endpoints.length === 0))
      yield* when(Endpoints, ([one]) => (one?.subsets ?? []).length === 0)
      yield* client.delete(Service, at("web"))
      yield* when(Endpoints, (all) => all.length === 0)
    }).pipe(Effect.provide(cluster(EndpointsController.plugin, EndpointSliceController.plugin)))
  )
})

describe("Endpoints written by hand", () => {
  it.live("are mirrored in slices as long as the Service has no selector", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Service, { metadata: at("db"), spec: { ports: [{ port: 80 }] } })
      const subsets = (ip: string) => [
        { addresses: [{ ip }], notReadyAddresses: [{ ip: "fd00::1" }], ports: [{ port: 80 }] }
      ]
      const made = yield* client.create(Endpoints, { metadata: at("db"), subsets: subsets("10.1.2.3") })
      const skip = { "endpointslice.kubernetes.io/skip-mirror": "true" }
      yield* client.create(Service, { metadata: at("own"), spec: { ports: [{ port: 80 }] } })
      yield* client.create(Endpoints, { metadata: { ...at("own"), labels: skip }, subsets: subsets("10.9.9.9") })
      const told = (all: ReadonlyArray<EndpointSlice>) =>
        all
          .flatMap(({ addressType, endpoints = [], ports = [] }) =>
            endpoints.map(({ addresses, conditions }) => [addressType, addresses[0], conditions?.ready, ports[0]?.port])
          )
          .toSorted()
      const slices = yield* when(EndpointSlice, (all) => all.length === 2)
      assert.deepStrictEqual(told(slices), [
        ["IPv4", "10.1.2.3", true, 80],
        ["IPv6", "fd00::1", false, 80]
      ])
      yield* client.update(Endpoints, {
        ...made,
        subsets: [{ addresses: [{ ip: "10.2.3.4" }], ports: [{ port: 81, protocol: "TCP" }] }]
      })
      const after = yield* when(EndpointSlice, (all) => all.length === 1)
      assert.deepStrictEqual(told(after), [["IPv4", "10.2.3.4", true, 81]])
      const service = yield* client.get(Service, at("db"))
      yield* client.update(Service, { ...service, spec: { ...service.spec, selector: { app: "db" } } })
      yield* when(EndpointSlice, (all) => all.length === 0)
    }).pipe(Effect.provide(cluster(EndpointSliceMirroring.plugin)))
  )
})
