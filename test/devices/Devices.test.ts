/** Devices of a node: counted, given to one Pod at a time, found again by the next kubelet, told of when they are sick. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, type Scope, Schema } from "effect"
import * as Suite from "../../conformance/NodeDevices.ts"
import { NodeDevices } from "../../plugins/kubelet/contracts/NodeDevices.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { sabotage, verify } from "../Verify.ts"
import { draft, isFailed, isRunning, machine } from "./DeviceNode.ts"
import * as Lamps from "./Lamps.ts"
import * as PodResources from "./PodResources.ts"

const lamps = Layer.effect(
  NodeDevices,
  Effect.map(Lamps.make("a", "b", "c"), ({ provider }) => provider)
)
verify("in memory", Suite.suite, lamps)
sabotage(Suite.suite, lamps)

class Unlike extends Schema.TaggedError<Unlike>()("Unlike", { message: Schema.String }) {}
const live = (name: string, test: () => Effect.Effect<void, unknown, Scope.Scope>) =>
  it.live(
    name,
    () => Effect.mapError(test(), (error) => (error instanceof Error ? error : new Unlike({ message: String(error) }))),
    60_000
  )

live("a node tells how many it has, gives each to one Pod, and refuses who asks for more", () =>
  Effect.gen(function* () {
    const { amounts, client, configs, directory, kubelet, pod, providers } = yield* machine
    const lamps = yield* Lamps.make("a", "b", "c")
    yield* providers.add(lamps.provider)
    yield* kubelet
    yield* amounts("3", "3")
    yield* client.create(Pod, draft("one", 2))
    const one = yield* pod("one", isRunning)
    const { annotations, cdiDevices, devices, env, mounts } = configs.get("one") ?? {}
    assert.includeDeepMembers([...(env ?? [])], [{ name: "LAMPS", value: "c,b" }])
    assert.deepStrictEqual(mounts, [
      { hostPath: "/opt/lamps", containerPath: "/lamps", readOnly: true, propagation: "none" }
    ])
    assert.deepStrictEqual(devices?.[0], { hostPath: "/dev/c", containerPath: "/dev/lamp-c", permissions: "rw" })
    assert.deepStrictEqual(cdiDevices, ["example.com/lamp=c", "example.com/lamp=b"])
    assert.strictEqual(annotations?.["lamps"], "c,b")
    assert.deepStrictEqual(lamps.started, ["c,b"])
    assert.deepStrictEqual(one?.status.containerStatuses?.[0]?.allocatedResourcesStatus, [
      {
        name: "example.com/lamp",
        resources: [
          { resourceID: "c", health: "Healthy" },
          { resourceID: "b", health: "Healthy" }
        ]
      }
    ])
    const told = yield* PodResources.ask(directory)
    const lamps2 = ["c", "b"].map((id) => ({ resource: "example.com/lamp", ids: [id] }))
    assert.deepStrictEqual(yield* told("List", {}), {
      pods: [{ name: "one", namespace: "default", containers: [{ name: "one", devices: lamps2 }] }]
    })
    const found = yield* told("Get", { name: "one", namespace: "default" })
    assert.deepStrictEqual(found, {
      pod: { name: "one", namespace: "default", containers: [{ name: "one", devices: lamps2 }] }
    })
    const missing = yield* Effect.flip(told("Get", { name: "none", namespace: "default" }))
    assert.include(missing.message, "pod none in namespace default not found")
    const { devices: all = [] } = yield* told("GetAllocatableResources", {})
    assert.lengthOf(all, 3)
    yield* client.create(Pod, draft("two", 2))
    const { containerStatuses, message, reason } = (yield* pod("two", isFailed))?.status ?? {}
    // What kubectl prints is the reason, if no container says another.
    assert.isUndefined(containerStatuses)
    assert.strictEqual(reason, "UnexpectedAdmissionError")
    assert.strictEqual(
      message,
      "Pod was rejected: Allocate failed due to requested number of devices unavailable for example.com/lamp. Requested: 2, Available: 1, which is unexpected"
    )
    // Whoever goes gives back what it had.
    yield* client.delete(Pod, { namespace: "default", name: "one" }, { gracePeriodSeconds: 0 })
    yield* pod("one", (found) => found === undefined)
    yield* client.create(Pod, draft("three", 3))
    yield* pod("three", isRunning)
  })
)

live("sick devices are given to nobody, and who has one is told", () =>
  Effect.gen(function* () {
    const { amounts, client, kubelet, pod, providers } = yield* machine
    const lamps = yield* Lamps.make("a", "b")
    yield* providers.add(lamps.provider)
    yield* kubelet
    yield* amounts("2", "2")
    yield* client.create(Pod, draft("one", 1))
    yield* pod("one", isRunning)
    yield* lamps.set([
      { id: "a", healthy: true },
      { id: "b", healthy: false }
    ])
    yield* amounts("2", "1")
    const healthOf = (found: Pod | undefined) =>
      found?.status.containerStatuses?.[0]?.allocatedResourcesStatus?.[0]?.resources?.[0]?.health
    yield* pod("one", (found) => healthOf(found) === "Unhealthy")
    yield* lamps.set([
      { id: "a", healthy: false },
      { id: "b", healthy: false }
    ])
    yield* amounts("2", "0")
    yield* client.create(Pod, draft("two", 1))
    const refused = yield* pod("two", isFailed)
    assert.include(
      refused?.status.message ?? "",
      "no healthy devices present; cannot allocate unhealthy devices example.com/lamp"
    )
    yield* lamps.set(Lamps.well("a", "b"))
    yield* amounts("2", "2")
    yield* pod("one", (found) => healthOf(found) === "Healthy")
  })
)

live("the next kubelet knows who has what; until the plugin is back there are none", () =>
  Effect.gen(function* () {
    const { amounts, client, configs, kubelet, pod, providers } = yield* machine
    const first = yield* Effect.scoped(
      Effect.gen(function* () {
        yield* providers.add((yield* Lamps.make("a", "b")).provider)
        yield* kubelet
        yield* amounts("2", "2")
        yield* client.create(Pod, draft("one", 1))
        yield* pod("one", isRunning)
        return configs.get("one")
      })
    )
    providers.forget(Number.POSITIVE_INFINITY)
    yield* kubelet
    yield* amounts("0", "0")
    yield* providers.add((yield* Lamps.make("a", "b")).provider)
    yield* amounts("2", "2")
    yield* client.create(Pod, draft("two", 1))
    yield* pod("two", isRunning)
    assert.includeDeepMembers([...(first?.env ?? [])], [{ name: "LAMPS", value: "b" }])
    assert.includeDeepMembers([...(configs.get("two")?.env ?? [])], [{ name: "LAMPS", value: "a" }])
    yield* client.create(Pod, draft("three", 1))
    const { message } = (yield* pod("three", isFailed))?.status ?? {}
    assert.include(message ?? "", "Requested: 1, Available: 0")
  })
)

live("what init containers had is used again, but for what a sidecar keeps", () =>
  Effect.gen(function* () {
    const { amounts, client, configs, kubelet, pod, providers } = yield* machine
    yield* providers.add((yield* Lamps.make("a", "b", "c")).provider)
    yield* kubelet
    yield* amounts("3", "3")
    const asking = (name: string, count: number, more: object = {}) => ({
      name,
      image: "busybox",
      resources: { limits: { "example.com/lamp": `${count}` } },
      ...more
    })
    yield* client.create(
      Pod,
      draft("all", 2, {
        initContainers: [asking("before", 2, { command: ["true"] }), asking("beside", 1, { restartPolicy: "Always" })]
      })
    )
    yield* pod("all", isRunning)
    const given = (name: string) =>
      configs
        .get(name)
        ?.env?.find((one) => one.name === "LAMPS")
        ?.value.split(",") ?? []
    assert.lengthOf(given("before"), 2)
    assert.include(given("before"), given("beside")[0])
    assert.sameMembers([...given("beside"), ...given("all")], ["a", "b", "c"])
  })
)
