/**
 * The Common Expression Language as Kubernetes 1.36 has it: types are checked before anything runs, mistakes are worded as upstream
 * words them, and every evaluation has a budget. Pure functions; values are the wire's JSON.
 */
import { Result, type Schema } from "effect"
import type { Type } from "../Types.ts"

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
  readonly variables: { readonly [name: string]: Type }
}
export interface Evaluated {
  readonly value: Schema.Json
  /** In units of cost, about 50 ns each on the machine of those who chose them. */
  readonly cost: number
}
export interface Program {
  readonly result: Type
  /** The most that an evaluation can cost, by what the types say of sizes. */
  readonly estimatedCost: number
  readonly uses: (variable: string) => boolean
  readonly evaluate: (
    bindings: { readonly [name: string]: unknown },
    budget: number
  ) => Result.Result<Evaluated, EvaluationError | CostExceeded>
}

export const compile = (_source: string, _declarations: Declarations): Result.Result<Program, CompileError> =>
  Result.fail({ message: "not yet" })
