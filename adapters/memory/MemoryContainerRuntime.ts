/** A container runtime without containers, for tests. It passes the same suite as the real ones. */
import { Effect, Layer, PubSub, Stream } from "effect"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Contract from "../../plugins/kubelet/contracts/ContainerRuntime.ts"

type Pod = Contract.PodStatus
type Container = Pod["containers"][number]

const stopped = (container: Container): Container =>
  container.state === "Exited" ? container : { ...container, state: "Exited", exitCode: 143 }

export const layer = (options: { readonly network: "runtime" | "given"; readonly images: ReadonlyArray<string> }) =>
  Layer.effect(
    Contract.ContainerRuntime,
    Effect.gen(function* () {
      const pods = new Map<string, Pod>()
      const hints = yield* PubSub.unbounded<{ readonly pod: string }>()
      const put = (pod: Pod) => {
        pods.set(pod.id, pod)
        return Effect.as(PubSub.publish(hints, { pod: pod.id }), pod)
      }
      const change = (pod: Pod | undefined, containers: (container: Container) => Container, ready: boolean) =>
        pod === undefined ? Effect.void : Effect.asVoid(put({ ...pod, ready, containers: pod.containers.map(containers) }))

      return Contract.ContainerRuntime.of({
        describe: () => Effect.succeed({ name: "memory", version: "1.0.0", network: options.network }),

        startPod: Effect.fnUntraced(function* ({ attempt, network, uid }) {
          if (network._tag !== "host" && network._tag !== options.network) {
            return yield* new Contract.NetworkUnsupported({ network: network._tag })
          }
          const id = `${uid}-${attempt}`
          const addresses = network._tag === "runtime" ? [`10.0.0.${pods.size + 1}`] : []
          return pods.get(id) ?? (yield* put({ id, uid, attempt, ready: true, addresses, containers: [] }))
        }),

        stopPod: ({ pod }) => Effect.suspend(() => change(pods.get(pod), stopped, false)),

        removePod: ({ pod }) =>
          Effect.suspend(() => (pods.delete(pod) ? Effect.asVoid(PubSub.publish(hints, { pod })) : Effect.void)),

        startContainer: Effect.fnUntraced(function* ({ attempt, image, name, pod }) {
          const found = pods.get(pod)
          if (found === undefined) return yield* new Contract.PodMissing({ pod })
          if (!options.images.includes(image)) return yield* new Contract.ImageMissing({ image })
          const id = `${pod}/${name}/${attempt}`
          if (!found.containers.some((container) => container.id === id)) {
            yield* put({ ...found, containers: [...found.containers, { id, name, attempt, state: "Running" }] })
          }
          return id
        }),

        stopContainer: ({ id }) =>
          Effect.suspend(() => {
            const pod = pods.values().find(({ containers }) => containers.some((container) => container.id === id))
            return change(pod, (container) => (container.id === id ? stopped(container) : container), true)
          }),

        list: () => Effect.sync(() => [...pods.values()]),

        changes: () =>
          Stream.unwrap(
            Effect.map(PubSub.subscribe(hints), (changes) =>
              Stream.concat(
                Stream.fromIterable(Array.from(pods.keys(), (pod) => ({ pod }))),
                Stream.fromSubscription(changes)
              )
            )
          )
      })
    })
  )

export const plugin = Plugin.make({
  name: "memory-runtime",
  offers: [Contract.ContainerRuntime],
  layer: layer({ network: "runtime", images: ["busybox"] })
})
