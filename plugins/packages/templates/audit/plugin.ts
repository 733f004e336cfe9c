/** Who deletes something is named on the namespace that it was in: `kubectl get namespace NAME -o yaml` shows the last time. */
import { Effect } from "effect"
import * as AuditPlugin from "keelson/audit/AuditPlugin"
import { Client } from "keelson/kernel/client/Client"
import { Namespace } from "keelson/resources/core/v1"

/** As far as it is read here; source: audit.k8s.io/v1 Event. */
interface Event {
  readonly user?: { readonly username?: string }
  readonly objectRef?: { readonly resource?: string; readonly namespace?: string; readonly name?: string }
  readonly responseStatus?: { readonly code?: number }
}

const told = Effect.fnUntraced(function* ({ objectRef = {}, responseStatus = {}, user = {} }: Event) {
  const { name, namespace = "", resource } = objectRef
  if (namespace === "" || (responseStatus.code ?? 500) >= 400) return
  const client = yield* Client
  const annotations = { "last-deletion": `${resource}/${name} by ${user.username}` }
  // The namespace may be gone by now.
  yield* Effect.ignore(client.patch(Namespace, { namespace: "", name: namespace }, "merge", { metadata: { annotations } }))
})

export const plugin = AuditPlugin.make({
  name: "sample-plugin",
  policy: {
    rules: [{ level: "Metadata", verbs: ["delete"], omitStages: ["RequestReceived"] }]
  },
  write: (events) => Effect.forEach(events, told, { discard: true })
})
