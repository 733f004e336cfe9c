/**
 * A container runtime without containers: for tests, and for a node that only pretends (`hollow`), whose Pods live their life
 * without a process. It passes the same suite as the real ones.
 */
import { Effect, Layer, PubSub, Stream } from "effect"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Contract from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { ContainerMissing } from "../../plugins/kubelet/contracts/Exec.ts"
import { Events } from "../../plugins/kubelet/contracts/Events.ts"
import { MemoryNode, now, type Options } from "./MemoryNode.ts"

export const layerOn = Layer.effect(
  Contract.ContainerRuntime,
  Effect.gen(function* () {
    const node = yield* MemoryNode
    const { options, pods } = node
    const all = (pod: Contract.PodStatus, each: (id: string) => Effect.Effect<unknown>) =>
      Effect.forEach(pod.containers, ({ id }) => each(id), { discard: true })

    return Contract.ContainerRuntime.of({
      describe: () =>
        Effect.succeed({
          name: options.name ?? "memory",
          version: "1.0.0",
          network: options.network,
          handlers: ["", ...(options.handlers ?? [])].map((name) => ({ name }))
        }),
      health: () => Effect.succeed({ runtime: true, network: true, message: "" }),

      startPod: Effect.fnUntraced(function* ({ attempt, handler = "", name, namespace, network, uid }) {
        if (handler !== "" && !options.handlers?.includes(handler)) {
          return yield* new Contract.PodRefused({ message: `no runtime for "${handler}" is configured` })
        }
        if (network._tag !== "host" && network._tag !== options.network) {
          return yield* new Contract.NetworkUnsupported({ network: network._tag })
        }
        const id = `${uid}-${attempt}`
        const found = pods.get(id)
        if (found !== undefined) return found
        const addresses = network._tag === "runtime" ? [node.address()] : []
        const createdAt = yield* now
        const made = network._tag === "made" ? { networkNamespace: `/proc/${id}/ns/net` } : {}
        const status = { id, uid, namespace, name, attempt, ready: true, createdAt, addresses, containers: [] }
        return yield* node.put({ ...status, ...made })
      }),

      stopPod: Effect.fnUntraced(function* ({ pod }) {
        const found = pods.get(pod)
        if (found === undefined) return
        yield* all(found, node.stop)
        const stopped = pods.get(pod)
        if (stopped === undefined || !stopped.ready) return
        const { networkNamespace: _, ...rest } = stopped
        yield* node.put({ ...rest, ready: false, addresses: [] })
      }),

      removePod: Effect.fnUntraced(function* ({ pod }) {
        const found = pods.get(pod)
        if (found === undefined) return
        yield* all(found, (id) =>
          Effect.andThen(
            node.stop(id),
            Effect.sync(() => node.forget(id))
          )
        )
        pods.delete(pod)
        yield* node.hint(found)
      }),

      startContainer: Effect.fnUntraced(function* ({ annotations = {}, args = [], attempt, command, image, name, pod }) {
        const found = pods.get(pod)
        if (found === undefined) return yield* new Contract.PodMissing({ pod })
        if (!node.images.has(image)) return yield* new Contract.ImageMissing({ image })
        const id = `${pod}/${name}/${attempt}`
        if (found.containers.some((container) => container.id === id)) return id
        const at = yield* now
        const made = {
          id,
          name,
          attempt,
          state: "Running",
          image,
          imageId: image,
          createdAt: at,
          startedAt: at,
          annotations
        } as const
        yield* node.put({ ...found, containers: [...found.containers, made] })
        yield* node.start(id, [...command, ...args])
        return id
      }),

      updateContainer: ({ id }) => (node.podOf(id) === undefined ? Effect.fail(new ContainerMissing({ id })) : Effect.void),

      stopContainer: ({ id }) => node.stop(id),

      removeContainer: Effect.fnUntraced(function* ({ id }) {
        const pod = node.podOf(id)
        if (pod === undefined) return
        yield* node.stop(id)
        const rest = pods.get(pod.id)?.containers.filter((one) => one.id !== id) ?? []
        node.forget(id)
        yield* node.put({ ...pod, containers: rest })
      }),

      list: ({ uid }) => Effect.sync(() => [...pods.values()].filter((pod) => uid === undefined || pod.uid === uid))
    })
  })
)

export const eventsOn = Layer.effect(
  Events,
  Effect.map(MemoryNode, ({ hints, pods }) =>
    Events.of({
      changes: () =>
        Stream.unwrap(
          Effect.map(PubSub.subscribe(hints), (changes) =>
            Stream.concat(
              Stream.fromIterable(Array.from(pods.values(), ({ id, uid }) => ({ pod: id, uid }))),
              Stream.fromSubscription(changes)
            )
          )
        )
    })
  )
)

export const layer = (options: Options) => Layer.provide(Layer.mergeAll(layerOn, eventsOn), MemoryNode.layer(options))

export const plugin = Plugin.make({
  name: "memory-runtime",
  offers: [Contract.ContainerRuntime, Events],
  layer: layer({ network: "runtime", images: ["busybox"] })
})
