/** While a namespace has the label `freeze`, nobody but its guards changes what is in it, whatever their roles say. */
import { Effect } from "effect"
import * as AuthorizationPlugin from "keelson/authorization/AuthorizationPlugin"
import { Client } from "keelson/kernel/client/Client"
import { Namespace } from "keelson/resources/core/v1"

interface Options {
  /** Of the group that may all the same. */
  readonly guards?: string
}

export const plugin = ({ guards = "guards" }: Options = {}) =>
  AuthorizationPlugin.make({
    name: "sample-plugin",
    rules: [
      {
        verbs: ["create", "update", "patch", "delete", "deletecollection"],
        apiGroups: ["", "apps", "batch"],
        resources: ["pods", "configmaps", "secrets", "services", "deployments", "jobs"]
      }
    ],
    decide: Effect.fnUntraced(function* ({ namespace, user }) {
      if (namespace === "" || user.groups.includes(guards)) return
      const client = yield* Client
      const found = yield* Effect.option(client.get(Namespace, { namespace: "", name: namespace }))
      const why = found._tag === "Some" ? found.value.metadata.labels?.["freeze"] : undefined
      return why === undefined ? undefined : yield* AuthorizationPlugin.deny(`${namespace} is frozen: ${why}`)
    })
  })
