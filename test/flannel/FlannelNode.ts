/**
 * A program for the tests of Flannel's part on the node: it runs in a network namespace of its own, checks the laws with CNI's own
 * programs, and prints what it found.
 */
import { Cause, Console, Effect, Exit } from "effect"
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Flannel from "../../adapters/cni/flannel/Flannel.ts"
import * as AttachmentLaws from "../../conformance/NetworkAttachment.ts"
import * as ConfigurationLaws from "../../conformance/NetworkConfiguration.ts"
import * as Suite from "../../conformance/Suite.ts"
import { Client } from "../../kernel/client/Client.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import { cluster } from "../controllers/Cluster.ts"
import { sh } from "../network/Netns.ts"
import * as RealNamespaces from "../network/RealNamespaces.ts"

const directory = process.argv[2] ?? ""
const podCidrs = ["10.244.7.0/29"]
const address = "10.200.9.1"

/** What other nodes would be reached by. */
const wire = Effect.acquireRelease(
  sh(`ip link add eth0 mtu 1400 type bridge; ip addr add ${address}/24 dev eth0; ip link set eth0 up`),
  () => Effect.ignore(sh("ip link delete eth0"))
)
const registered = Effect.gen(function* () {
  const client = yield* Client
  const [podCIDR = ""] = podCidrs
  yield* client.create(Node, { metadata: { name: "n1" }, spec: { podCIDR, podCIDRs: podCidrs } })
})

/** As the kubelet does it. */
const configured = Effect.gen(function* () {
  const folder = join(directory, "net.d")
  const { remove, write } = yield* NetworkConfiguration
  yield* write({ folder, podCidrs, clusterCidrs: ["10.96.0.0/16"] })
  yield* Effect.addFinalizer(() =>
    Effect.andThen(Effect.ignore(remove({ folder })), sh(`rmdir ${folder}`).pipe(Effect.ignore))
  )
  const [file = ""] = readdirSync(folder)
  return readFileSync(join(folder, file), "utf8")
})

const ok = (what: string) => Console.log(`ok       ${what}`)

const program = (backend: "vxlan" | "host-gw", mtu: string) =>
  Effect.gen(function* () {
    yield* wire
    yield* registered
    const about = { directory: join(directory, backend), nodeName: "n1", addresses: [address], podCidrs: ["10.244.0.0/16"] }
    const laws = Effect.gen(function* () {
      assert.match(yield* configured, new RegExp(mtu))
      yield* ok(`the configuration says of the MTU: ${mtu}`)
      yield* Effect.forEach(yield* Suite.report(AttachmentLaws.suite), (line) => Console.log(line))
      yield* Effect.forEach(yield* Suite.report(ConfigurationLaws.suite), (line) => Console.log(line))
    }).pipe(Effect.scoped)
    yield* laws.pipe(
      Effect.provide(RealNamespaces.layer(directory)),
      Effect.provide(Flannel.plugin({ ...about, backend }).layer)
    )
  }).pipe(Effect.scoped, Effect.provide(cluster()))

for (const [backend, mtu] of [
  ["vxlan", '"mtu": 1350'],
  ["host-gw", '"type": "bridge"']
] as const) {
  const exit = await Effect.runPromiseExit(program(backend, mtu))
  if (Exit.isFailure(exit)) console.error(Cause.pretty(exit.cause))
}
