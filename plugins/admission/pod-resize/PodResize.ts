/** What a running Pod is given anew has to be given by a node: one that is there. Source: the answers of kube-apiserver 1.36. */
import { Effect, Layer } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Forbidden } from "../../../kernel/client/Errors.ts"
import { type Admitted, Admissions } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import { Node, Pod } from "../../resources/contracts/core/v1.ts"

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const validate = Effect.fnUntracedEager(function* ({ attributes, kind, object, old }: Admitted) {
      const isResize = kind.storage === Pod.storage && attributes.subresource === "resize"
      if (!isResize || object === undefined || old === undefined) return
      if (equal(object["spec"] ?? {}, old["spec"] ?? {})) return
      // It has been decoded as a Pod, hence the cast.
      const { nodeName = "" } = (object as unknown as Pod).spec
      if (nodeName === "" || (yield* client.find(Node, { namespace: "", name: nodeName }))._tag === "Some") return
      const { group, name, namespace, resource } = attributes
      const detail = `node ${JSON.stringify(nodeName)} not found`
      return yield* new Forbidden({ group, resource, namespace, name, detail })
    })
    return Admissions.add({ name: "PodResize", order: 445, validate })
  })
)

export const plugin = Plugin.make({ name: "admission/pod-resize", layer })
