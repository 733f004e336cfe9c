/** A request as the expressions of webhooks and policies see it. */
import { Effect } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { StatusError } from "../../../kernel/client/Errors.ts"
import { decide } from "../../../kernel/pipeline/Authorize.ts"
import type { Authorizers, Admitted } from "../../../kernel/pipeline/Policy.ts"
import type { Version } from "../../../kernel/resource/Kind.ts"
import type { Decide, Inputs } from "../../cel/contracts/Admission.ts"
import { resourceOf, shown, type Subject } from "./Subject.ts"

/** Without fields that are empty, so that `has` tells what was given. */
const given = (fields: { readonly [name: string]: unknown }) =>
  // Exactly JSON is passed below, hence the cast.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== "")) as WireObject

const requestOf = (request: Admitted, subject: Subject, version: Version): WireObject => {
  const { attributes, dryRun, operation, options } = request
  const { extra, groups, name: username, uid } = attributes.user
  const { kind, name, namespace, resource, subresource } = subject
  const shownKind = subject.isOther ? kind : { group: version.group, version: version.version, kind: kind.kind }
  return given({
    kind: { ...shownKind },
    resource: { ...resourceOf(request, version) },
    subResource: subresource,
    requestKind: { ...kind },
    requestResource: { ...resource },
    requestSubResource: subresource,
    name,
    namespace,
    operation,
    userInfo: given({
      username,
      uid,
      groups: groups.length > 0 ? groups : undefined,
      extra: extra !== undefined && Object.keys(extra).length > 0 ? extra : undefined
    }),
    dryRun,
    options
  })
}

/** What the authorizers of this server would say. */
export const deciding =
  (authorizers: Authorizers["Service"]): Decide =>
  (attributes) => {
    const refusal = decide({ authorizers }, attributes)
    return { allowed: refusal === undefined, reason: refusal ?? "" }
  }

/** `version`: the one in which the objects are shown. */
export const inputsOf = Effect.fnUntraced(function* (
  request: Admitted,
  subject: Subject,
  version: Version,
  decide: Decide
): Effect.fn.Return<Inputs, StatusError> {
  const { group, resource } = subject.resource
  const { name, namespace, subresource, user } = request.attributes
  return {
    object: yield* shown(request, subject, request.object, version),
    oldObject: yield* shown(request, subject, request.old, version),
    request: requestOf(request, subject, version),
    authorizer: { user, decide, what: { group, resource, subresource, namespace, name } }
  }
})
