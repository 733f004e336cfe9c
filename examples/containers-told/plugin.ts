/** A service that runs Pods nowhere: it tells what it is asked, where one that runs them would call a cloud. */
import { Effect, Layer, PubSub, Schema, Stream } from "effect"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { type Change, ContainerService, PodRefused, type PodState } from "keelson/virtual-node/ContainerService"

const Given = Schema.Struct({
  metadata: Schema.Struct({ uid: Schema.String, namespace: Schema.String, name: Schema.String }),
  spec: Schema.Struct({
    nodeName: Schema.String,
    containers: Schema.Array(Schema.Struct({ name: Schema.String }))
  })
})
const decode = Schema.decodeUnknownEffect(Given)

const stateOf = ({ metadata, spec }: typeof Given.Type, number: number): PodState => ({
  ...metadata,
  node: spec.nodeName,
  phase: "Running",
  // Of the addresses that are for documents.
  ip: `2001:db8::${number.toString(16)}`,
  containers: spec.containers.map(({ name }) => ({ name, state: "running", restarts: 0 }))
})

const service = Effect.fnUntraced(function* (pods: number) {
  const [all, news] = [new Map<string, PodState>(), yield* PubSub.unbounded<Change>()]
  let number = 0
  return ContainerService.of({
    describe: () =>
      Effect.succeed({ name: "told", version: "1.0.0", cpu: "8", memory: "32Gi", pods, architecture: "amd64" }),
    run: Effect.fnUntraced(function* ({ pod: given }) {
      const refused = ({ message }: Error) => new PodRefused({ reason: "Invalid", message })
      const wanted = yield* Effect.mapError(decode(given), refused)
      if (all.has(wanted.metadata.uid)) return
      const pod = stateOf(wanted, ++number)
      all.set(pod.uid, pod)
      yield* Effect.logInfo(`run ${pod.namespace}/${pod.name}`)
      yield* PubSub.publish(news, { uid: pod.uid, pod })
    }),
    stop: ({ uid }) => (all.delete(uid) ? Effect.asVoid(PubSub.publish(news, { uid })) : Effect.void),
    changes: () =>
      Stream.unwrap(
        Effect.map(PubSub.subscribe(news), (changes) =>
          Stream.concat(
            Stream.fromIterable([...all.values()].map((pod) => ({ uid: pod.uid, pod }))),
            Stream.fromSubscription(changes)
          )
        )
      )
  })
})

/** `pods`: how many a node has room for. */
export const plugin = ({ pods = 110 }: { readonly pods?: number } = {}) =>
  Plugin.make({ name: "containers-told", offers: [ContainerService], layer: Layer.effect(ContainerService, service(pods)) })
