/** The way from a source to a program: parse, check, plan; and what it can cost. */
import { Result } from "effect"
import { type Checked, check, type Scope } from "./Checker.ts"
import { type Range, type Sizes, estimate } from "./Estimate.ts"
import type { Expression } from "./Expression.ts"
import { Exhausted, type Frame, type Step, Unplannable } from "./Frame.ts"
import { type Making, plan } from "./Interpreter.ts"
import { type Issue, show } from "./Issues.ts"
import { parse } from "./Parser.ts"
import type { Type } from "./Types.ts"
import { Failure, type Value } from "./Values.ts"

export interface Outcome {
  readonly cost: number
  /** A `Failure` is the error that nobody absorbed; `exhausted`, that the budget was used up. */
  readonly value: Value
  readonly exhausted: boolean
}
export interface Program {
  readonly source: string
  readonly type: Type
  readonly expression: Expression
  readonly checked: Checked
  readonly uses: (variable: string) => boolean
  readonly run: (variable: (name: string) => Value | undefined, limit: number) => Outcome
}

export const tooExpensive = "operation cancelled: actual cost limit exceeded"

export interface Refusal {
  /** Where in the source, and what; for what only shows when the program is made, without the place. */
  readonly message: string
  readonly stage: "compilation" | "program instantiation"
}

/** The message of what is wrong is upstream's, with the place. */
export const compile = (source: string, scope: Scope, struct?: Making["struct"]): Result.Result<Program, Refusal> => {
  const refuse = (issues: ReadonlyArray<Issue>): Result.Result<Program, Refusal> =>
    Result.fail({ message: show(source, issues), stage: "compilation" })
  const parsed = parse(source)
  if (Result.isFailure(parsed)) return refuse(parsed.failure)
  const expression = parsed.success
  const checked = check(expression, scope)
  if (checked.issues.length > 0) return refuse(checked.issues)
  const making: Making = { checked, functions: scope.functions, ...(struct !== undefined && { struct }) }
  return Result.map(planned(expression, making), (step) => ({
    source,
    type: checked.type,
    expression,
    checked,
    uses: (variable) => checked.variables.has(variable),
    run: (variable, limit) => run(step, variable, limit)
  }))
}

const planned = (expression: Expression, making: Making): Result.Result<Step, Refusal> => {
  try {
    return Result.succeed(plan(expression, making))
  } catch (cause) {
    if (!(cause instanceof Unplannable)) throw cause
    return Result.fail({ message: cause.message, stage: "program instantiation" })
  }
}

const run = (step: Step, variable: Frame["variable"], limit: number): Outcome => {
  const frame: Frame = { cost: 0, limit, locals: [], variable }
  try {
    const value = step(frame)
    return { cost: frame.cost, value, exhausted: false }
  } catch (exhausted) {
    if (!(exhausted instanceof Exhausted)) throw exhausted
    return { cost: exhausted.cost, value: new Failure(tooExpensive), exhausted: true }
  }
}

export const estimateOf = ({ checked, expression }: Program, sizes: Sizes): Range => estimate(expression, checked, sizes)
