/**
 * The Common Expression Language as Kubernetes 1.36 has it: types are checked before anything runs, mistakes are worded as upstream
 * words them, and every evaluation has a budget. Pure functions; values are the wire's JSON.
 */
import { Result, type Schema } from "effect"
import { type Declared, ofSchema, ofShape } from "../Declared.ts"
import { fromJson, toJson } from "../Json.ts"
import { standard } from "../library/Library.ts"
import * as Program_ from "../Program.ts"
import * as Type from "../Types.ts"
import { Failure } from "../Values.ts"

export type { Type } from "../Types.ts"
export { Type as Types }
/** What a schema or a shape says of a value. */
export type { Declared }
export { ofSchema, ofShape }

export interface CompileError {
  /** Of possibly several lines: where in the source, and what is wrong there. */
  readonly message: string
}
export interface EvaluationError {
  readonly _tag: "EvaluationError"
  readonly message: string
  readonly cost: number
}
/** The budget was used up before there was an answer. */
export interface CostExceeded {
  readonly _tag: "CostExceeded"
  readonly message: string
  readonly cost: number
}

export interface Declarations {
  /** Variables by name; nothing is known of those that are not declared further (`dyn`). */
  readonly variables: { readonly [name: string]: Declared | undefined }
}
export interface Evaluated {
  readonly value: Schema.Json
  /** In units of cost, about 50 ns each on the machine of those who chose them. */
  readonly cost: number
}
export interface Program {
  readonly result: Type.Type
  /** The most that an evaluation can cost, by what is declared of the first variable. */
  readonly estimatedCost: number
  readonly uses: (variable: string) => boolean
  readonly evaluate: (
    bindings: { readonly [name: string]: Schema.Json },
    budget: number
  ) => Result.Result<Evaluated, EvaluationError | CostExceeded>
}

export const compile = (source: string, { variables }: Declarations): Result.Result<Program, CompileError> => {
  const types = Object.entries(variables).map(([name, declared]) => [name, declared?.type ?? Type.dyn] as const)
  const [first] = Object.values(variables)
  return Result.mapBoth(Program_.compile(source, { variables: new Map(types), functions: standard }), {
    onFailure: ({ message }) => ({ message }),
    onSuccess: (program): Program => ({
      result: program.type,
      estimatedCost: Program_.estimateOf(program, first).max,
      uses: program.uses,
      evaluate: (bindings, budget) => {
        const variable = (name: string) =>
          Object.hasOwn(bindings, name) ? fromJson(bindings[name] ?? null, variables[name]) : undefined
        return answer(program.run(variable, budget))
      }
    })
  })
}

const answer = ({ cost, exhausted, value }: Program_.Outcome): Result.Result<Evaluated, EvaluationError | CostExceeded> => {
  if (value instanceof Failure)
    return Result.fail({ _tag: exhausted ? "CostExceeded" : "EvaluationError", message: value.message, cost })
  const json = toJson(value)
  return json === undefined
    ? Result.fail({ _tag: "EvaluationError", message: "the result is no JSON", cost })
    : Result.succeed({ value: json, cost })
}
