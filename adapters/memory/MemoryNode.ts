/** What the adapters in memory share: the Pods, containers and images of a machine that is not there. */
import { Context, DateTime, Effect, FiberMap, Latch, Layer, PubSub } from "effect"
import type * as Pods from "../../plugins/kubelet/contracts/Pods.ts"
import { parse } from "./Commands.ts"

export interface Line {
  readonly at: string
  readonly stream: "stdout" | "stderr"
  readonly line: Uint8Array
}

export interface Options {
  /** Absent: `memory`. */
  readonly name?: string
  readonly network: "runtime" | "given" | "made"
  /** Besides the one without a name. */
  readonly handlers?: ReadonlyArray<string>
  /** What is on the machine. Others are pulled at once, if `registry` has them; absent, it has all. */
  readonly images?: ReadonlyArray<string>
  readonly registry?: ReadonlyArray<string>
}

export const now = Effect.map(DateTime.now, DateTime.formatIso)

const make = Effect.fnUntraced(function* (options: Options) {
  const pods = new Map<string, Pods.PodStatus>()
  const images = new Set(options.images ?? [])
  const hints = yield* PubSub.unbounded<{ readonly pod: string; readonly uid: string }>()
  const logs = new Map<string, Array<Line>>()
  /** Opened when a container says something or ends. */
  const news = new Map<string, Latch.Latch>()
  const programs = yield* FiberMap.make<string>()
  const network = { next: 1, range: "10.0.0" }

  const hint = (pod: Pods.PodStatus) => PubSub.publish(hints, { pod: pod.id, uid: pod.uid })
  const put = (pod: Pods.PodStatus) => {
    pods.set(pod.id, pod)
    return Effect.as(hint(pod), pod)
  }
  const podOf = (id: string) => pods.values().find(({ containers }) => containers.some((one) => one.id === id))
  const find = (id: string) => podOf(id)?.containers.find((one) => one.id === id)

  const end = Effect.fnUntraced(function* (id: string, exitCode: number) {
    const finishedAt = yield* now
    const pod = podOf(id)
    if (pod === undefined || find(id)?.state === "Exited") return
    const reason = exitCode === 0 ? "Completed" : "Error"
    const ended = { state: "Exited", exitCode, reason, finishedAt } as const
    yield* put({ ...pod, containers: pod.containers.map((one) => (one.id === id ? { ...one, ...ended } : one)) })
    yield* news.get(id)?.open ?? Effect.void
  })

  /** Runs a container's command: what it says is its log. */
  const program = Effect.fnUntraced(function* (id: string, command: ReadonlyArray<string>) {
    for (const step of parse(command)) {
      if (step._tag === "Say") {
        logs.get(id)?.push({ at: yield* now, stream: step.stream, line: new TextEncoder().encode(step.text) })
        yield* news.get(id)?.open ?? Effect.void
      }
      if (step._tag === "Exit") return yield* end(id, step.code)
      if (step._tag === "Cat") return yield* end(id, 0)
      if (step._tag === "Sleep")
        yield* Number.isFinite(step.seconds) ? Effect.sleep(`${step.seconds} seconds`) : Effect.never
    }
  })
  const start = (id: string, command: ReadonlyArray<string>) => {
    logs.set(id, [])
    news.set(id, Latch.makeUnsafe())
    return FiberMap.run(programs, id, program(id, command))
  }
  const stop = Effect.fnUntraced(function* (id: string) {
    yield* FiberMap.remove(programs, id)
    yield* end(id, 143)
  })
  const forget = (id: string) => {
    logs.delete(id)
    news.delete(id)
  }
  /** Out of the node's range, round and round. */
  const address = () => `${network.range}.${(network.next++ % 250) + 2}`
  return { options, pods, images, hints, logs, news, network, put, hint, podOf, find, start, stop, forget, address }
})

export class MemoryNode extends Context.Service<MemoryNode, Effect.Success<ReturnType<typeof make>>>()("memory/MemoryNode") {
  static readonly layer = (options: Options) => Layer.effect(MemoryNode, make(options))
}
