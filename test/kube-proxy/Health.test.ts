/** What a node tells load balancers of its Services, and of its proxy. The kernel is left out: a program that says yes stands for it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schedule, Scope } from "effect"
import { freePort } from "../../kernel/FreePort.ts"
import * as KubeProxy from "../../plugins/kube-proxy/KubeProxy.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import * as MemoryClient from "../network/MemoryClient.ts"
import { here, node, there, World } from "./Objects.ts"

interface Told {
  readonly status: number
  readonly weight: string | null
  readonly body: string
}
const get = (port: number, path = "/") =>
  Effect.tryPromise(async (): Promise<Told> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } })
    const weight = response.headers.get("X-Load-Balancing-Endpoint-Weight")
    return { status: response.status, weight, body: await response.text() }
  })
const until = (port: number, path: string, holds: (told: Told) => boolean) =>
  get(port, path).pipe(Effect.filterOrFail(holds), Effect.retry(Schedule.spaced("20 millis")), Effect.timeout("20 seconds"))

const proxy = (world: World, healthzPort: number) =>
  KubeProxy.layer({ nodeName: node, podCidr: "10.244.0.0/16", within: ["true"], healthzPort, metricsPort: 0 }).pipe(
    Layer.provide(MemoryClient.layer(world))
  )

describe("health", () => {
  it.live("a Service that keeps the sender's address has a port that says how many of its Pods are here", () =>
    Effect.gen(function* () {
      const [world, healthz, healthCheckNodePort] = [new World(), yield* freePort, yield* freePort]
      const spec = { type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort }
      world.service("web", "10.96.0.5", spec)
      world.endpoints("web", here("10.244.1.2"), here("10.244.1.3"), there("10.244.2.2"))
      yield* Layer.build(proxy(world, healthz))
      const two = yield* until(healthCheckNodePort, "/", ({ status }) => status === 200)
      assert.strictEqual(two.weight, "2")
      assert.deepStrictEqual(JSON.parse(two.body), {
        service: { namespace: "default", name: "web" },
        localEndpoints: 2,
        serviceProxyHealthy: true
      })
      world.endpoints("web", here("10.244.1.2", { ready: false }), there("10.244.2.2"))
      const none = yield* until(healthCheckNodePort, "/", ({ status }) => status === 503)
      assert.strictEqual(JSON.parse(none.body).localEndpoints, 0)
      world.service("web", "10.96.0.5", { type: "LoadBalancer" })
      yield* Effect.flip(get(healthCheckNodePort)).pipe(
        Effect.retry(Schedule.spaced("20 millis")),
        Effect.timeout("20 seconds")
      )
    }).pipe(Effect.scoped)
  )

  it.live("the node is not eligible when it is about to go, but its proxy lives", () =>
    Effect.gen(function* () {
      const [world, healthz] = [new World(), yield* freePort]
      world.put(Node, { metadata: { name: node } })
      yield* Layer.build(proxy(world, healthz))
      const { body } = yield* until(healthz, "/healthz", ({ status }) => status === 200)
      assert.isTrue(JSON.parse(body).nodeEligible)
      world.put(Node, {
        metadata: { name: node },
        spec: { taints: [{ key: "ToBeDeletedByClusterAutoscaler", effect: "NoSchedule" }] }
      })
      assert.isFalse(JSON.parse((yield* until(healthz, "/healthz", ({ status }) => status === 503)).body).nodeEligible)
      assert.strictEqual((yield* get(healthz, "/livez")).status, 200)
      assert.strictEqual((yield* get(healthz, "/other")).status, 404)
    }).pipe(Effect.scoped)
  )

  it.live("who follows takes over the port when it is free", () =>
    Effect.gen(function* () {
      const [world, healthz, first] = [new World(), yield* freePort, yield* Scope.make()]
      yield* Layer.buildWithScope(proxy(world, healthz), first)
      yield* until(healthz, "/healthz", ({ status }) => status === 200)
      yield* Layer.build(Layer.fresh(proxy(world, healthz)))
      yield* Scope.close(first, Exit.void)
      yield* until(healthz, "/healthz", ({ status }) => status === 200)
    }).pipe(Effect.scoped)
  )
})
