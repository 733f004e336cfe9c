/** Policies that may refuse a request. The first that does so is told, in upstream's words. */
import { Effect } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { Client } from "../../../kernel/client/Client.ts"
import { type ApiError, Forbidden, StatusError } from "../../../kernel/client/Errors.ts"
import * as Audit from "../../../kernel/pipeline/Audit.ts"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import * as Stages from "../../../kernel/pipeline/Stages.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import * as Cel from "../../cel/contracts/Admission.ts"
import * as MatchConditions from "../../cel/contracts/MatchConditions.ts"
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding
} from "../../resources/contracts/admissionregistration/v1.ts"
import { inputsOf } from "../matching/Expressions.ts"
import type { Namespaces } from "../matching/Selectors.ts"
import * as Subject from "../matching/Subject.ts"
import * as Compiled from "./Compiled.ts"
import { isSubject, params, versionFor } from "./Matching.ts"
import * as Metrics from "./Metrics.ts"

export interface Known {
  readonly policies: ReadonlyArray<ValidatingAdmissionPolicy>
  readonly bindings: (policy: string) => ReadonlyArray<ValidatingAdmissionPolicyBinding>
  readonly namespaces: Namespaces
  readonly decide: Cel.Decide
}

interface Denial {
  readonly index: number
  readonly message: string
  readonly reason: string
  /** How long it took to find out. */
  readonly seconds: number
}

const longestMessage = 5 * 1024
const longestAnnotation = 10 * 1024

const messageOf = (validation: Compiled.Validation, evaluation: Cel.Evaluation): string => {
  const told = validation.messageExpression && evaluation.run(validation.messageExpression)
  const text = told?._tag === "Value" && typeof told.value === "string" ? told.value.trim() : ""
  if (text !== "" && !text.includes("\n") && Buffer.byteLength(text) <= longestMessage) return text
  const own = validation.message.trim()
  return own === "" ? `failed expression: ${validation.expression.source.trim()}` : own
}

interface Judged {
  readonly denials: ReadonlyArray<Denial>
  readonly annotations: ReadonlyArray<readonly [key: string, value: string]>
  /** These refuse whatever the binding's actions are. */
  readonly failures: ReadonlyArray<Denial>
}
const nothing: Judged = { denials: [], annotations: [], failures: [] }

const since = (began: number) => (performance.now() - began) / 1000

/** What a policy says about a request. */
const judge = (policy: ValidatingAdmissionPolicy, inputs: Cel.Inputs): Judged => {
  const compiled = Compiled.validating(policy)
  const fails = policy.spec?.failurePolicy !== "Ignore"
  let began = performance.now()
  const failed = (message: string, index = 0): ReadonlyArray<Denial> =>
    fails ? [{ index, message, reason: "Invalid", seconds: since(began) }] : []
  const matching = new Cel.Evaluation({ ...inputs, namespaceObject: undefined }, compiled.variables, Cel.matchBudget)
  const match = MatchConditions.match(compiled.conditions, matching)
  if (match._tag === "Excluded") return nothing
  if (match._tag === "Failed") return { ...nothing, denials: failed(match.message) }
  const evaluation = new Cel.Evaluation(inputs, compiled.variables, Cel.budget)
  const denials: Array<Denial> = []
  for (const [index, validation] of compiled.validations.entries()) {
    began = performance.now()
    const outcome = evaluation.run(validation.expression)
    if (outcome._tag === "OutOfBudget") return { ...nothing, denials: failed(outcome.message) }
    if (outcome._tag === "Failed") denials.push(...failed(outcome.message, index))
    else if (outcome.value !== true)
      denials.push({
        ...{ index, message: messageOf(validation, evaluation), reason: validation.reason },
        seconds: since(began)
      })
  }
  return { denials, ...annotate(compiled, inputs, failed) }
}

const annotate = (
  { annotations, variables }: Compiled.ValidatingPolicy,
  inputs: Cel.Inputs,
  failed: (message: string) => ReadonlyArray<Denial>
): Omit<Judged, "denials"> => {
  const evaluation = new Cel.Evaluation(inputs, variables, Cel.budget)
  const values: Array<readonly [string, string]> = []
  const failures: Array<Denial> = []
  for (const { expression, key } of annotations) {
    const outcome = evaluation.run(expression)
    if (outcome._tag !== "Value") failures.push(...failed(outcome.message))
    else if (typeof outcome.value === "string" && outcome.value.trim() !== "")
      values.push([key, outcome.value.trim().slice(0, longestAnnotation)])
  }
  return { annotations: values, failures }
}

const codes: { readonly [reason: string]: number } = {
  Unauthorized: 401,
  Forbidden: 403,
  RequestEntityTooLarge: 413,
  Invalid: 422
}
const refusal = ({ attributes }: Admitted, { message, reason }: Pick<Denial, "message" | "reason">) => {
  const { group, name, namespace, resource } = attributes
  const { message: detail } = new Forbidden({ group, resource, namespace, name, detail: message })
  const details = {
    ...(name !== "" && { name }),
    ...(group !== "" && { group }),
    kind: resource,
    causes: [{ message }]
  }
  return new StatusError({ code: codes[reason] ?? 422, reason, detail, details })
}

type Step<A> = Effect.Effect<A, ApiError | Unavailable, Kinds | Client>

const shown = ({ spec }: ValidatingAdmissionPolicyBinding) => spec.validationActions

/** One binding of a policy, with all its parameters. Answers with what is to be refused. */
const dispatch = Effect.fnUntraced(function* (
  policy: ValidatingAdmissionPolicy,
  binding: ValidatingAdmissionPolicyBinding,
  inputs: Cel.Inputs,
  request: Admitted,
  namespace: string
): Effect.fn.Return<ReadonlyArray<Denial>, ApiError | Unavailable, Kinds | Client> {
  const fails = policy.spec?.failurePolicy !== "Ignore"
  const found = yield* params(policy.spec?.paramKind, binding.spec.paramRef, namespace).pipe(
    Effect.catchTag("Misconfigured", ({ detail }) => Effect.succeed(detail))
  )
  if (typeof found === "string")
    return fails ? [{ index: 0, message: `failed to configure binding: ${found}`, reason: "Invalid", seconds: 0 }] : []
  const denied: Array<Denial> = []
  for (const param of found) {
    const { annotations, denials, failures } = judge(policy, { ...inputs, params: param })
    denied.push(...failures)
    for (const [key, value] of annotations) yield* Audit.annotate(`${policy.metadata.name}/${key}`, value)
    for (const denial of denials)
      for (const action of shown(binding)) {
        const { seconds } = denial
        yield* Metrics.unmet({ policy: policy.metadata.name, binding: binding.metadata.name, seconds }, action)
        if (action === "Deny") denied.push(denial)
        if (action === "Warn") request.warn(warning(policy, binding, denial))
        if (action === "Audit") yield* audit(policy, binding, denial)
      }
  }
  return denied
})

const warning = (policy: ValidatingAdmissionPolicy, binding: ValidatingAdmissionPolicyBinding, { message }: Denial) =>
  `Validation failed for ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}': ${message}`

const audit = (
  { metadata: { name: policy } }: ValidatingAdmissionPolicy,
  { metadata: { name: binding }, spec: { validationActions } }: ValidatingAdmissionPolicyBinding,
  { index: expressionIndex, message }: Denial
) =>
  Audit.annotate(
    "validation.policy.admission.k8s.io/validation_failure",
    JSON.stringify([{ message, policy, binding, expressionIndex, validationActions }])
  )

/** Of whatever is in a namespace, but of a Namespace itself. */
export const namespaceOf = (
  request: Admitted,
  subject: Subject.Subject,
  namespaces: Namespaces
): Step<WireObject | undefined> =>
  request.attributes.namespace === "" || Subject.isNamespace(subject)
    ? Effect.undefined
    : Effect.map(namespaces.find(request.attributes.namespace), Stages.asWire)

export const validate = Effect.fn("Policies.validate")(function* (
  { bindings, decide, namespaces, policies }: Known,
  request: Admitted
): Effect.fn.Return<void, ApiError | Unavailable, Kinds | Client> {
  const subject = Subject.of(request)
  if (!isSubject(request, subject)) return
  let first: string | undefined
  let reason = "Invalid"
  for (const policy of policies) {
    const { metadata, spec } = policy
    if (spec?.matchConstraints === undefined) continue
    const version = yield* versionFor(spec.matchConstraints, request, subject, namespaces)
    if (version === undefined) continue
    for (const binding of bindings(metadata.name)) {
      const { matchResources } = binding.spec
      const isMeant =
        matchResources === undefined || (yield* versionFor(matchResources, request, subject, namespaces)) !== undefined
      if (!isMeant) continue
      const namespaceObject = yield* namespaceOf(request, subject, namespaces)
      const inputs = { ...(yield* inputsOf(request, subject, version, decide)), namespaceObject }
      const [denial] = yield* dispatch(policy, binding, inputs, request, subject.namespace)
      if (denial === undefined || first !== undefined) continue
      first = `ValidatingAdmissionPolicy '${metadata.name}' with binding '${binding.metadata.name}' denied request: ${denial.message}`
      reason = denial.reason
    }
  }
  if (first !== undefined) return yield* refusal(request, { message: first, reason })
})
