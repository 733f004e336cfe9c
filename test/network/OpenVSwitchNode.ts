/**
 * A program for the tests of Open vSwitch: it runs in a network namespace of its own, checks the laws on a real switch, and prints what
 * it found.
 */
import { Cause, Console, Effect, Exit } from "effect"
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as OpenVSwitch from "../../adapters/cni/openvswitch/OpenVSwitch.ts"
import * as AttachmentLaws from "../../conformance/NetworkAttachment.ts"
import * as ConfigurationLaws from "../../conformance/NetworkConfiguration.ts"
import * as Suite from "../../conformance/Suite.ts"
import { NetworkAttachment } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import { sh } from "./Netns.ts"
import * as RealNamespaces from "./RealNamespaces.ts"

const directory = process.argv[2] ?? ""
const folder = join(directory, "net.d")
const node = join(directory, "node")
const podCidrs = ["10.244.9.0/29", "fd00:244:9::/125"]

const ok = (what: string) => Console.log(`ok       ${what}`)
const took = Effect.fnUntraced(function* <A, E, R>(what: string, effect: Effect.Effect<A, E, R>) {
  const start = performance.now()
  const value = yield* effect
  yield* Console.log(`figure   ${what}: ${(performance.now() - start).toFixed(1)} ms`)
  return value
})
const network = OpenVSwitch.layer({ directory: node, bridge: "kt-ovs" })

/** The pids of the switch's daemons, as they are noted. */
const daemons = () =>
  [...readFileSync(join(node, "made.json"), "utf8").matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid))

const reach = Effect.fnUntraced(function* (from: string, addresses: ReadonlyArray<string>, port: number, what: string) {
  for (const address of addresses) assert.ok(yield* RealNamespaces.ask(from, address, port))
  yield* ok(`${what}: ${addresses.join(" and ")}`)
})

const traffic = Effect.gen(function* () {
  const namespaces = yield* AttachmentLaws.Namespaces
  const here = `/proc/${process.pid}/ns/net`
  const [one, two] = [yield* namespaces.make, yield* namespaces.make]
  const ports = [{ hostPort: 8080, containerPort: 80, protocol: "TCP" as const }]
  const attach = (pod: string, namespace: string) =>
    Effect.flatMap(NetworkAttachment, (network) =>
      network.attach({ pod, namespace, runtime: "test", ports: pod === "two" ? ports : [] })
    )
  const before = yield* Effect.gen(function* () {
    const { write } = yield* NetworkConfiguration
    yield* took("a switch of our own", write({ folder, podCidrs }))
    const first = yield* took("attach", attach("one", one))
    const second = yield* took("attach with a host port", attach("two", two))
    yield* RealNamespaces.serve(two, 80)
    for (const [index, address] of second.addresses.entries())
      assert.equal(yield* RealNamespaces.ask(one, address, 80), first.addresses[index])
    yield* ok(`Pods speak to one another with their own addresses: ${second.addresses.join(" and ")}`)
    yield* reach(here, second.addresses, 80, "the node reaches Pods")
    yield* reach(one, ["10.244.9.1"], 8080, "a host port leads to its Pod")
    for (const pid of daemons()) process.kill(pid, "SIGKILL")
    yield* took("reached again after the switch was killed", again(reach(one, second.addresses, 80, "after a kill")))
    yield* took("reached by the node again", again(reach(here, second.addresses, 80, "after a kill, by the node")))
    return { second, pids: daemons() }
  }).pipe(Effect.provide(network), Effect.scoped)

  assert.ok(before.pids.every((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(node)))
  yield* RealNamespaces.serve(two, 81)
  yield* reach(one, before.second.addresses, 81, "Pods keep their network while the agent is away")

  yield* Effect.gen(function* () {
    const { attach: again, detach } = yield* NetworkAttachment
    const { addresses } = yield* again({ pod: "two", namespace: two, runtime: "test", ports })
    assert.deepEqual(addresses, before.second.addresses)
    assert.deepEqual(daemons(), before.pids)
    yield* ok("an agent that is started again finds the switch and its Pods")
    yield* took("detach", detach({ pod: "one", namespace: one }))
    yield* took("detach", detach({ pod: "two", namespace: two }))
    assert.doesNotMatch(yield* sh("nft list ruleset; ip -br link"), /8080|kovs/)
  }).pipe(Effect.provide(network), Effect.scoped)
}).pipe(Effect.scoped)

const again = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.retry(effect, { times: 30 })

const laws = Effect.gen(function* () {
  const { remove, write } = yield* NetworkConfiguration
  yield* Effect.forEach(yield* Suite.report(ConfigurationLaws.suite), (line) => Console.log(line))
  yield* write({ folder, podCidrs })
  yield* Effect.forEach(yield* Suite.report(AttachmentLaws.suite), (line) => Console.log(line))
  assert.deepEqual(readdirSync(join(node, "attachments")), [])
  yield* ok("no record of an attachment is left")
  yield* took("taken back", remove({ folder }))
  yield* sh(`rmdir ${folder}`)
})

const program = Effect.andThen(traffic, Effect.scoped(Effect.provide(laws, network)))
const exit = await Effect.runPromiseExit(Effect.provide(program, RealNamespaces.layer(directory)))
if (Exit.isFailure(exit)) console.error(Cause.pretty(exit.cause))
process.exit(0)
