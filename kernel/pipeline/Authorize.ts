/** May this user do this? The first authorizer with an opinion decides; without one the answer is no. */
import { Effect } from "effect"
import { Forbidden } from "../client/Errors.ts"
import { type Attributes, masters } from "./Attributes.ts"
import { Audited, type Remarks } from "./Audit.ts"
import type { Environment } from "./Environment.ts"
import type { At } from "./Pipeline.ts"
import type { Decision, OrderedAuthorizer } from "./Policy.ts"

export const attributesOf = ({ name, namespace, served, subresource, user, version }: At, verb: string): Attributes => ({
  user,
  verb,
  group: version.group,
  version: version.version,
  resource: served.kind.plural,
  subresource,
  namespace: served.kind.namespaced ? namespace : "",
  name
})

/** As upstream words it. */
const refusal = ({ group, namespace, path, resource, subresource, user, verb }: Attributes, reason: string) => {
  const why = reason === "" ? "" : `: ${reason}`
  if (path !== undefined) return `User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}${why}`
  const what = subresource === "" ? resource : `${resource}/${subresource}`
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`
  return `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}${why}`
}

type Asked = Pick<Environment, "authorizers">

/** `undefined`: it may. Otherwise why not. For those who cannot wait for an answer from elsewhere. */
export const decide = ({ authorizers }: Asked, attributes: Attributes): string | undefined => {
  if (attributes.user.groups.includes(masters)) return undefined
  for (const { use } of authorizers.all()) {
    const { decision, reason = "" } = use(attributes)
    if (decision === "allow") return undefined
    if (decision === "deny") return refusal(attributes, reason)
  }
  return refusal(attributes, "")
}

const allowed: Decision = { decision: "allow" }

/** The first with an opinion decides; the reasons of those without one are kept, and explain the no. */
export const judge = Effect.fnUntraced(function* ({ authorizers }: Asked, attributes: Attributes) {
  if (attributes.user.groups.includes(masters)) return allowed
  const reasons: Array<string> = []
  for (const { ask, use } of authorizers.all()) {
    const asked = ask?.(attributes)
    const decision = asked === undefined ? use(attributes) : yield* asked
    if (decision.decision !== "noOpinion") return decision
    if (decision.reason !== undefined) reasons.push(decision.reason)
  }
  const none: Decision = { decision: "noOpinion", reason: reasons.join("; ") }
  return none
})

const asks = ({ ask }: OrderedAuthorizer) => ask !== undefined

/** The same as `decide`, with the answers of those that have to be waited for. */
export const decided = (environment: Asked, attributes: Attributes): Effect.Effect<string | undefined> =>
  Effect.suspend(() =>
    environment.authorizers.all().some(asks)
      ? Effect.map(judge(environment, attributes), ({ decision, reason = "" }) => {
          if (decision === "allow") return undefined
          return refusal(attributes, decision === "deny" ? reason : "")
        })
      : Effect.succeed(decide(environment, attributes))
  )

const refused = ({ group, name, namespace, resource }: Attributes, detail: string | undefined) =>
  detail === undefined ? Effect.void : Effect.fail(new Forbidden({ group, resource, namespace, name, detail }))

/** With what the audit log says of it. Source: "Auditing", audit annotations. */
const audited = Effect.fnUntraced(function* (environment: Asked, attributes: Attributes, { annotate }: Remarks) {
  const { decision, reason = "" } = yield* judge(environment, attributes)
  annotate("authorization.k8s.io/decision", decision === "allow" ? "allow" : "forbid")
  annotate("authorization.k8s.io/reason", reason)
  return yield* refused(
    attributes,
    decision === "allow" ? undefined : refusal(attributes, decision === "deny" ? reason : "")
  )
})

export const authorize = (environment: Asked, attributes: Attributes): Effect.Effect<void, Forbidden> =>
  Effect.withFiber((fiber) => {
    const remarks = fiber.getRef(Audited)
    if (remarks !== undefined) return audited(environment, attributes, remarks)
    return environment.authorizers.all().some(asks)
      ? Effect.flatMap(decided(environment, attributes), (detail) => refused(attributes, detail))
      : refused(attributes, decide(environment, attributes))
  })
