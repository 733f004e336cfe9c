/**
 * Brings the roles and bindings that every cluster has up to date: what is missing is made, and rules and subjects that are
 * missing in what is there are added. What somebody added stays, and so does all of what is not annotated for it.
 */
import { Effect, Layer, Schedule } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import type { ApiError } from "../../kernel/client/Errors.ts"
import type { Unavailable } from "../../kernel/plugin/Contract.ts"
import type { Kind, Resource, ResourceDraft } from "../../kernel/resource/Kind.ts"
import { Namespace } from "../resources/contracts/core/v1.ts"
import {
  ClusterRole,
  ClusterRoleBinding,
  type ClusterRoleDraft,
  type PolicyRule,
  Role,
  RoleBinding,
  type Subject
} from "../resources/contracts/rbac/v1.ts"
import * as Objects from "./bootstrap/Objects.ts"
import { exceeding } from "./Rules.ts"

interface WithRules extends Resource {
  readonly rules?: ReadonlyArray<PolicyRule>
}
interface WithSubjects extends Resource {
  readonly subjects?: ReadonlyArray<Subject>
}

/** Each of these returns the same object when nothing is missing. */
const withRules = <A extends WithRules>(found: A, { rules = [] }: { readonly rules?: ReadonlyArray<PolicyRule> }): A => {
  const missing = exceeding(rules, found.rules ?? [])
  return missing.length === 0 ? found : { ...found, rules: [...(found.rules ?? []), ...missing] }
}
const withAggregation = (found: ClusterRole, draft: ClusterRoleDraft): ClusterRole => {
  if (draft.aggregationRule === undefined) return withRules(found, draft)
  const present = found.aggregationRule?.clusterRoleSelectors ?? []
  const known = new Set(present.map((selector) => JSON.stringify(selector)))
  const missing = (draft.aggregationRule.clusterRoleSelectors ?? []).filter((one) => !known.has(JSON.stringify(one)))
  return missing.length === 0 ? found : { ...found, aggregationRule: { clusterRoleSelectors: [...present, ...missing] } }
}
const same = (a: Subject, b: Subject) =>
  a.kind === b.kind && a.name === b.name && (a.namespace ?? "") === (b.namespace ?? "")
const withSubjects = <A extends WithSubjects>(
  found: A,
  { subjects = [] }: { readonly subjects?: ReadonlyArray<Subject> }
): A => {
  const missing = subjects.filter((subject) => !found.subjects?.some((other) => same(subject, other)))
  return missing.length === 0 ? found : { ...found, subjects: [...(found.subjects ?? []), ...missing] }
}

const isOurs = ({ metadata: { annotations } }: Resource) => annotations?.[Objects.autoupdate] === "true"
const pathOf = ({ metadata: { name = "", namespace = "" } }: ResourceDraft) => `${namespace}/${name}`

const reconcile = Effect.fn("Bootstrap.reconcile")(function* <A extends Resource, D extends ResourceDraft>(
  kind: Kind<A, D>,
  drafts: ReadonlyArray<D>,
  complete: (found: A, draft: D) => A
) {
  const client = yield* Client
  const found = new Map((yield* client.list(kind)).map((object) => [pathOf(object), object]))
  const one = (draft: D): Effect.Effect<unknown, ApiError | Unavailable> => {
    const object = found.get(pathOf(draft))
    if (object === undefined) return client.create(kind, draft)
    const completed = isOurs(object) ? complete(object, draft) : object
    return completed === object ? Effect.void : client.update(kind, completed)
  }
  yield* Effect.forEach(drafts, one, { concurrency: 16, discard: true })
})

/** Replicas start at once: whoever loses a race looks again. */
const again = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("2 seconds")])
const passing = ({ _tag }: ApiError | Unavailable) =>
  _tag === "AlreadyExists" || _tag === "Conflict" || _tag === "Unavailable" || _tag === "NotFound"

export const run = Effect.gen(function* () {
  yield* reconcile(
    Namespace,
    Objects.namespaces.map((name) => ({ metadata: { name } })),
    (found) => found
  )
  yield* reconcile(ClusterRole, Objects.clusterRoles, withAggregation)
  yield* reconcile(ClusterRoleBinding, Objects.clusterRoleBindings, withSubjects)
  yield* reconcile(Role, Objects.roles, withRules)
  yield* reconcile(RoleBinding, Objects.roleBindings, withSubjects)
}).pipe(Effect.retry({ schedule: again, while: passing }), Effect.withSpan("Bootstrap.run"))

/** Done when the roles are there. It writes by its client's identity, which must be allowed to without them. */
export const layer = Layer.effectDiscard(run)
