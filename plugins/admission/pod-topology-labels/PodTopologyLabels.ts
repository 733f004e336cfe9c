/** A Pod gets the zone and the region of its node as labels, when it gets the node. Source: KEP-4742. */
import { Effect, Layer, Option } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type Admitted, Admissions } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { Node, Pod } from "../../resources/contracts/core/v1.ts"
import { podLabels } from "../../resources/contracts/NodeTopology.ts"

/** What is posted: a Pod that names its node, or a Binding that gives it one. Both have been decoded by now. */
const nodeOf = ({ attributes, kind, object, operation }: Admitted): string => {
  if (operation !== "CREATE" || kind.storage !== Pod.storage) return ""
  if (attributes.subresource === "") return Object(object?.["spec"]).nodeName ?? ""
  const { kind: target = "Node", name = "" } = Object(object?.["target"])
  return attributes.subresource === "binding" && (target === "Node" || target === "") && typeof name === "string" ? name : ""
}

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const nodes = yield* client.cache(Node, { indexes: {} })
    const find = (name: string) => {
      const key = { namespace: "", name }
      const cached = nodes.get(key)
      return cached === undefined ? client.find(Node, key) : Effect.succeed(Option.some(cached))
    }
    const mutate = Effect.fnUntracedEager(function* (request: Admitted) {
      const name = nodeOf(request)
      const node = name === "" ? Option.none() : yield* find(name)
      const { object } = request
      if (Option.isNone(node) || object === undefined) return undefined
      const found = podLabels(node.value)
      if (found.length === 0) return undefined
      const metadata = Object(object["metadata"])
      return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...Object.fromEntries(found) } } }
    })
    return Admissions.add({ name: "PodTopologyLabels", order: 860, mutate })
  })
)

export const plugin = Plugin.make({ name: "admission/pod-topology-labels", layer })
