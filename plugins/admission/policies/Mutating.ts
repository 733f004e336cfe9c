/** Policies that change objects: one after another, each on what the one before has left. */
import { Effect, Result, type Schema } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { Client } from "../../../kernel/client/Client.ts"
import { type ApiError, internalError, StatusError } from "../../../kernel/client/Errors.ts"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import type { Version } from "../../../kernel/resource/Kind.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import * as Shape from "../../../kernel/resource/Shape.ts"
import * as Cel from "../../cel/contracts/Admission.ts"
import * as MatchConditions from "../../cel/contracts/MatchConditions.ts"
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding
} from "../../resources/contracts/admissionregistration/v1.ts"
import { inputsOf } from "../matching/Expressions.ts"
import type { Namespaces } from "../matching/Selectors.ts"
import * as Subject from "../matching/Subject.ts"
import { stored } from "../webhooks/Mutating.ts"
import * as Changes from "./Changes.ts"
import * as Compiled from "./Compiled.ts"
import { isSubject, params, versionFor } from "./Matching.ts"
import * as Metrics from "./Metrics.ts"
import { namespaceOf } from "./Validating.ts"
import * as Rounds from "../matching/Rounds.ts"

export interface Known {
  readonly policies: ReadonlyArray<MutatingAdmissionPolicy>
  readonly bindings: (policy: string) => ReadonlyArray<MutatingAdmissionPolicyBinding>
  readonly namespaces: Namespaces
  readonly decide: Cel.Decide
}

/** A policy with one of its bindings and one of their parameters. */
interface Invocation {
  readonly id: string
  readonly policy: MutatingAdmissionPolicy
  readonly binding: MutatingAdmissionPolicyBinding
  readonly version: Version
  readonly param: WireObject | undefined
}

/** What has become of the policies that want to be asked again. */
const progressOf = Rounds.make()

const isIgnored = ({ spec }: MutatingAdmissionPolicy) => spec?.failurePolicy === "Ignore"

/** Upstream's refusal has the reason of a mistake, and the code of what is forbidden. */
const refused = ({ attributes }: Admitted, policy: string, binding: string, why: string) => {
  const { group, name, resource } = attributes
  const message = `policy '${policy}' with binding '${binding}' denied request: ${why}`
  const details = {
    ...(name !== "" && { name }),
    ...(group !== "" && { group }),
    kind: resource,
    causes: [{ message: "admission request denied by policy" }, { message }]
  }
  return new StatusError({ code: 403, reason: "Invalid", detail: message, details })
}

type Env = Kinds | Client

const invocationsOf = Effect.fnUntraced(function* (
  { bindings, namespaces, policies }: Known,
  request: Admitted,
  subject: Subject.Subject
): Effect.fn.Return<ReadonlyArray<Invocation>, ApiError | Unavailable, Env> {
  const found: Array<Invocation> = []
  for (const policy of policies) {
    const { metadata, spec } = policy
    const version = spec?.matchConstraints && (yield* versionFor(spec.matchConstraints, request, subject, namespaces))
    if (version === undefined) continue
    for (const binding of bindings(metadata.name)) {
      const { matchResources, paramRef } = binding.spec ?? {}
      const isMeant =
        matchResources === undefined || (yield* versionFor(matchResources, request, subject, namespaces)) !== undefined
      if (!isMeant) continue
      const given = yield* params(spec?.paramKind, paramRef, subject.namespace).pipe(
        Effect.catchTag("Misconfigured", ({ detail }) => Effect.succeed(detail))
      )
      if (typeof given !== "string") {
        for (const param of given) found.push({ id: idOf(policy, binding, param), policy, binding, version, param })
      } else if (!isIgnored(policy))
        return yield* refused(request, metadata.name, binding.metadata.name, `failed to configure binding: ${given}`)
    }
  }
  return found
})
const idOf = (policy: MutatingAdmissionPolicy, binding: MutatingAdmissionPolicyBinding, param: WireObject | undefined) => {
  const { name = "", namespace = "" } = Object(param?.["metadata"])
  return [policy.metadata.name, binding.metadata.name, String(namespace), String(name)].join("\0")
}

/** The object after a policy's mutations, in the version that it was shown; why there is none; nothing if it is not meant. */
const mutated = (
  { policy, version }: Invocation,
  inputs: Cel.Inputs
): Result.Result<Schema.JsonObject | undefined, string> => {
  const compiled = Compiled.mutating(policy)
  const matching = new Cel.Evaluation({ ...inputs, namespaceObject: undefined }, compiled.variables, Cel.matchBudget)
  const match = MatchConditions.match(compiled.conditions, matching)
  if (match._tag === "Excluded") return Result.succeed(undefined)
  if (match._tag === "Failed") return Result.fail(match.message)
  if (inputs.object === undefined) return Result.succeed(undefined)
  let object: Schema.JsonObject = inputs.object
  const shape = Shape.of(version.schema())
  for (const { expression, type } of compiled.mutations) {
    // Each sees what the one before has changed.
    const outcome = new Cel.Evaluation({ ...inputs, object }, compiled.variables, Cel.budget).run(expression)
    if (outcome._tag !== "Value") return Result.fail(outcome.message)
    const change = Cel.jsonOf(outcome.value)
    if (Result.isFailure(change)) return Result.fail(change.failure)
    const after: Result.Result<Schema.JsonObject, string> =
      type === "apply" ? Changes.apply(shape, object, change.success) : Changes.patch(object, change.success)
    if (Result.isFailure(after)) return Result.fail(after.failure)
    object = after.success
  }
  return Result.succeed(object)
}

const invoke = Effect.fnUntraced(function* (
  { decide, namespaces }: Known,
  invocation: Invocation,
  request: Admitted,
  subject: Subject.Subject
): Effect.fn.Return<WireObject | undefined, ApiError | Unavailable, Env> {
  const { binding, param, policy, version } = invocation
  const namespaceObject = yield* namespaceOf(request, subject, namespaces)
  const inputs = { ...(yield* inputsOf(request, subject, version, decide)), namespaceObject, params: param }
  const began = performance.now()
  const after = mutated(invocation, inputs)
  const about = { policy: policy.metadata.name, binding: binding.metadata.name }
  yield* Metrics.mutated({ ...about, seconds: (performance.now() - began) / 1000 }, Result.isSuccess(after))
  if (Result.isFailure(after)) {
    if (isIgnored(policy)) return undefined
    return yield* refused(request, about.policy, about.binding, after.failure)
  }
  const object = after.success
  if (object === undefined || inputs.object === undefined || equal(object, inputs.object)) return undefined
  if (subject.isOther) return object
  return yield* stored(request, { version }, object).pipe(Effect.mapError((error) => internalError(error.message)))
})

export const mutate = Effect.fn("Policies.mutate")(function* (
  known: Known,
  request: Admitted
): Effect.fn.Return<WireObject | undefined, ApiError | Unavailable, Env> {
  const subject = Subject.of(request)
  if (request.object === undefined || !isSubject(request, subject)) return undefined
  const { round } = request
  const own = progressOf(round)
  if (round.isSecond && own.left !== request.object) Rounds.overtake(own)
  let current = request
  for (const invocation of yield* invocationsOf(known, request, subject)) {
    if (round.isSecond && !own.again.has(invocation.id)) continue
    const changed = yield* invoke(known, invocation, current, subject)
    if (changed !== undefined) {
      current = { ...current, object: changed }
      Rounds.overtake(own)
      round.again()
    }
    if (invocation.policy.spec?.reinvocationPolicy === "IfNeeded") own.asked.add(invocation.id)
  }
  own.left = current.object
  return current.object
})
