/**
 * Policies of admission and their bindings: what may stand in them, expressions included. Source: admissionregistration.k8s.io/v1;
 * the messages are upstream's.
 */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import * as Cel from "../../cel/contracts/Admission.ts"
import type {
  AuditAnnotation,
  MatchCondition,
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
  NamedRuleWithOperations,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable
} from "../contracts/admissionregistration/v1.ts"
import { conditions, rule } from "./Configurations.ts"

type Problems = Causes.Causes

const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"]

const required = (field: string, value: string | undefined, detail = ""): Problems =>
  value === undefined || value.trim() === "" ? [Causes.required(field, detail)] : []
const oneOf = (field: string, value: string | undefined, supported: ReadonlyArray<string>): Problems =>
  value === undefined || value === ""
    ? [Causes.required(field)]
    : supported.includes(value)
      ? []
      : [Causes.notSupported(field, value, supported)]

const named = (field: string, given: NamedRuleWithOperations): Problems => {
  const { resourceNames = [] } = given
  return [
    ...resourceNames.flatMap((name, index) => [
      ...Causes.broken(`${field}.resourceNames[${index}]`, name, Names.pathSegment(name)),
      ...(resourceNames.indexOf(name) < index ? [Causes.duplicate(`${field}.resourceNames[${index}]`, name)] : [])
    ]),
    ...rule(field, given)
  ]
}

const matchResources = (field: string, given: MatchResources): Problems => {
  const { excludeResourceRules = [], matchPolicy, namespaceSelector, objectSelector, resourceRules = [] } = given
  return [
    ...oneOf(`${field}.matchPolicy`, matchPolicy, ["Equivalent", "Exact"]),
    ...Selector.validate(namespaceSelector, `${field}.namespaceSelector`),
    ...Selector.validate(objectSelector, `${field}.objectSelector`),
    ...resourceRules.flatMap((one, index) => named(`${field}.resourceRules[${index}]`, one)),
    ...excludeResourceRules.flatMap((one, index) => named(`${field}.excludeResourceRules[${index}]`, one))
  ]
}

const paramKind = (field: string, { apiVersion = "", kind = "" }: ParamKind): Problems => [
  ...ofVersion(`${field}.apiVersion`, apiVersion),
  ...(kind === ""
    ? [Causes.required(`${field}.kind`)]
    : Names.dns1035Label(kind.toLowerCase()).map((message) =>
        Causes.invalid(`${field}.kind`, kind, `may have mixed case, but should otherwise match: ${message}`)
      ))
]
const ofVersion = (field: string, apiVersion: string): Problems => {
  if (apiVersion === "") return [Causes.required(field)]
  const parts = apiVersion.split("/")
  if (parts.length > 2) return [Causes.invalid(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)]
  const [version = "", group = ""] = parts.toReversed()
  const ofGroup = group === "" ? [] : Causes.broken(field, group, Names.dns1123Subdomain(group))
  if (version === "") return [...ofGroup, Causes.invalid(field, apiVersion, "version must be specified")]
  return [...ofGroup, ...Causes.broken(field, version, Names.dns1035Label(version))]
}

const paramRef = (field: string, given: ParamRef | undefined): Problems => {
  if (given === undefined) return []
  const { name = "", parameterNotFoundAction, selector } = given
  const both = name !== "" && selector !== undefined
  const exclusive = "name and selector are mutually exclusive"
  return [
    ...(name === "" ? [] : Causes.broken(`${field}.name`, name, Names.pathSegment(name))),
    ...(both ? [Causes.forbidden(`${field}.name`, exclusive)] : []),
    ...(selector === undefined ? [] : Selector.validate(selector, `${field}.selector`)),
    ...(both ? [Causes.forbidden(`${field}.selector`, exclusive)] : []),
    ...(name === "" && selector === undefined ? [Causes.required(field, "one of name or selector must be specified")] : []),
    ...oneOf(`${field}.parameterNotFoundAction`, parameterNotFoundAction, ["Deny", "Allow"])
  ]
}

/** An expression as it is written, and what is wrong with it. */
const expression = (field: string, { error, source }: Cel.Expression): Problems =>
  error === undefined ? [] : [Causes.invalid(field, source, error)]

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/
const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " "
  )
)
const variable = (field: string, { expression: source, name }: Variable, compiled: Cel.Variable | undefined): Problems => [
  ...(name.trim() === ""
    ? [Causes.required(`${field}.name`, "name is not specified")]
    : identifier.test(name) && !reserved.has(name)
      ? []
      : [Causes.invalid(`${field}.name`, name, "must be a valid CEL identifier")]),
  ...(source.trim() === ""
    ? [Causes.required(`${field}.expression`, "expression is not specified")]
    : compiled === undefined
      ? []
      : expression(`${field}.expression`, compiled.expression))
]

interface Common {
  readonly failurePolicy?: string
  readonly paramKind?: ParamKind
  readonly matchConstraints?: MatchResources
  readonly matchConditions?: ReadonlyArray<MatchCondition>
  readonly variables?: ReadonlyArray<Variable>
}
/** What both kinds of policies have; `wanted` is what their expressions may speak of. */
const common = (spec: Common, patches: boolean): { readonly problems: Problems; readonly wanted: Cel.Wanted } => {
  const { failurePolicy, matchConditions, matchConstraints, variables = [] } = spec
  const hasParams = spec.paramKind !== undefined
  const { variables: compiled, wanted } = Cel.compileVariables(variables, { hasParams, hasAuthorizer: true, patches })
  const constraints = "spec.matchConstraints"
  const problems = [
    ...oneOf("spec.failurePolicy", failurePolicy, ["Fail", "Ignore"]),
    ...(spec.paramKind === undefined ? [] : paramKind("spec.paramKind", spec.paramKind)),
    ...(matchConstraints === undefined ? [Causes.required(constraints)] : matchResources(constraints, matchConstraints)),
    ...(matchConstraints !== undefined && (matchConstraints.resourceRules ?? []).length === 0
      ? [Causes.required(`${constraints}.resourceRules`)]
      : []),
    ...(patches ? mutable(constraints, matchConstraints) : []),
    ...conditions("spec.matchConditions", matchConditions, hasParams),
    ...variables.flatMap((one, index) => variable(`spec.variables[${index}]`, one, compiled[index]))
  ]
  return { problems, wanted }
}

const operations = ["*", "CONNECT", "CREATE", "UPDATE"]

/** What goes cannot be mutated. */
const mutable = (field: string, resources: MatchResources | undefined): Problems =>
  (resources?.resourceRules ?? [])
    .flatMap(({ operations: asked = [] }) => asked)
    .filter((operation) => !operations.includes(operation))
    .map((operation) => Causes.notSupported(`${field}.resourceRules.operations`, operation, operations))

const lines = /[\n\r]/
const validation = (field: string, given: Validation, wanted: Cel.Wanted): Problems => {
  const { expression: source, message = "", messageExpression = "", reason } = given
  const blank = "must be non-empty if specified"
  return [
    ...(source.trim() === ""
      ? [Causes.required(`${field}.expression`, "expression is not specified")]
      : expression(`${field}.expression`, Cel.compile(source, wanted, "bool"))),
    ...(messageExpression === ""
      ? []
      : messageExpression.trim() === ""
        ? [Causes.invalid(`${field}.messageExpression`, messageExpression, blank)]
        : expression(
            `${field}.messageExpression`,
            Cel.compile(messageExpression, { ...wanted, hasAuthorizer: false }, "string")
          )),
    ...(message !== "" && message.trim() === ""
      ? [Causes.invalid(`${field}.message`, message, blank)]
      : lines.test(message.trim())
        ? [Causes.invalid(`${field}.message`, message, "must not contain line breaks")]
        : []),
    ...(reason === undefined
      ? []
      : reasons.includes(reason)
        ? []
        : [
            Causes.notSupported(`${field}.reason`, reason, ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"])
          ])
  ]
}

const mostAnnotations = 20
const longestValue = 5 * 1024
const annotation = (field: string, policy: string, given: AuditAnnotation, wanted: Cel.Wanted): Problems => {
  const { key, valueExpression } = given
  const source = valueExpression.trim()
  const whole = `${policy}/${key}`
  return [
    ...Causes.broken(`${field}.key`, whole, Names.labelKey(whole)),
    ...(source === ""
      ? [Causes.required(`${field}.valueExpression`, "valueExpression is not specified")]
      : source.length > longestValue
        ? [Causes.required(`${field}.valueExpression`, `must not exceed ${longestValue} bytes in length`)]
        : expression(`${field}.valueExpression`, Cel.compile(valueExpression, wanted, "annotation")))
  ]
}

export const validating = ({ metadata, spec = { failurePolicy: "Fail" } }: ValidatingAdmissionPolicy): Problems => {
  const { auditAnnotations = [], validations = [] } = spec
  const { problems, wanted } = common(spec, false)
  const none = "validations or auditAnnotations must contain at least one item"
  if (validations.length === 0 && auditAnnotations.length === 0)
    return [...problems, Causes.required("spec.validations", none), Causes.required("spec.auditAnnotations", none)]
  const keys = auditAnnotations.map(({ key }) => key)
  return [
    ...problems,
    ...validations.flatMap((one, index) => validation(`spec.validations[${index}]`, one, wanted)),
    ...(keys.length > mostAnnotations
      ? [
          Causes.invalid(
            "spec.auditAnnotations",
            auditAnnotations,
            `must not have more than ${mostAnnotations} auditAnnotations`
          )
        ]
      : []),
    ...auditAnnotations.flatMap((one, index) => [
      ...annotation(`spec.auditAnnotations[${index}]`, metadata.name, one, wanted),
      ...(keys.indexOf(one.key) < index ? [Causes.duplicate(`spec.auditAnnotations[${index}].key`, one.key)] : [])
    ])
  ]
}

const mutation = (field: string, given: Mutation, wanted: Cel.Wanted): Problems => {
  const { applyConfiguration, jsonPatch, patchType } = given
  const types = ["ApplyConfiguration", "JSONPatch"]
  if (!types.includes(patchType)) return oneOf(`${field}.patchType`, patchType, types)
  const isPatch = patchType === "JSONPatch"
  const [mine, other] = isPatch ? ["jsonPatch", "applyConfiguration"] : ["applyConfiguration", "jsonPatch"]
  const [own, foreign] = isPatch ? [jsonPatch, applyConfiguration] : [applyConfiguration, jsonPatch]
  const source = own?.expression ?? ""
  return [
    ...(own === undefined
      ? [Causes.required(`${field}.${mine}`, `must be specified when patchType is ${patchType}`)]
      : source.trim() === ""
        ? required(`${field}.${mine}.expression`, source)
        : expression(`${field}.${mine}.expression`, Cel.compile(source.trim(), wanted, isPatch ? "patch" : "apply"))),
    ...(foreign === undefined
      ? []
      : [Causes.invalid(`${field}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`)])
  ]
}

export const mutating = ({ spec = { failurePolicy: "Fail" } }: MutatingAdmissionPolicy): Problems => {
  const { mutations = [], reinvocationPolicy } = spec
  const { problems, wanted } = common(spec, true)
  return [
    ...problems,
    ...(mutations.length === 0
      ? [Causes.required("spec.mutations", "mutations must contain at least one item")]
      : mutations.flatMap((one, index) => mutation(`spec.mutations[${index}]`, one, wanted))),
    ...oneOf("spec.reinvocationPolicy", reinvocationPolicy, ["IfNeeded", "Never"])
  ]
}

interface Binding {
  readonly policyName?: string
  readonly paramRef?: ParamRef
  readonly matchResources?: MatchResources
}
const binding = ({ matchResources: resources, paramRef: ref, policyName = "" }: Binding): Problems => [
  ...(policyName === ""
    ? [Causes.required("spec.policyName")]
    : Causes.broken("spec.policyName", policyName, Names.dns1123Subdomain(policyName))),
  ...paramRef("spec.paramRef", ref),
  ...(resources === undefined ? [] : matchResources("spec.matchResources", resources))
]

const audits = ["Audit", "Deny", "Warn"]

const actions = (given: ReadonlyArray<string>): Problems => {
  const field = "spec.validationActions"
  const both =
    "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)"
  return [
    ...given.flatMap((action, index) => [
      ...(audits.includes(action) ? [] : [Causes.notSupported(`${field}[${index}]`, action, audits)]),
      ...(given.indexOf(action) < index ? [Causes.duplicate(`${field}[${index}]`, action)] : [])
    ]),
    ...(given.includes("Deny") && given.includes("Warn") ? [Causes.invalid(field, given, both)] : []),
    ...(given.length === 0 ? [Causes.required(field, "at least one validation action is required")] : [])
  ]
}

export const validatingBinding = ({ spec }: ValidatingAdmissionPolicyBinding): Problems => [
  ...binding(spec),
  ...actions(spec.validationActions)
]
export const mutatingBinding = ({ spec = {} }: MutatingAdmissionPolicyBinding): Problems => [
  ...binding(spec),
  ...mutable("spec.matchResources", spec.matchResources)
]
