/**
 * A program of `bench/Runtimes.ts`: in a network namespace of its own it measures how fast Pods start on the runtime of a name, through our
 * adapter and by the bare calls, and prints the figures as JSON.
 */
import { Cause, Clock, Console, Effect, Exit, Layer } from "effect"
import { join } from "node:path"
import * as Bridge from "../../adapters/cni/bridge/Bridge.ts"
import * as ImageArchive from "../../adapters/cri/ImageArchive.ts"
import { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as GivenNetwork from "../../plugins/kubelet/runtimes/GivenNetwork.ts"
import * as Runtimes from "../../test/parts/Runtimes.ts"
import * as Bare from "./Bare.ts"
import { type Figures, serial, together } from "./Plan.ts"

const [, , name = "", directory = ""] = process.argv
const runtime = Runtimes.all[name]
if (runtime === undefined) throw new Error(`there is no runtime ${name}`)
const folder = runtime.cni?.(directory) ?? join(directory, "net.d")

const network = Bridge.layer({ directory: join(directory, "cni"), bridge: "kt-bench0" })
const configured = Layer.effectDiscard(
  Effect.gen(function* () {
    const { remove, write } = yield* NetworkConfiguration
    yield* write({ folder, podCidrs: ["10.244.0.0/22"] })
    yield* Effect.addFinalizer(() => Effect.ignore(remove({ folder })))
  })
)
const powers = () => {
  const own = runtime.layer(directory, "remove")
  if (runtime.cni !== undefined) return own
  return Layer.provideMerge(GivenNetwork.layer({ directory: GivenNetwork.folder(directory, name) }), own)
}

const podOf = (index: string) => {
  const named = { uid: `bench-${index}`, namespace: "bench", name: `bench-${index}`, attempt: 0, hostname: "bench" }
  return { ...named, network: { _tag: "runtime" } } as const
}
const containerOf = (pod: string) =>
  ({ pod, name: "main", attempt: 0, image: "busybox", command: ["sleep", "3600"] }) as const

/** Milliseconds. */
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeNanos
    yield* effect
    return Number((yield* Clock.currentTimeNanos) - began) / 1e6
  })

interface Way {
  readonly start: (index: string) => Effect.Effect<string, unknown>
  readonly remove: (pod: string) => Effect.Effect<void, unknown>
}

const ours = Effect.map(
  ContainerRuntime,
  (contract): Way => ({
    start: Effect.fnUntraced(function* (index) {
      const { id } = yield* contract.startPod(podOf(index))
      yield* contract.startContainer(containerOf(id))
      return id
    }),
    remove: (pod) => contract.removePod({ pod })
  })
)

const measure = Effect.fnUntraced(function* (way: Way, label: string, count: number, atATime: number) {
  const pods: Array<string> = []
  const one = (index: number) => timed(Effect.map(way.start(`${label}-${index}`), (id) => void pods.push(id)))
  const indexes = Array.from({ length: count }, (_, index) => index)
  const began = yield* Clock.currentTimeNanos
  const each = yield* Effect.forEach(indexes, one, { concurrency: atATime })
  const wall = Number((yield* Clock.currentTimeNanos) - began) / 1e6
  const removed = yield* timed(Effect.forEach(pods, way.remove, { concurrency: atATime, discard: true }))
  return { each, wall, removed } satisfies Figures
})

const program = Effect.gen(function* () {
  const files = ImageArchive.busybox("/bin/busybox")
  yield* runtime.importImage(directory, ImageArchive.make({ name: "busybox:latest", files, command: ["sh"] }))
  const ways = { ours: yield* ours, bare: yield* Bare.make(name, runtime.socket(directory)) }
  // The first Pod of a runtime pays for what all have in common.
  for (const [label, way] of Object.entries(ways)) yield* measure(way, `warm-${label}`, 2, 1)
  for (const [label, way] of Object.entries(ways)) {
    const one = yield* measure(way, `serial-${label}`, serial.count, serial.atATime)
    const many = yield* measure(way, `together-${label}`, together.count, together.atATime)
    yield* Console.log(JSON.stringify({ way: label, serial: one, together: many }))
  }
})

const node = powers().pipe(Layer.provideMerge(configured), Layer.provideMerge(network))
const exit = await Effect.runPromiseExit(Effect.scoped(Effect.provide(program, node)))
if (Exit.isFailure(exit)) {
  console.error(Cause.pretty(exit.cause))
  process.exit(1)
}
