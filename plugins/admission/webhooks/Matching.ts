/** Which webhooks are asked about a request, and in which version of its kind. */
import { Effect } from "effect"
import { type ApiError, Forbidden } from "../../../kernel/client/Errors.ts"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { type Decide, Evaluation, matchBudget } from "../../cel/contracts/Admission.ts"
import * as MatchConditions from "../../cel/contracts/MatchConditions.ts"
import { inputsOf } from "../matching/Expressions.ts"
import * as Rules from "../matching/Rules.ts"
import { matchesObject, type Namespaces } from "../matching/Selectors.ts"
import type { Subject } from "../matching/Subject.ts"
import type { Invocation } from "./Call.ts"
import type { Hook, Webhook } from "./Hooks.ts"
import * as Metrics from "./Metrics.ts"

/** What webhooks are chosen by, besides the request. */
export interface World {
  readonly namespaces: Namespaces
  /** What a webhook's conditions may ask the authorizers. */
  readonly decide: Decide
}

/** The server's own doings (its namespaces and roles, what quotas are charged, who leads) are no webhook's: it has to come up without any. */
const self = "system:apiserver"
export const isSubject = (request: Admitted, subject: Subject) =>
  request.attributes.user.name !== self && !Rules.isExempt(subject)

/** Objects do not change, so each webhook's conditions are compiled once. */
const compiled = new WeakMap<Webhook, ReadonlyArray<MatchConditions.Condition>>()
const conditionsOf = (webhook: Webhook) => {
  const conditions = compiled.get(webhook) ?? MatchConditions.compile(webhook.matchConditions)
  compiled.set(webhook, conditions)
  return conditions
}

/** A condition that cannot be evaluated refuses the request, unless the webhook may be left out. */
const meets = Effect.fnUntraced(function* (
  { hook: { webhook }, version }: Invocation,
  request: Admitted,
  subject: Subject,
  { decide }: World,
  type: Metrics.Type
) {
  const conditions = conditionsOf(webhook)
  if (conditions.length === 0) return true
  const inputs = yield* inputsOf(request, subject, version, decide)
  const match = MatchConditions.match(conditions, new Evaluation(inputs, [], matchBudget))
  if (match._tag === "Matches") return true
  if (match._tag === "Excluded") {
    yield* Metrics.exclusion({ name: webhook.name, type, operation: request.operation })
    return false
  }
  if (webhook.failurePolicy === "Ignore") return false
  const { group, name, namespace, resource } = request.attributes
  return yield* new Forbidden({ group, resource, namespace, name, detail: match.message })
})

export const invocationOf = (
  hook: Hook,
  request: Admitted,
  subject: Subject,
  world: World,
  type: Metrics.Type
): Effect.Effect<Invocation | undefined, ApiError | Unavailable> =>
  Effect.suspend(() => {
    const { matchPolicy, namespaceSelector, objectSelector, rules = [] } = hook.webhook
    const version = Rules.versionFor(rules, matchPolicy, request, subject)
    if (version === undefined || !matchesObject(objectSelector, request)) return Effect.undefined
    const invocation = { hook, version }
    return world.namespaces.matches(namespaceSelector, request, subject).pipe(
      Effect.flatMap((matches) => (matches ? meets(invocation, request, subject, world, type) : Effect.succeed(false))),
      Effect.map((matches) => (matches ? invocation : undefined))
    )
  })
