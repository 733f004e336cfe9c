/** The controllers of a cloud: nodes are told apart, Services get balancers, Pods get routes, and nothing is left behind. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { MemoryCloud } from "../../adapters/memory/MemoryCloud.ts"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as NodeLifecycle from "../../plugins/cloud/NodeLifecycle.ts"
import * as Nodes from "../../plugins/cloud/Nodes.ts"
import * as RouteTable from "../../plugins/cloud/RouteTable.ts"
import * as Services from "../../plugins/cloud/Services.ts"
import { Event, Node, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { at, cluster, when } from "../controllers/Cluster.ts"

const controllers = Layer.mergeAll(
  Nodes.plugin.layer,
  NodeLifecycle.patient("20 millis").layer,
  Services.plugin({ cluster: "one" }).layer,
  RouteTable.plugin({ cluster: "one", podCidrs: ["10.244.0.0/16"] }).layer
)
const world = Layer.unwrap(
  Effect.map(Layer.build(MemoryCloud.layer), (context) => {
    const cloud = Layer.succeedContext(context)
    return Layer.merge(cluster({ layer: Layer.provide(controllers, cloud) }), cloud)
  })
)

const taint = { key: "node.cloudprovider.kubernetes.io/uninitialized", value: "true", effect: "NoSchedule" }
const ready = (status: string) => [{ type: "Ready", status }]

/** A machine, and the node that its kubelet has registered. */
const join = Effect.fnUntraced(function* (name: string, zone: string, podCIDR = "") {
  const client = yield* Client
  yield* Effect.flatMap(MemoryCloud, (cloud) => cloud.launch(name, zone))
  const spec = { taints: [taint], ...(podCIDR !== "" && { podCIDR, podCIDRs: [podCIDR] }) }
  const node = yield* client.create(Node, { metadata: { name }, spec })
  yield* client.update(Node, { ...node, status: { ...node.status, conditions: ready("True") } }, { subresource: "status" })
  yield* when(Node, (all) => all.some(({ metadata, spec }) => metadata.name === name && (spec.taints ?? []).length === 0))
})
const falls = Effect.fnUntraced(function* (name: string, status: string) {
  const client = yield* Client
  const node = yield* client.get(Node, { namespace: "", name })
  const conditions = (node.status.conditions ?? []).filter(({ type }) => type !== "Ready").concat(ready(status))
  yield* client.update(Node, { ...node, status: { ...node.status, conditions } }, { subresource: "status" })
})

const web = (name: string, more: object = {}) => ({
  metadata: at(name),
  spec: { type: "LoadBalancer", ports: [{ port: 80, nodePort: 30080 }], ...more }
})
const ipOf = ({ status }: Service) => status.loadBalancer.ingress?.[0]?.ip ?? ""
const has = (name: string) => (all: ReadonlyArray<Service>) =>
  all.some((one) => one.metadata.name === name && ipOf(one) !== "")

/** What the cloud has, as soon as it is so. */
const inventory = Effect.fnUntraced(function* (...expected: ReadonlyArray<string>) {
  const cloud = yield* MemoryCloud
  yield* Effect.suspend(() =>
    cloud.inventory().join() === expected.join() ? Effect.void : Effect.fail(new Error(cloud.inventory().join()))
  ).pipe(Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 1000 }))
})

describe("nodes in a cloud", () => {
  it.live("get their provider id, zone, region, type and addresses", () =>
    Effect.gen(function* () {
      yield* join("n1", "b")
      const [node] = yield* when(Node, (all) => all.some(({ status }) => (status.addresses ?? []).length > 0))
      assert.match(node?.spec.providerID ?? "", /^memory:\/\/m-/)
      assert.deepInclude(node?.metadata.labels, {
        "topology.kubernetes.io/zone": "b",
        "topology.kubernetes.io/region": "memory",
        "node.kubernetes.io/instance-type": "m1.small",
        "beta.kubernetes.io/instance-type": "m1.small"
      })
      assert.strictEqual(node?.status.addresses?.find(({ type }) => type === "InternalIP")?.address, "192.0.2.1")
      yield* when(Event, (all) => all.some(({ reason }) => reason === "Synced"))
    }).pipe(Effect.provide(world))
  )

  it.live("are tainted when they are stopped, and deleted when they are gone", () =>
    Effect.gen(function* () {
      const cloud = yield* MemoryCloud
      yield* join("n1", "a")
      yield* join("n2", "a")
      yield* cloud.stop("n1")
      yield* falls("n1", "Unknown")
      const isTainted = ({ spec }: Node) => (spec.taints ?? []).some(({ key }) => key.endsWith("/shutdown"))
      yield* when(Node, (all) => all.some(isTainted))
      yield* falls("n1", "True")
      yield* when(Node, (all) => !all.some(isTainted))
      yield* cloud.terminate("n2")
      yield* cloud.terminate("n1")
      yield* falls("n2", "Unknown")
      const left = yield* when(Node, (all) => all.length === 1)
      // One that is ready is not asked for.
      assert.strictEqual(left[0]?.metadata.name, "n1")
      yield* when(Event, (all) =>
        all.some(({ message }) => message === "Deleting node n2 because it does not exist in the cloud provider")
      )
    }).pipe(Effect.provide(world))
  )

  it.live("get routes to their Pods, and lose them", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* join("n1", "a", "10.244.1.0/24")
      yield* inventory("route 10.244.1.0/24")
      yield* when(Node, (all) =>
        all.some(({ status }) => status.conditions?.some(({ reason }) => reason === "RouteCreated"))
      )
      yield* join("n2", "a", "10.244.2.0/24")
      yield* inventory("route 10.244.1.0/24", "route 10.244.2.0/24")
      assert.deepStrictEqual(
        RouteTable.plan(
          [],
          [
            { name: "x", providerID: "", destination: "192.168.0.0/24", blackhole: false },
            { name: "y", providerID: "", destination: "10.244.1.0/24", blackhole: false }
          ],
          ["10.244.0.0/16"]
        ).remove.map(({ name }) => name),
        ["y"]
      )
      yield* client.delete(Node, { namespace: "", name: "n1" })
      yield* client.delete(Node, { namespace: "", name: "n2" })
      yield* when(Node, (all) => all.length === 0)
    }).pipe(Effect.provide(world))
  )
})

describe("Services in a cloud", () => {
  it.live("get a balancer, which follows ports and nodes, and goes with them", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* join("n1", "a")
      yield* client.create(Service, web("web"))
      const [service] = yield* when(Service, has("web"))
      assert.deepStrictEqual(service?.metadata.finalizers, ["service.kubernetes.io/load-balancer-cleanup"])
      yield* inventory("balancer of web", "listener TCP 80", "target")
      yield* join("n2", "b")
      yield* inventory("balancer of web", "listener TCP 80", "target", "target")
      const now = yield* client.get(Service, at("web"))
      yield* client.update(Service, {
        ...now,
        spec: { ...now.spec, ports: [{ port: 81, protocol: "TCP", nodePort: 30081 }] }
      })
      yield* inventory("balancer of web", "listener TCP 81", "target", "target")
      yield* client.delete(Service, at("web"))
      yield* when(Service, (all) => all.length === 0)
      yield* inventory()
      for (const reason of ["EnsuringLoadBalancer", "EnsuredLoadBalancer", "UpdatedLoadBalancer", "DeletedLoadBalancer"])
        yield* when(Event, (all) => all.some((event) => event.reason === reason))
    }).pipe(Effect.provide(world))
  )

  it.live("lose it when they are of another type; with a class they are somebody else's", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Service, web("other", { loadBalancerClass: "example.com/theirs" }))
      yield* client.create(Service, web("web"))
      yield* when(Service, has("web"))
      const now = yield* client.get(Service, at("web"))
      yield* client.update(Service, { ...now, spec: { ...now.spec, type: "ClusterIP" } })
      const all = yield* when(Service, (all) => all.every((one) => ipOf(one) === ""))
      yield* inventory()
      yield* when(Service, (all) => all.every(({ metadata }) => (metadata.finalizers ?? []).length === 0))
      assert.lengthOf(all, 2)
    }).pipe(Effect.provide(world))
  )

  it.live("that are taken away by force leave nothing", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Service, web("web"))
      yield* when(Service, has("web"))
      yield* client.delete(Service, at("web"))
      yield* client
        .patch(Service, at("web"), "merge", { metadata: { finalizers: null } })
        .pipe(Effect.catchTag("NotFound", () => Effect.void))
      yield* inventory()
    }).pipe(Effect.provide(world))
  )

  it.live("are told why they get none", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const cloud = yield* MemoryCloud
      cloud.setAround(() =>
        Effect.fail(new Unavailable({ contract: "cloud", applied: "no", cause: new Error("Rate exceeded") }))
      )
      yield* client.create(Service, web("web"))
      const events = yield* when(Event, (all) => all.some(({ reason }) => reason === "SyncLoadBalancerFailed"))
      assert.isTrue(
        events.some(
          ({ message = "" }) => message.includes("Error syncing load balancer") && message.includes("Rate exceeded")
        )
      )
    }).pipe(Effect.provide(world))
  )
})
