/** A Namespace that says whom to ask about it (`contact=…`) has that in a ConfigMap, too, which Pods can read; nobody changes it for long. */
import { Effect, Option } from "effect"
import * as ControllerPlugin from "keelson/controllers/ControllerPlugin"
import { Client } from "keelson/kernel/client/Client"
import { ConfigMap, Namespace } from "keelson/resources/core/v1"

const name = "contact"
const core = { group: "", version: "v1" }

export const plugin = ControllerPlugin.make({
  name: "sample-plugin",
  for: { ...core, resource: "namespaces" },
  owns: [{ ...core, resource: "configmaps" }],
  reconcile: Effect.fnUntraced(function* ({ name: namespace }) {
    const client = yield* Client
    const [owner, found] = [
      yield* client.find(Namespace, { namespace: "", name: namespace }),
      yield* client.find(ConfigMap, { namespace, name })
    ]
    if (Option.isNone(owner) || owner.value.metadata.deletionTimestamp !== undefined) return
    const who = owner.value.metadata.labels?.[name]
    const has = Option.map(found, ({ data = {} }) => data["who"])
    if (who === undefined) {
      if (Option.isSome(found)) yield* client.delete(ConfigMap, { namespace, name })
    } else if (Option.isNone(found)) {
      const { name: owns, uid } = owner.value.metadata
      const controls = { apiVersion: "v1", kind: "Namespace", name: owns, uid, controller: true }
      yield* client.create(ConfigMap, { metadata: { namespace, name, ownerReferences: [controls] }, data: { who } })
    } else if (Option.getOrUndefined(has) !== who) yield* client.update(ConfigMap, { ...found.value, data: { who } })
  })
})
