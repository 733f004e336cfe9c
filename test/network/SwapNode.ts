/**
 * A program for the tests of swapping networks: it runs in a network namespace of its own, with a runtime whose Pods come by the bridge,
 * then by Open vSwitch through the agent, then by the bridge again. The runtime is a real containerd if that is its second argument,
 * and otherwise CNI's programs as a runtime calls them. It prints what it found.
 */
import { Cause, Console, Effect, Exit, Layer, Schedule } from "effect"
import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { basename, join } from "node:path"
import * as Agent from "../../adapters/cni/agent/Agent.ts"
import * as Bridge from "../../adapters/cni/bridge/Bridge.ts"
import * as Local from "../../adapters/cni/Local.ts"
import * as OpenVSwitch from "../../adapters/cni/openvswitch/OpenVSwitch.ts"
import * as Pool from "../../adapters/cni/Pool.ts"
import * as Containerd from "../../adapters/cri/containerd/Containerd.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import type { NetworkAttachment } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as CniRuntime from "./CniRuntime.ts"
import { sh } from "./Netns.ts"
import * as RealNamespaces from "./RealNamespaces.ts"

const directory = process.argv[2] ?? ""
const cni = join(directory, "cni")
const options = { directory: join(directory, "containerd"), cniPrograms: join(cni, "bin"), stop: "remove" } as const
const { cni: folder, state } = Containerd.folders(options)
const here = `/proc/${process.pid}/ns/net`
const podCidrs = ["10.244.11.0/24", "fd00:244:11::/64"]

const ok = (what: string) => Console.log(`ok       ${what}`)
const files = (of: string) => {
  try {
    return readdirSync(of)
  } catch {
    return []
  }
}
const namespaces = () => {
  const of = join(state, "io.containerd.grpc.v1.cri/netns")
  return files(of).map((name) => join(of, name))
}
const isForwarded = (port: number) => Effect.map(sh("nft list ruleset"), (rules) => rules.includes(`dport ${port} `))
const records = () => files(join(cni, "attachments")).length
const given = () => Pool.entries(Local.poolIn(cni)).length

interface Pod {
  readonly id: string
  readonly addresses: ReadonlyArray<string>
  readonly namespace: string
  readonly end: Effect.Effect<unknown, unknown>
}
type Start<R> = (ports?: ReadonlyArray<number>) => Effect.Effect<Pod, unknown, R>

let last = 0
const inContainerd: Start<ContainerRuntime> = Effect.fnUntraced(function* (ports = []) {
  const runtime = yield* ContainerRuntime
  const before = new Set(namespaces())
  const name = `swap-${++last}`
  const pod = yield* runtime.startPod({
    uid: name,
    namespace: "default",
    name,
    attempt: 0,
    hostname: name,
    network: { _tag: "runtime" },
    ports: ports.map((hostPort) => ({ hostPort, containerPort: 80, protocol: "TCP" }))
  })
  const namespace = namespaces().find((path) => !before.has(path)) ?? ""
  const end = Effect.andThen(runtime.stopPod({ pod: pod.id, graceSeconds: 0 }), runtime.removePod({ pod: pod.id }))
  return { id: pod.id, addresses: pod.addresses, namespace, end }
})

/** The runtime reads its folder when it likes: until a Pod comes by the network wanted. */
const startBy = <R>(start: Start<R>, isWanted: () => boolean, ports: ReadonlyArray<number> = []) =>
  Effect.gen(function* () {
    const pod = yield* start(ports)
    if (isWanted()) return pod
    yield* pod.end
    return yield* Effect.fail("not yet")
  }).pipe(Effect.retry({ schedule: Schedule.spaced("200 millis"), times: 50 }))

const reach = Effect.fnUntraced(function* (from: string, { addresses, namespace }: Pod) {
  yield* Effect.scoped(
    Effect.andThen(
      RealNamespaces.serve(namespace, 80),
      Effect.forEach(addresses, (address) => RealNamespaces.ask(from, address, 80), { discard: true })
    )
  )
})

const serial = Effect.fnUntraced(function* <R>(start: Start<R>, what: string) {
  const times: Array<number> = []
  for (let count = 0; count < 10; count++) {
    const before = performance.now()
    const pod = yield* start()
    times.push(performance.now() - before)
    yield* pod.end
  }
  const sorted = times.toSorted((one, other) => one - other)
  yield* Console.log(`figure   a sandbox, ${what}: p50 ${sorted[5]?.toFixed(0)} ms, p90 ${sorted[9]?.toFixed(0)} ms`)
})

type Network = Plugin.Plugin<NetworkConfiguration | NetworkAttachment, never>
const program = Effect.fnUntraced(function* <R>(start: Start<R>) {
  const host = yield* Plugin.Host
  const use = Effect.fnUntraced(function* (plugin: Network) {
    const configuration = yield* Effect.provide(NetworkConfiguration, yield* host.start(plugin))
    yield* configuration.write({ folder, podCidrs, clusterCidrs: ["10.244.0.0/16"] })
    return configuration
  })
  // What it offers does not matter any more when it ends, hence the cast.
  const stop = (plugin: Network) => host.stop(plugin as Plugin.Plugin<unknown, never>)
  const bridge = Bridge.plugin({ directory: cni })
  const openvswitch = OpenVSwitch.plugin({ directory: cni })

  yield* use(bridge)
  const first = yield* startBy(start, () => given() > 0, [8081])
  assert.equal(first.addresses.length, 2)
  yield* reach(here, first)
  yield* serial(start, "by the bridge")

  yield* use(openvswitch)
  yield* stop(bridge)
  const second = yield* startBy(start, () => records() > 0, [8082])
  assert.equal(second.addresses.length, 2)
  yield* reach(here, second)
  yield* reach(here, first)
  yield* reach(first.namespace, { ...second, addresses: second.addresses.slice(0, 1) })
  yield* reach(second.namespace, { ...first, addresses: first.addresses.slice(0, 1) })
  yield* ok("the node reaches Pods of both networks, and they one another")
  yield* ok("Open vSwitch took the bridge's place while Pods run; a Pod comes by it through the agent")
  yield* serial(start, "by Open vSwitch, through the agent")
  yield* first.end
  assert.deepEqual(
    Pool.entries(Local.poolIn(cni)).map(({ pod }) => pod),
    second.addresses.map(() => second.id)
  )
  assert.ok(!(yield* isForwarded(8081)))
  yield* ok("what the bridge attached is detached: addresses, host ports")

  const configuration = yield* use(bridge)
  yield* stop(openvswitch)
  const third = yield* startBy(start, () => records() === 1 && given() === 4)
  yield* reach(here, third)
  yield* reach(here, second)
  yield* ok("the bridge took Open vSwitch's place")
  yield* second.end
  assert.ok(!(yield* isForwarded(8082)))
  assert.equal(given(), 2)
  yield* ok("what Open vSwitch attached is detached")
  yield* third.end
  assert.equal(given(), 0)
  yield* configuration.remove({ folder })
  yield* stop(bridge)
})

const host = Plugin.Host.layer
const programs = Layer.effectDiscard(Agent.programs({ directory: cni }))
const containerd = Layer.provide(Containerd.layer(options), programs)
const byCni = CniRuntime.make(folder, [options.cniPrograms], basename(directory))

// A failure is told, and the node ends as if there had been none: with all that it made.
const run =
  process.argv[3] === "containerd"
    ? Effect.exit(program(inContainerd)).pipe(Effect.provide(Layer.merge(containerd, host)))
    : Effect.exit(program(byCni)).pipe(Effect.provide(host))
const exit = await Effect.runPromiseExit(Effect.scoped(run))
const tell = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isFailure(exit)) console.error(Cause.pretty(exit.cause))
  else if (Exit.isExit(exit.value)) tell(exit.value)
}
tell(exit)
await Effect.runPromise(Effect.ignore(sh(`rm -rf ${directory}/*`)))
