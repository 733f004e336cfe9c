/** What is wished of this node: annotations of its Node that choose its parts, as they are now and each time they change. */
import { Context, Effect, Layer, Stream } from "effect"
import { Client } from "../kernel/client/Client.ts"
import { Node } from "../plugins/resources/contracts/core/v1.ts"
import * as EventRecorder from "../plugins/resources/contracts/EventRecorder.ts"

const make = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "keelson-agent", host: name })
  const nodes = yield* client.cache(Node, { indexes: {}, selection: { fieldSelector: `metadata.name=${name}` } })
  const node = () => nodes.get({ namespace: "", name })
  return {
    /** The value of an annotation, empty where there is none. */
    annotation: (key: string): Stream.Stream<string> =>
      nodes.changes.pipe(
        Stream.map(() => node()?.metadata.annotations?.[key] ?? ""),
        Stream.changes
      ),
    /** Writes an annotation, or takes it away. */
    annotate: (key: string, value: string | undefined) =>
      client.patch(Node, { namespace: "", name }, "merge", { metadata: { annotations: { [key]: value ?? null } } }),
    /** An event that `kubectl describe node` shows. */
    tell: (type: "Normal" | "Warning", reason: string, message: string) =>
      Effect.suspend(() => {
        const object = node()
        return object === undefined ? Effect.void : record({ kind: Node, object, type, reason, message })
      })
  }
})

export class OwnNode extends Context.Service<OwnNode, Effect.Success<ReturnType<typeof make>>>()("bin/OwnNode") {
  /** Needs the identity of the node itself. */
  static readonly layer = (name: string) => Layer.effect(OwnNode, make(name))
}
