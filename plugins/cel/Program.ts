/** The way from a source to a program: parse, check, plan; and what it can cost. */
import { Result } from "effect"
import { type Checked, check, type Scope } from "./Checker.ts"
import { type Range, type Sizes, estimate } from "./Estimate.ts"
import type { Expression } from "./Expression.ts"
import { Exhausted, type Frame, type Making, plan } from "./Interpreter.ts"
import { show } from "./Issues.ts"
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

/** The message of what is wrong is upstream's, with the place. */
export const compile = (source: string, scope: Scope, struct?: Making["struct"]): Result.Result<Program, string> =>
  Result.flatMap(
    Result.mapError(parse(source), (issues) => show(source, issues)),
    (expression) => {
      const checked = check(expression, scope)
      if (checked.issues.length > 0) return Result.fail(show(source, checked.issues))
      const making: Making = { checked, functions: scope.functions, ...(struct !== undefined && { struct }) }
      const step = plan(expression, making)
      return Result.succeed({
        source,
        type: checked.type,
        expression,
        checked,
        uses: (variable) => checked.variables.has(variable),
        run: (variable, limit) => run(step, variable, limit)
      })
    }
  )

const run = (step: ReturnType<typeof plan>, variable: Frame["variable"], limit: number): Outcome => {
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
