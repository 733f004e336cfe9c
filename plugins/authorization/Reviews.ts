/** The kinds that answer who may do what: access reviews of oneself and of others, and the rules that count for oneself. */
import { Effect } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { BadRequest, Invalid } from "../../kernel/client/Errors.ts"
import type { Action } from "../../kernel/pipeline/Actions.ts"
import type { Attributes, User } from "../../kernel/pipeline/Attributes.ts"
import { judge } from "../../kernel/pipeline/Authorize.ts"
import { specDecoder } from "../../kernel/pipeline/Body.ts"
import type { Authorizers, Decision } from "../../kernel/pipeline/Policy.ts"
import type * as Causes from "../../kernel/resource/Causes.ts"
import type { Any } from "../../kernel/resource/Kind.ts"
import {
  LocalSubjectAccessReview,
  type NonResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectAccessReviewSpec,
  SelfSubjectRulesReview,
  SelfSubjectRulesReviewSpec,
  SubjectAccessReview,
  SubjectAccessReviewSpec
} from "../resources/contracts/authorization/v1.ts"
import * as Validation from "./ReviewValidation.ts"
import type { PolicyRule } from "../resources/contracts/rbac/v1.ts"

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

/** As they would be if the request came. */
const attributesOf = (user: User, { nonResourceAttributes, resourceAttributes }: Validation.Asked): Attributes => {
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

/** Upstream does not name the kind of a review. */
const check = (causes: Causes.Causes) =>
  causes.length === 0
    ? Effect.void
    : Effect.fail(new Invalid({ group: "authorization.k8s.io", resource: "", namespace: "", name: "", kind: "", causes }))

const decodeSelf = specDecoder(SelfSubjectAccessReviewSpec)
const decodeSubject = specDecoder(SubjectAccessReviewSpec)
const decodeRules = specDecoder(SelfSubjectRulesReviewSpec)

const selfAccess = (authorizers: Authorizers["Service"]): Action => ({
  storage: SelfSubjectAccessReview.storage,
  subresource: "",
  act: Effect.fn("SelfSubjectAccessReview.act")(function* ({ user }, body) {
    const spec = yield* decodeSelf(body)
    yield* check([...Validation.validateAsked(spec), ...Validation.validateMetadata(body, false)])
    return answer(SelfSubjectAccessReview, body, statusOf(yield* judge({ authorizers }, attributesOf(user, spec))))
  })
})

const access = (authorizers: Authorizers["Service"], kind: Any, isLocal: boolean) =>
  ({
    storage: kind.storage,
    subresource: "",
    act: Effect.fn("SubjectAccessReview.act")(function* ({ namespace }, body) {
      const spec = yield* decodeSubject(body)
      const { extra, groups = [], uid, user = "" } = spec
      yield* check([
        ...Validation.validateAsked(spec),
        ...Validation.validateSubject(spec),
        ...Validation.validateMetadata(body, isLocal),
        ...(isLocal ? Validation.validateLocal(spec, namespace) : [])
      ])
      const subject = { name: user, groups, ...(uid !== undefined && { uid }), ...(extra !== undefined && { extra }) }
      const metadata = isLocal ? { namespace } : {}
      const decision = yield* judge({ authorizers }, attributesOf(subject, spec))
      return { ...answer(kind, body, statusOf(decision)), metadata }
    })
  }) satisfies Action

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
    return answer(SelfSubjectRulesReview, {}, status)
  })
})

export const actions = (
  authorizers: Authorizers["Service"],
  rules: (user: User, namespace: string) => ReadonlyArray<PolicyRule>
): ReadonlyArray<Action> => [
  selfAccess(authorizers),
  access(authorizers, SubjectAccessReview, false),
  access(authorizers, LocalSubjectAccessReview, true),
  selfRules(rules)
]
