/**
 * A service that runs Pods without containers: a hollow one. A Pod runs until it is stopped, or, if it may end, as long as the few
 * commands say that a container without a kernel knows.
 */
import { Clock, Context, DateTime, Effect, FiberMap, Layer, PubSub, Schema, Stream } from "effect"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import {
  type Change,
  type ContainerState,
  ContainerService,
  PodRefused,
  type PodState
} from "../../plugins/virtual-node/contracts/ContainerService.ts"
import { parse } from "./Commands.ts"

const { Array: List, String: Text, Struct, optionalKey } = Schema

/** What it looks at. */
const Given = Struct({
  metadata: Struct({ uid: Text, namespace: Text, name: Text }),
  spec: Struct({
    nodeName: Text,
    restartPolicy: optionalKey(Text),
    containers: List(Struct({ name: Text, command: optionalKey(List(Text)), args: optionalKey(List(Text)) }))
  })
})
type Given = typeof Given.Type
const decode = Schema.decodeUnknownEffect(Given)

export interface Options {
  readonly cpu?: string
  readonly memory?: string
  readonly pods?: number
}

/** Out of 100.64.0.0/10, which belongs to nobody. */
const addressOf = (index: number) => {
  const at = index % (1 << 22)
  return `100.${64 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`
}

/** How long it lives and how it ends; never, if nothing says so. */
const endOf = ({ args = [], command = [] }: Given["spec"]["containers"][number]) => {
  const steps = parse([...command, ...args])
  const seconds = steps.reduce((sum, step) => (step._tag === "Sleep" ? sum + step.seconds : sum), 0)
  const exit = steps.find((step) => step._tag === "Exit")
  const exitCode = exit?._tag === "Exit" ? exit.code : 0
  return { seconds: command.length === 0 && args.length === 0 ? Number.POSITIVE_INFINITY : seconds, exitCode }
}

const make = Effect.fnUntraced(function* ({ cpu = "32", memory = "128Gi", pods: most = 110 }: Options) {
  const pods = new Map<string, PodState>()
  const news = yield* PubSub.unbounded<Change>()
  const ends = yield* FiberMap.make<string>()
  let addresses = 1

  const put = (pod: PodState) =>
    Effect.suspend(() => {
      pods.set(pod.uid, pod)
      return PubSub.publish(news, { uid: pod.uid, pod })
    })

  const end = Effect.fnUntraced(function* (uid: string, exits: ReadonlyMap<string, number>) {
    const pod = pods.get(uid)
    if (pod === undefined) return
    const finishedAt = DateTime.formatIso(yield* DateTime.now)
    const containers = pod.containers.map((one): ContainerState => {
      const exitCode = exits.get(one.name) ?? 0
      return { ...one, state: "terminated", exitCode, reason: exitCode === 0 ? "Completed" : "Error", finishedAt }
    })
    const phase = containers.every(({ exitCode }) => exitCode === 0) ? "Succeeded" : "Failed"
    yield* put({ ...pod, phase, containers })
  })

  const begin = Effect.fnUntraced(function* ({ metadata, spec }: Given) {
    const { uid } = metadata
    if (pods.has(uid)) return
    const startedAt = DateTime.formatIso(DateTime.makeUnsafe(yield* Clock.currentTimeMillis))
    const { containers, nodeName: node, restartPolicy = "Always" } = spec
    yield* put({
      ...metadata,
      node,
      phase: "Running",
      ip: addressOf(addresses++),
      startedAt,
      containers: containers.map(({ name }) => ({ name, state: "running", startedAt, restarts: 0 }))
    })
    if (restartPolicy === "Always") return
    const lives = containers.map((one) => ({ name: one.name, ...endOf(one) }))
    const seconds = Math.max(...lives.map((life) => life.seconds))
    const exits = new Map(lives.map(({ exitCode, name }) => [name, exitCode]))
    if (Number.isFinite(seconds)) {
      yield* FiberMap.run(ends, uid, Effect.andThen(Effect.sleep(`${seconds} seconds`), end(uid, exits)))
    }
  })

  return ContainerService.of({
    describe: () => Effect.succeed({ name: "hollow", version: "1.0.0", cpu, memory, pods: most, architecture: "amd64" }),
    run: ({ pod }) =>
      decode(pod).pipe(
        Effect.mapError(({ message }) => new PodRefused({ reason: "Invalid", message })),
        Effect.flatMap(begin)
      ),
    stop: Effect.fnUntraced(function* ({ uid }) {
      yield* FiberMap.remove(ends, uid)
      if (pods.delete(uid)) yield* PubSub.publish(news, { uid })
    }),
    changes: () =>
      Stream.unwrap(
        Effect.map(PubSub.subscribe(news), (subscription) =>
          Stream.concat(
            Stream.fromIterable([...pods.values()].map((pod) => ({ uid: pod.uid, pod }))),
            Stream.fromSubscription(subscription)
          )
        )
      )
  })
})

export const layer = (options: Options = {}): Layer.Layer<ContainerService> =>
  Layer.effectContext(Effect.map(make(options), (service) => Context.make(ContainerService, service)))

export const plugin = (options: Options = {}) =>
  Plugin.make({ name: "memory-container-service", offers: [ContainerService], layer: layer(options) })
