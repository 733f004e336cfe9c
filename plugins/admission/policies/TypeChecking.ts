/**
 * Says in the status of a ValidatingAdmissionPolicy what its expressions get wrong about the kinds that it names: a warning, for
 * the types of what comes are known only then. Looked at once for each generation.
 */
import { Effect, Layer } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { apiVersion, type Key } from "../../../kernel/resource/Kind.ts"
import { Kinds } from "../../../kernel/resource/Kinds.ts"
import * as Shape from "../../../kernel/resource/Shape.ts"
import * as Cel from "../../cel/contracts/Admission.ts"
import * as Controllers from "../../controllers/contracts/Controllers.ts"
import {
  type ExpressionWarning,
  type MatchResources,
  type ParamKind,
  ValidatingAdmissionPolicy
} from "../../resources/contracts/admissionregistration/v1.ts"

type Type = Cel.Expression["type"]
interface Checked {
  /** `apps/v1, Kind=Deployment` */
  readonly name: string
  readonly type: Type
}
/** Nothing for kinds that are not served. */
type Find = (group: string, version: string, plural: string) => Checked | undefined

const most = 10

/** Of the rules that name all their groups, versions and resources. */
const typesOf = ({ resourceRules = [] }: MatchResources, find: Find): ReadonlyArray<Checked> => {
  const found = new Map<string, Checked>()
  for (const { apiGroups = [], apiVersions = [], resources = [] } of resourceRules) {
    if ([...apiGroups, ...apiVersions].some((word) => word.includes("*"))) continue
    const plurals = resources.filter((resource) => !/[*/]/.test(resource))
    for (const group of apiGroups)
      for (const version of apiVersions)
        for (const plural of plurals) {
          const type = found.size < most ? find(group, version, plural) : undefined
          if (type !== undefined) found.set(type.name, type)
        }
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export const warningsOf = (
  { spec }: ValidatingAdmissionPolicy,
  find: Find,
  params: (kind: ParamKind) => Type | undefined
): ReadonlyArray<ExpressionWarning> => {
  const {
    matchConstraints = { matchPolicy: "", namespaceSelector: {}, objectSelector: {} },
    paramKind,
    validations = []
  } = spec ?? {}
  const ofParams = paramKind && params(paramKind)
  const scopes = typesOf(matchConstraints, find).map(({ name, type }) => {
    const base: Cel.Wanted = {
      hasParams: paramKind !== undefined,
      hasAuthorizer: true,
      object: type,
      ...(ofParams !== undefined && { params: ofParams })
    }
    return { name, wanted: Cel.compileVariables(spec?.variables ?? [], base).wanted }
  })
  const check = (fieldRef: string, source: string): ReadonlyArray<ExpressionWarning> => {
    const wrong = scopes.flatMap(({ name, wanted }) => {
      const { error } = Cel.compile(source, wanted, "any")
      return error === undefined ? [] : [`${name}: ${error}\n`]
    })
    return wrong.length === 0 ? [] : [{ fieldRef, warning: wrong.join("\n") }]
  }
  return validations.flatMap(({ expression, messageExpression = "" }, index) => [
    ...check(`spec.validations[${index}].expression`, expression),
    ...(messageExpression === "" ? [] : check(`spec.validations[${index}].messageExpression`, messageExpression))
  ])
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const kinds = yield* Kinds
  const policies = yield* client.cache(ValidatingAdmissionPolicy, { indexes: {} })

  const typed = ({ served, version }: NonNullable<ReturnType<typeof kinds.find>>): Checked => ({
    name: `${version.group}/${version.version}, Kind=${served.kind.kind}`,
    type: Cel.objectType(Shape.of(version.schema()), served.kind.kind)
  })
  const find: Find = (group, version, plural) => {
    const found = kinds.find(group, version, plural)
    return found && typed(found)
  }
  const params = ({ apiVersion: wanted = "", kind = "" }: ParamKind) => {
    const group = wanted.includes("/") ? (wanted.split("/")[0] ?? "") : ""
    const served = kinds.byKind(group, kind)
    const version = served?.kind.versions.find((one) => apiVersion(one) === wanted)
    return served && version && typed({ served, version }).type
  }

  const reconcile = Effect.fn("TypeChecking.reconcile")(function* (key: Key) {
    const policy = policies.get(key)
    const { generation } = policy?.metadata ?? {}
    if (policy === undefined || generation === undefined || policy.status.observedGeneration === generation)
      return Controllers.done
    const expressionWarnings = warningsOf(policy, find, params)
    const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings }
    const status = { ...policy.status, observedGeneration: generation, typeChecking }
    // Whoever was faster has written the same, or the policy is another: then this comes again.
    yield* Effect.catchTag(
      client.update(ValidatingAdmissionPolicy, { ...policy, status }, { subresource: "status" }),
      ["Conflict", "NotFound"],
      () => Effect.void
    )
    return Controllers.done
  })
  yield* Controllers.run({
    name: "validatingadmissionpolicy_status",
    triggers: [Controllers.each(policies)],
    reconcile
  })
})

export const plugin = Plugin.make({ name: "admission/policy-status", layer: Layer.effectDiscard(start) })
