/** Nothing is made in a namespace that is not there or is going, and those that the cluster needs are not deleted. */
import { Effect, Layer, Option } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Forbidden, NotFound } from "../../../kernel/client/Errors.ts"
import { type Admitted, Admissions } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { Namespace } from "../../resources/contracts/core/v1.ts"

const immortal = new Set(["default", "kube-system", "kube-public"])

const isGoing = ({ metadata, status }: Namespace) =>
  metadata.deletionTimestamp !== undefined || status?.phase === "Terminating"

const forbidden = ({ attributes: { group, name, namespace, resource } }: Admitted, detail: string) =>
  new Forbidden({ group, resource, namespace, name, detail })

const keep = (request: Admitted) => {
  const { attributes, kind, object } = request
  const deletes = object === undefined && attributes.subresource === "" && kind.storage === Namespace.storage
  return deletes && immortal.has(attributes.name)
    ? Effect.fail(forbidden(request, "this namespace may not be deleted"))
    : Effect.void
}

/** What only asks whether somebody may do something, and would tell by its answer which namespaces there are. */
const asks = ({ kind: { kind, versions } }: Admitted) =>
  versions[0].group === "authorization.k8s.io" && kind === "LocalSubjectAccessReview"

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const cache = yield* client.cache(Namespace, { indexes: {} })
    const check = Effect.fnUntracedEager(function* (request: Admitted) {
      const { attributes, kind, operation } = request
      const { group, name, namespace, resource } = attributes
      if (!kind.namespaced || operation !== "CREATE" || asks(request)) return undefined
      const key = { namespace: "", name: namespace }
      const cached = cache.get(key)
      // Another process may have made it just now.
      const found = cached === undefined ? yield* client.find(Namespace, key) : Option.some(cached)
      if (Option.isNone(found)) return yield* new NotFound({ group: "", resource: Namespace.plural, ...key })
      if (!isGoing(found.value)) return undefined
      const ending = `namespace ${namespace} is being terminated`
      return yield* new Forbidden({
        ...{ group, resource, namespace, name },
        detail: `unable to create new content in namespace ${namespace} because it is being terminated`,
        causes: [{ reason: "NamespaceTerminating", message: ending, field: "metadata.namespace" }]
      })
    })
    // Before anything is completed, so that a missing namespace is what is told.
    return Admissions.add({ name: "NamespaceLifecycle", order: 100, mutate: check, validate: keep })
  })
)

export const plugin = Plugin.make({ name: "admission/namespace-lifecycle", layer })
