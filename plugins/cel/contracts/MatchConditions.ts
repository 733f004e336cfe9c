/** `matchConditions` of webhooks and policies: all must hold, one that does not decides before those that fail. */
import { type Evaluation, type Expression, compile as compileOne, type Wanted } from "./Admission.ts"

export interface Condition {
  readonly name: string
  readonly expression: Expression
}

export type Match =
  | { readonly _tag: "Matches" }
  | { readonly _tag: "Excluded"; readonly condition: string }
  /** Whether that refuses the request, is for the failure policy to say. */
  | { readonly _tag: "Failed"; readonly message: string }

/** Of a webhook; those of a policy may know parameters and variables too. */
export const ofWebhook: Wanted = { hasParams: false, hasAuthorizer: true }

export const compile = (
  conditions: ReadonlyArray<{ readonly name: string; readonly expression: string }> = [],
  wanted: Wanted = ofWebhook
): ReadonlyArray<Condition> =>
  conditions.map(({ expression, name }) => ({ name, expression: compileOne(expression, wanted, "bool") }))

/** `evaluation` with the budget `matchBudget`. */
export const match = (conditions: ReadonlyArray<Condition>, evaluation: Evaluation): Match => {
  const failures: Array<string> = []
  for (const { expression, name } of conditions) {
    const outcome = evaluation.run(expression)
    if (outcome._tag === "OutOfBudget") return { _tag: "Failed", message: outcome.message }
    if (outcome._tag === "Failed") failures.push(outcome.message)
    else if (outcome.value === false) return { _tag: "Excluded", condition: name }
  }
  const [first, ...others] = failures
  if (first === undefined) return { _tag: "Matches" }
  return { _tag: "Failed", message: others.length === 0 ? first : `[${failures.join(", ")}]` }
}
