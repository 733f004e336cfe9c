/** By which handler of the runtime a Pod runs: that of its RuntimeClass, or else the one that the Node chooses. */
import { Effect, Option, Schema } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import type { Node, Pod } from "../../resources/contracts/core/v1.ts"
import { RuntimeClass } from "../../resources/contracts/node/v1.ts"

/** Of a Node: the handler of Pods without a class that start from now on. Those that run stay where they are. */
export const annotation = "keelson.io/runtime"

export const chosen = (node: Node | undefined) => node?.metadata.annotations?.[annotation] ?? ""

/** In the words of upstream's kubelet. */
export class ClassMissing extends Schema.TaggedError<ClassMissing>()("ClassMissing", { name: Schema.String }) {
  override get message(): string {
    return `runtimeclass.node.k8s.io ${JSON.stringify(this.name)} not found`
  }
}

/** `ownNode`: as the API has it now. */
export const make = Effect.fnUntraced(function* (client: Client["Service"], ownNode: () => Node | undefined) {
  const classes = yield* client.cache(RuntimeClass, { indexes: {} })
  return Effect.fnUntraced(function* ({ spec }: Pod) {
    const { runtimeClassName: name = "" } = spec
    if (name === "") return chosen(ownNode())
    const key = { namespace: "", name }
    const found = classes.get(key) ?? Option.getOrUndefined(yield* client.find(RuntimeClass, key))
    return found?.handler ?? (yield* new ClassMissing({ name }))
  })
})
