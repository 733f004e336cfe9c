/** One proxy follows another on a node that serves requests all the while. Needs what both data planes need, and says so without. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import * as Bed from "../../conformance/service-proxy/Bed.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Command from "../../plugins/kube-proxy/Command.ts"
import * as KubeProxy from "../../plugins/kube-proxy/KubeProxy.ts"
import * as Modes from "../../plugins/kube-proxy/Modes.ts"
import * as MemoryClient from "../network/MemoryClient.ts"
import { lacks } from "./Machine.ts"
import { here, node, there, World } from "./Objects.ts"

const setUp = Effect.gen(function* () {
  const world = new World()
  world.service("web", "10.96.0.5", { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] })
  world.endpoints("web", here("10.244.1.2"), here("10.244.1.3"), there("10.244.2.2"))
  const bed = yield* Bed.network
  const plugin = (mode: string) =>
    KubeProxy.plugin({ nodeName: node, podCidr: Bed.podCidr, mode, within: bed.node, healthzPort: 0, metricsPort: 0 })
  return { bed, plugin, world, client: MemoryClient.layer(world) }
})

/** Asks until it is told to stop: how often, and what was no answer. */
const asking = Effect.fnUntraced(function* (bed: Effect.Success<typeof Bed.network>) {
  const stop = yield* Deferred.make<void>()
  const counted = { answers: 0, failures: [] as string[] }
  const ways = [
    ["pod1", { host: "10.96.0.5", port: 80 }],
    ["node", { host: "10.96.0.5", port: 80 }],
    ["out", { host: "10.200.8.1", port: 30_080 }]
  ] as const
  const forever = ([from, to]: (typeof ways)[number]) =>
    Effect.gen(function* () {
      while (!(yield* Deferred.isDone(stop))) {
        for (const answer of yield* bed.ask(from, { ...to, count: 20 })) {
          if (answer.startsWith("pod")) counted.answers++
          else counted.failures.push(`${from}: ${answer}`)
        }
      }
    })
  const fiber = yield* Effect.forkChild(Effect.forEach(ways, forever, { concurrency: "unbounded", discard: true }))
  return Effect.andThen(Deferred.succeed(stop, undefined), Effect.as(Fiber.join(fiber), counted))
})

const why = lacks("nftables") || lacks("iptables")
describe.skipIf(why !== "")(`one proxy follows another${why}`, () => {
  it.live("nftables, iptables, nftables: no request fails, connections live on, nothing is left", () =>
    Effect.gen(function* () {
      const { bed, client, plugin } = yield* setUp
      const scope = yield* Scope.make()
      const { host } = yield* Layer.buildWithScope(Plugin.Host.layer, scope).pipe(
        Effect.flatMap((context) =>
          Effect.provideContext(
            Effect.map(Plugin.Host, (host) => ({ host })),
            context
          )
        )
      )
      const run = (mode: string) => Effect.provide(host.start(plugin(mode)), client)
      yield* run("nftables")
      const held = yield* bed.hold("pod1", { host: "10.96.0.5", port: 80 })
      const stop = yield* asking(bed)
      for (const mode of ["iptables", "nftables", "iptables", "nftables"]) {
        yield* run(mode)
        const rules = (yield* bed.rules).join("\n")
        assert.strictEqual(rules.includes("KUBE-"), mode === "iptables", `${mode}: iptables' rules`)
        assert.strictEqual(rules.includes("keelson-proxy"), mode === "nftables", `${mode}: nftables' rules`)
        assert.strictEqual(yield* held.say, held.first)
      }
      const { answers, failures } = yield* stop
      assert.deepStrictEqual(failures, [])
      assert.isAbove(answers, 100)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* bed.rules, [])
    }).pipe(Effect.scoped)
  )

  it.live("what one that was killed has left goes with the next of another mode", () =>
    Effect.gen(function* () {
      const { bed, client, plugin } = yield* setUp
      const start = (mode: string) => Layer.build(Layer.provide(plugin(mode).layer, client))
      for (const [before, after] of [
        ["nftables", "iptables"],
        ["iptables", "nftables"]
      ] as const) {
        // By another way to the same node, and never ended: as good as killed.
        yield* Effect.provideService(
          Layer.build(
            Layer.provide(
              KubeProxy.layer({
                nodeName: node,
                podCidr: Bed.podCidr,
                mode: before,
                within: ["env", "KILLED=1", ...bed.node],
                healthzPort: 0,
                metricsPort: 0
              }),
              client
            )
          ),
          Scope.Scope,
          yield* Scope.make()
        )
        assert.include((yield* bed.rules).join("\n"), before === "iptables" ? "KUBE-" : "keelson-proxy")
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* start(after)
            assert.notInclude((yield* bed.rules).join("\n"), before === "iptables" ? "KUBE-" : "keelson-proxy")
            assert.match((yield* bed.ask("pod1", { host: "10.96.0.5", port: 80 }))[0] ?? "", /^pod/)
          })
        )
        assert.deepStrictEqual(yield* bed.rules, [])
      }
    }).pipe(Effect.scoped)
  )

  it.effect("IPVS is refused with the reason", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(Modes.parse(Command.within(["false"]), "ipvs"))
      assert.strictEqual(
        refused.message,
        "the service proxy has no mode ipvs: this kernel has no IPVS; choose nftables or iptables"
      )
    })
  )
})
