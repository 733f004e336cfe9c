/** Virtual nodes in a cluster: they are ready, their Pods run and end, and what the service has too much of is stopped. */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, Schedule } from "effect"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as MemoryContainerService from "../../adapters/memory/MemoryContainerService.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Lease } from "../../plugins/resources/contracts/coordination/v1.ts"
import { Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { ContainerService } from "../../plugins/virtual-node/contracts/ContainerService.ts"
import * as VirtualNode from "../../plugins/virtual-node/VirtualNode.ts"

const names = ["v1", "v2", "v3"]
const world = Layer.mergeAll(
  Layer.provideMerge(ApiClient.layer, MemoryApi.layer()),
  MemoryContainerService.layer({ cpu: "4", memory: "8Gi", pods: 20 })
)
const soon = <A, E, R>(effect: Effect.Effect<A, E, R>, holds: (found: A) => boolean) =>
  effect.pipe(Effect.filterOrFail(holds), Effect.retry(Schedule.spaced("20 millis")), Effect.timeout("30 seconds"))
const namespace = "default"
const podOf = (name: string, nodeName: string, more: object = {}) => ({
  metadata: { namespace, name },
  spec: { nodeName, containers: [{ name: "main", image: "x" }], ...more }
})

it.live("virtual nodes are ready, and their Pods run, end and go", () =>
  Effect.gen(function* () {
    const client = yield* Client
    const service = yield* ContainerService
    // From a time before this agent: nobody wants it any more.
    const left = { uid: "left", namespace, name: "left" }
    const spec = { nodeName: "v1", containers: [{ name: "main" }] }
    yield* service.run({ pod: { apiVersion: "v1", kind: "Pod", metadata: left, spec } })
    yield* Layer.build(VirtualNode.layer({ names, address: "192.0.2.1" }))

    const nodes = yield* client.list(Node)
    assert.sameMembers(
      nodes.map(({ metadata }) => metadata.name ?? ""),
      names
    )
    for (const { metadata, status } of nodes) {
      assert.strictEqual(status.conditions?.find(({ type }) => type === "Ready")?.status, "True")
      assert.deepInclude(status.allocatable, { cpu: "4", memory: "8Gi", pods: "20" })
      const lease = yield* client.get(Lease, { namespace: "kube-node-lease", name: metadata.name ?? "" })
      assert.strictEqual(lease.metadata.ownerReferences?.[0]?.uid, metadata.uid)
    }

    yield* client.create(Pod, podOf("web", "v2"))
    yield* client.create(Pod, podOf("elsewhere", "n1"))
    const command = ["sh", "-c", "exit 3"]
    yield* client.create(
      Pod,
      podOf("once", "v3", { restartPolicy: "Never", containers: [{ name: "main", image: "x", command }] })
    )
    const get = (name: string) => client.get(Pod, { namespace, name })
    const web = yield* soon(get("web"), ({ status }) => status.phase === "Running")
    assert.strictEqual(web.status.conditions?.find(({ type }) => type === "Ready")?.status, "True")
    assert.match(web.status.podIP ?? "", /^100\./)
    assert.strictEqual(web.status.hostIP, "192.0.2.1")
    const once = yield* soon(get("once"), ({ status }) => status.phase === "Failed")
    assert.strictEqual(once.status.containerStatuses?.[0]?.state?.terminated?.exitCode, 3)
    assert.notStrictEqual((yield* get("elsewhere")).status.phase, "Running")

    yield* client.delete(Pod, { namespace, name: "web" })
    yield* soon(client.list(Pod), (all) => all.every(({ metadata }) => metadata.name !== "web"))
  }).pipe(Effect.scoped, Effect.provide(world))
)

it.live("a Pod that the service will not run fails, and says why", () =>
  Effect.gen(function* () {
    const client = yield* Client
    const { PodRefused } = yield* Effect.promise(() => import("../../plugins/virtual-node/contracts/ContainerService.ts"))
    const honest = yield* ContainerService
    const refusing = {
      ...honest,
      run: () => Effect.fail(new PodRefused({ reason: "TooLarge", message: "it does not fit" }))
    }
    yield* Layer.build(
      Layer.provide(
        VirtualNode.layer({ names: ["v1"], address: "192.0.2.1" }),
        Layer.succeedContext(Context.make(ContainerService, refusing))
      )
    )
    yield* client.create(Pod, podOf("big", "v1"))
    const big = yield* soon(client.get(Pod, { namespace, name: "big" }), ({ status }) => status.phase === "Failed")
    assert.strictEqual(big.status.reason, "TooLarge")
    assert.strictEqual(big.status.message, "it does not fit")
  }).pipe(Effect.scoped, Effect.provide(world))
)
