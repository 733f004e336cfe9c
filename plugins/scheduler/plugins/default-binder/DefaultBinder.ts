/** Binds a Pod by posting its Binding. */
import { Effect } from "effect"
import { Client } from "../../../../kernel/client/Client.ts"
import { keyOf } from "../../../../kernel/resource/Kind.ts"
import { Pod } from "../../../resources/contracts/core/v1.ts"
import type { Plugin } from "../../contracts/Framework.ts"

const bindingOf = ({ metadata: { name, namespace = "", uid } }: Pod, node: string) => ({
  apiVersion: "v1",
  kind: "Binding",
  metadata: { name, namespace, uid },
  target: { kind: "Node", name: node }
})

export const make = Effect.map(
  Client,
  (client): Plugin => ({
    name: "DefaultBinder",
    bind: ({ pod }, node) => Effect.as(client.post(Pod, keyOf(pod), "binding", bindingOf(pod, node)), true)
  })
)
