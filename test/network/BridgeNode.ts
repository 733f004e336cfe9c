/**
 * A program for the tests of the bridge: it runs in a network namespace of its own, checks the laws with CNI's own programs, of IPv4
 * and of both families, and prints what it found.
 */
import { Cause, Console, Effect, Exit, Layer } from "effect"
import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import * as Bridge from "../../adapters/cni/bridge/Bridge.ts"
import * as AttachmentLaws from "../../conformance/NetworkAttachment.ts"
import * as ConfigurationLaws from "../../conformance/NetworkConfiguration.ts"
import * as Suite from "../../conformance/Suite.ts"
import { NetworkAttachment } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import { sh } from "./Netns.ts"
import * as RealNamespaces from "./RealNamespaces.ts"

const directory = process.argv[2] ?? ""

/** A node whose network is configured as the kubelet does it. */
const node = (name: string, podCidrs: ReadonlyArray<string>) => {
  const folder = join(directory, "net.d")
  const bridge = Bridge.layer({ directory: join(directory, name), bridge: `kt-${name}` })
  const configured = Layer.effectDiscard(
    Effect.gen(function* () {
      const { remove, write } = yield* NetworkConfiguration
      yield* write({ folder, podCidrs, clusterCidrs: ["10.96.0.0/16"] })
      yield* Effect.addFinalizer(() =>
        Effect.andThen(Effect.ignore(remove({ folder })), sh(`rmdir ${folder}`).pipe(Effect.ignore))
      )
    })
  )
  return Layer.mergeAll(configured, RealNamespaces.layer(directory)).pipe(Layer.provideMerge(bridge))
}

const ok = (what: string) => Console.log(`ok       ${what}`)
const took = Effect.fnUntraced(function* <A, E, R>(what: string, effect: Effect.Effect<A, E, R>) {
  const start = performance.now()
  const value = yield* effect
  yield* Console.log(`figure   ${what}: ${(performance.now() - start).toFixed(1)} ms`)
  return value
})

/** Real packets between two Pods, and from the node to a host port. */
const traffic = Effect.gen(function* () {
  const network = yield* NetworkAttachment
  const namespaces = yield* AttachmentLaws.Namespaces
  const pods = yield* Effect.forEach(["one", "two"], (pod, index) =>
    Effect.gen(function* () {
      const namespace = yield* namespaces.make
      const ports = index === 0 ? [] : [{ hostPort: 8080, containerPort: 80, protocol: "TCP" as const }]
      const { addresses } = yield* took(
        `attach${index === 0 ? "" : " with a host port"}`,
        network.attach({ pod, namespace, runtime: "test", ports })
      )
      yield* took("check", network.check({ pod, namespace }))
      return { pod, namespace, addresses }
    })
  )
  const [one, two] = pods
  assert.ok(one !== undefined && two !== undefined)
  yield* RealNamespaces.serve(two.namespace, 80)
  for (const [index, address] of two.addresses.entries())
    assert.equal(yield* RealNamespaces.ask(one.namespace, address, 80), one.addresses[index])
  yield* ok(`Pods speak to one another with their own addresses: ${two.addresses.join(" and ")}`)
  const gateway = "10.244.7.1".replace("7", two.addresses[0]?.split(".")[2] ?? "")
  assert.ok(yield* RealNamespaces.ask(one.namespace, gateway, 8080))
  yield* ok("a host port leads to its Pod")
  for (const { namespace, pod } of pods) yield* took("detach", network.detach({ pod, namespace }))
  assert.doesNotMatch(yield* sh("nft list ruleset"), /8080/)
  yield* ok("host ports go with their Pod")
}).pipe(Effect.scoped)

const program = Effect.fnUntraced(function* (name: string) {
  yield* traffic
  yield* Effect.forEach(yield* Suite.report(AttachmentLaws.suite), (line) => Console.log(line))
  assert.deepEqual(readdirSync(join(directory, name, "attachments")), [])
  yield* ok("no record of an attachment is left")
})

const cases = [
  { name: "four", podCidrs: ["10.244.7.0/29"] },
  { name: "both", podCidrs: ["10.244.8.0/29", "fd00:244:8::/125"] }
]
for (const { name, podCidrs } of cases) {
  const exit = await Effect.runPromiseExit(Effect.scoped(Effect.provide(program(name), node(name, podCidrs))))
  if (Exit.isFailure(exit)) console.error(Cause.pretty(exit.cause))
}
const laws = Effect.flatMap(Suite.report(ConfigurationLaws.suite), (lines) =>
  Effect.forEach(lines, (line) => Console.log(line))
)
const exit = await Effect.runPromiseExit(
  Effect.provide(laws, Bridge.layer({ directory: join(directory, "laws"), bridge: "kt-laws" }))
)
if (Exit.isFailure(exit)) console.error(Cause.pretty(exit.cause))
