/** Which policies are about a request, by which bindings, and with which parameters. */
import { Data, Effect, Option } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { Client } from "../../../kernel/client/Client.ts"
import type { ApiError } from "../../../kernel/client/Errors.ts"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import * as Stages from "../../../kernel/pipeline/Stages.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import type { Version } from "../../../kernel/resource/Kind.ts"
import { Kinds } from "../../../kernel/resource/Kinds.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type {
  MatchResources,
  NamedRuleWithOperations,
  ParamKind,
  ParamRef
} from "../../resources/contracts/admissionregistration/v1.ts"
import * as Rules from "../matching/Rules.ts"
import { matchesObject, type Namespaces } from "../matching/Selectors.ts"
import type { Subject } from "../matching/Subject.ts"

/** A policy or a binding cannot be used as it is; the failure policy decides what follows. */
export class Misconfigured extends Data.TaggedError("Misconfigured")<{ readonly detail: string }> {}

/** Questions that are asked of the API and not kept are nobody's to judge. */
const reviews = new Set([
  "authentication.k8s.io/selfsubjectreviews",
  "authentication.k8s.io/tokenreviews",
  "authorization.k8s.io/localsubjectaccessreviews",
  "authorization.k8s.io/selfsubjectaccessreviews",
  "authorization.k8s.io/selfsubjectrulesreviews",
  "authorization.k8s.io/subjectaccessreviews"
])
/** The server's own doings come before any policy, or it could not come up. */
const self = "system:apiserver"

export const isSubject = (request: Admitted, subject: Subject) =>
  request.attributes.user.name !== self &&
  !Rules.isExempt(subject) &&
  !reviews.has(`${subject.resource.group}/${subject.resource.resource}`)

const ofName = (rules: ReadonlyArray<NamedRuleWithOperations> = [], { name }: Subject) =>
  rules.filter(({ resourceNames = [] }) => resourceNames.length === 0 || resourceNames.includes(name))

/** The version in which the policy wants the request; nothing: it is not meant. */
export const versionFor = (
  constraints: MatchResources,
  request: Admitted,
  subject: Subject,
  namespaces: Namespaces
): Effect.Effect<Version | undefined, ApiError | Unavailable> =>
  Effect.suspend(() => {
    const { excludeResourceRules, matchPolicy, namespaceSelector, objectSelector, resourceRules = [] } = constraints
    const excluded = Rules.versionFor(ofName(excludeResourceRules, subject), matchPolicy, request, subject)
    if (excluded !== undefined) return Effect.undefined
    const version =
      resourceRules.length === 0
        ? request.version
        : Rules.versionFor(ofName(resourceRules, subject), matchPolicy, request, subject)
    if (version === undefined || !matchesObject(objectSelector, request)) return Effect.undefined
    return Effect.map(namespaces.matches(namespaceSelector, request, subject), (matches) => (matches ? version : undefined))
  })

const split = (apiVersion: string) => {
  const [version = "", group = ""] = apiVersion.split("/").reverse()
  return { group, version }
}

const paramsOf = Effect.fnUntraced(function* (paramKind: ParamKind, ref: ParamRef, namespace: string) {
  const { apiVersion = "", kind = "" } = paramKind
  const { group, version: wanted } = split(apiVersion)
  const served = (yield* Kinds).byKind(group, kind)
  const version = served?.kind.versions.find((one) => one.group === group && one.version === wanted)
  if (served === undefined || version === undefined)
    return yield* new Misconfigured({ detail: `paramKind kind \`${apiVersion}, Kind=${kind}\` not known` })
  const { namespaced } = served.kind
  const { name = "", namespace: own = "", selector } = ref
  if (!namespaced && own !== "")
    return yield* new Misconfigured({
      detail: "paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
    })
  const where = namespaced ? (own === "" ? namespace : own) : ""
  if (namespaced && where === "")
    return yield* new Misconfigured({
      detail: "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
    })
  const client = yield* Client
  const found =
    name === ""
      ? yield* client.list(served.kind, {
          namespace: where,
          labelSelector: Selector.format(Selector.ofObject(selector) ?? [])
        })
      : Option.toArray(yield* client.find(served.kind, { namespace: where, name }))
  return found.map((object): WireObject => {
    const wire = Stages.asWire(object)
    return { ...(version.convert?.to(wire) ?? wire), apiVersion, kind }
  })
})

/** One `undefined` for a binding that has none; nothing: there are none, and that is right. */
export const params = Effect.fnUntraced(function* (
  paramKind: ParamKind | undefined,
  ref: ParamRef | undefined,
  namespace: string
): Effect.fn.Return<ReadonlyArray<WireObject | undefined>, Misconfigured | ApiError | Unavailable, Kinds | Client> {
  if (paramKind === undefined || ref === undefined) return [undefined]
  const found = yield* paramsOf(paramKind, ref, namespace)
  if (found.length === 0 && ref.parameterNotFoundAction === "Deny")
    return yield* new Misconfigured({
      detail: "no params found for policy binding with `Deny` parameterNotFoundAction"
    })
  return found
})
