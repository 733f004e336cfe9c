/** Policies with their expressions compiled: once for each version of a policy, as objects do not change. */
import * as Cel from "../../cel/contracts/Admission.ts"
import * as MatchConditions from "../../cel/contracts/MatchConditions.ts"
import type {
  MatchCondition,
  MutatingAdmissionPolicy,
  ParamKind,
  ValidatingAdmissionPolicy,
  Variable
} from "../../resources/contracts/admissionregistration/v1.ts"

interface Common {
  readonly paramKind?: ParamKind
  readonly variables?: ReadonlyArray<Variable>
  readonly matchConditions?: ReadonlyArray<MatchCondition>
}
export interface Compiled {
  readonly variables: ReadonlyArray<Cel.Variable>
  readonly conditions: ReadonlyArray<MatchConditions.Condition>
}
export interface Validation {
  readonly expression: Cel.Expression
  readonly messageExpression: Cel.Expression | undefined
  readonly message: string
  readonly reason: string
}
export interface ValidatingPolicy extends Compiled {
  readonly validations: ReadonlyArray<Validation>
  readonly annotations: ReadonlyArray<{ readonly key: string; readonly expression: Cel.Expression }>
}
export interface Mutation {
  readonly type: "apply" | "patch"
  readonly expression: Cel.Expression
}
export interface MutatingPolicy extends Compiled {
  readonly mutations: ReadonlyArray<Mutation>
}

const common = ({ matchConditions, paramKind, variables = [] }: Common, patches: boolean) => {
  const base: Cel.Wanted = { hasParams: paramKind !== undefined, hasAuthorizer: true, patches }
  const { variables: compiled, wanted } = Cel.compileVariables(variables, base)
  return { variables: compiled, wanted, conditions: MatchConditions.compile(matchConditions, wanted) }
}

const remembered = <A extends object, B>(make: (policy: A) => B): ((policy: A) => B) => {
  const made = new WeakMap<A, B>()
  return (policy) => {
    const before = made.get(policy)
    if (before !== undefined) return before
    const compiled = make(policy)
    made.set(policy, compiled)
    return compiled
  }
}

export const validating = remembered(({ spec }: ValidatingAdmissionPolicy): ValidatingPolicy => {
  const { auditAnnotations = [], validations = [] } = spec ?? {}
  const { conditions, variables, wanted } = common(spec ?? {}, false)
  return {
    variables,
    conditions,
    validations: validations.map(({ expression, message = "", messageExpression = "", reason = "Invalid" }) => ({
      expression: Cel.compile(expression, wanted, "bool"),
      messageExpression:
        messageExpression === "" ? undefined : Cel.compile(messageExpression, { ...wanted, hasAuthorizer: false }, "string"),
      message,
      reason
    })),
    annotations: auditAnnotations.map(({ key, valueExpression }) => ({
      key,
      expression: Cel.compile(valueExpression, wanted, "annotation")
    }))
  }
})

export const mutating = remembered(({ spec }: MutatingAdmissionPolicy): MutatingPolicy => {
  const { conditions, variables, wanted } = common(spec ?? {}, true)
  return {
    variables,
    conditions,
    mutations: (spec?.mutations ?? []).map(({ applyConfiguration, jsonPatch, patchType }): Mutation => {
      const isPatch = patchType === "JSONPatch"
      const source = (isPatch ? jsonPatch : applyConfiguration)?.expression ?? ""
      return { type: isPatch ? "patch" : "apply", expression: Cel.compile(source, wanted, isPatch ? "patch" : "apply") }
    })
  }
})
