/** The kinds that answer who may do what: access reviews of oneself and of others, and the rules that count for oneself. */
import { Effect } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { BadRequest, Invalid } from "../../kernel/client/Errors.ts"
import type { Action } from "../../kernel/pipeline/Actions.ts"
import { type Attributes, masters, type User } from "../../kernel/pipeline/Attributes.ts"
import { specDecoder } from "../../kernel/pipeline/Body.ts"
import type { At } from "../../kernel/pipeline/Pipeline.ts"
import type { Authorizers, Decision } from "../../kernel/pipeline/Policy.ts"
import * as Causes from "../../kernel/resource/Causes.ts"
import type { Any } from "../../kernel/resource/Kind.ts"
import {
  LocalSubjectAccessReview,
  type NonResourceAttributes,
  type ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectAccessReviewSpec,
  SelfSubjectRulesReview,
  SelfSubjectRulesReviewSpec,
  SubjectAccessReview,
  SubjectAccessReviewSpec
} from "../resources/contracts/authorization/v1.ts"
import type { PolicyRule } from "../resources/contracts/rbac/v1.ts"

interface Asked {
  readonly resourceAttributes?: ResourceAttributes
  readonly nonResourceAttributes?: NonResourceAttributes
}

const ofPath = (user: User, { path = "", verb = "" }: NonResourceAttributes): Attributes => ({
  user,
  verb,
  group: "",
  version: "",
  resource: "",
  subresource: "",
  namespace: "",
  name: "",
  path
})

/** As they would be if the request came; absent unless exactly one of the two is given. */
const attributesOf = (user: User, { nonResourceAttributes, resourceAttributes }: Asked): Attributes | undefined => {
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined)) return undefined
  if (nonResourceAttributes !== undefined) return ofPath(user, nonResourceAttributes)
  const {
    group = "",
    name = "",
    namespace = "",
    resource = "",
    subresource = "",
    verb = "",
    version = ""
  } = resourceAttributes ?? {}
  return { user, verb, group, version, resource, subresource, namespace, name }
}

/** The first authorizer with an opinion decides; the reasons of those without one are kept, and explain the no. */
const judge = (authorizers: Authorizers["Service"], attributes: Attributes): Decision => {
  if (attributes.user.groups.includes(masters)) return { decision: "allow" }
  const reasons: Array<string> = []
  for (const { use } of authorizers.all()) {
    const decision = use(attributes)
    if (decision.decision !== "noOpinion") return decision
    if (decision.reason !== undefined) reasons.push(decision.reason)
  }
  return { decision: "noOpinion", reason: reasons.join("; ") }
}

const statusOf = ({ decision, reason = "" }: Decision): WireObject => ({
  allowed: decision === "allow",
  ...(decision === "deny" && { denied: true }),
  ...(reason !== "" && { reason })
})

/** The request's own spec is echoed as it came: it is JSON, and only what is read of it has been decoded. */
const answer = (kind: Any, body: WireObject, status: WireObject): WireObject => ({
  apiVersion: "authorization.k8s.io/v1",
  kind: kind.kind,
  metadata: {},
  spec: body["spec"] ?? {},
  status
})

const refuse = (kind: Any, cause: ReturnType<typeof Causes.invalid>) =>
  new Invalid({
    group: "authorization.k8s.io",
    resource: kind.plural,
    namespace: "",
    name: "",
    kind: kind.kind,
    causes: [cause]
  })

const exactlyOne = (kind: Any) =>
  refuse(
    kind,
    Causes.invalid(
      "spec.resourceAttributes",
      null,
      "exactly one of nonResourceAttributes or resourceAttributes must be specified"
    )
  )

const decodeSelf = specDecoder(SelfSubjectAccessReviewSpec)
const decodeSubject = specDecoder(SubjectAccessReviewSpec)
const decodeRules = specDecoder(SelfSubjectRulesReviewSpec)

const selfAccess = (authorizers: Authorizers["Service"]): Action => ({
  storage: SelfSubjectAccessReview.storage,
  subresource: "",
  act: Effect.fn("SelfSubjectAccessReview.act")(function* ({ user }, body) {
    const attributes = attributesOf(user, yield* decodeSelf(body))
    if (attributes === undefined) return yield* exactlyOne(SelfSubjectAccessReview)
    return answer(SelfSubjectAccessReview, body, statusOf(judge(authorizers, attributes)))
  })
})

const access = (
  authorizers: Authorizers["Service"],
  kind: Any,
  check: (at: At, asked: Asked) => Effect.Effect<void, BadRequest>
) =>
  ({
    storage: kind.storage,
    subresource: "",
    act: Effect.fn("SubjectAccessReview.act")(function* (at, body) {
      const spec = yield* decodeSubject(body)
      const { extra, groups = [], uid, user = "" } = spec
      if (user === "" && groups.length === 0) {
        return yield* refuse(kind, Causes.invalid("spec.user", user, "at least one of user or group must be specified"))
      }
      yield* check(at, spec)
      const subject = { name: user, groups, ...(uid !== undefined && { uid }), ...(extra !== undefined && { extra }) }
      const attributes = attributesOf(subject, spec)
      if (attributes === undefined) return yield* exactlyOne(kind)
      return answer(kind, body, statusOf(judge(authorizers, attributes)))
    })
  }) satisfies Action

/** A local review is about its own namespace, so that who may ask there learns nothing of others. */
const sameNamespace = ({ namespace }: At, { resourceAttributes }: Asked) =>
  resourceAttributes !== undefined && resourceAttributes.namespace === namespace
    ? Effect.void
    : Effect.fail(
        new BadRequest({ detail: `spec.resourceAttributes.namespace must match namespace: ${JSON.stringify(namespace)}` })
      )

const resourceRule = ({ apiGroups = [], resourceNames, resources = [], verbs }: PolicyRule) => ({
  verbs,
  apiGroups,
  resources,
  ...(resourceNames !== undefined && { resourceNames })
})

const selfRules = (rules: (user: User, namespace: string) => ReadonlyArray<PolicyRule>): Action => ({
  storage: SelfSubjectRulesReview.storage,
  subresource: "",
  act: Effect.fn("SelfSubjectRulesReview.act")(function* ({ user }, body) {
    const { namespace = "" } = yield* decodeRules(body)
    if (namespace === "") return yield* new BadRequest({ detail: "no namespace on request" })
    const all = rules(user, namespace)
    const status = {
      resourceRules: all.filter(({ resources = [] }) => resources.length > 0).map(resourceRule),
      nonResourceRules: all.flatMap(({ nonResourceURLs = [], verbs }) =>
        nonResourceURLs.length === 0 ? [] : [{ verbs, nonResourceURLs }]
      ),
      incomplete: false
    }
    return answer(SelfSubjectRulesReview, body, status)
  })
})

export const actions = (
  authorizers: Authorizers["Service"],
  rules: (user: User, namespace: string) => ReadonlyArray<PolicyRule>
): ReadonlyArray<Action> => [
  selfAccess(authorizers),
  access(authorizers, SubjectAccessReview, () => Effect.void),
  access(authorizers, LocalSubjectAccessReview, sameNamespace),
  selfRules(rules)
]
