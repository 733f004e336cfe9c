/** Which webhooks are asked about a request, and in which version of its kind. */
import { Effect } from "effect"
import type { ApiError } from "../../../kernel/client/Errors.ts"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import * as Rules from "../matching/Rules.ts"
import { matchesObject, type Namespaces } from "../matching/Selectors.ts"
import type { Subject } from "../matching/Subject.ts"
import type { Invocation } from "./Call.ts"
import type { Hook } from "./Hooks.ts"

/** The server's own doings (its namespaces and roles, what quotas are charged, who leads) are no webhook's: it has to come up without any. */
const self = "system:apiserver"
export const isSubject = (request: Admitted, subject: Subject) =>
  request.attributes.user.name !== self && !Rules.isExempt(subject)

export const invocationOf = (
  hook: Hook,
  request: Admitted,
  subject: Subject,
  namespaces: Namespaces
): Effect.Effect<Invocation | undefined, ApiError | Unavailable> =>
  Effect.suspend(() => {
    const { matchPolicy, namespaceSelector, objectSelector, rules = [] } = hook.webhook
    const version = Rules.versionFor(rules, matchPolicy, request, subject)
    if (version === undefined || !matchesObject(objectSelector, request)) return Effect.undefined
    return Effect.map(namespaces.matches(namespaceSelector, request, subject), (matches) =>
      matches ? { hook, version } : undefined
    )
  })
