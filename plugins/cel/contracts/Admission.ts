/**
 * Expressions of webhooks and policies: compiled once, and evaluated for a request within a budget. Variables of a policy are
 * evaluated when they are first asked for, and once a request.
 */
import { Result, type Schema } from "effect"
import type { User } from "../../../kernel/pipeline/Attributes.ts"
import type { Shape } from "../../../kernel/resource/Shape.ts"
import { type Returns, returns, scopeOf, type Wanted } from "../admission/Environment.ts"
import { jsonOf, write } from "../admission/Written.ts"
import { ofShape } from "../Declared.ts"
import { fromJson } from "../Json.ts"
import { Authorizer, type Decide, ResourceCheck, type What } from "../library/Authorizer.ts"
import * as Program from "../Program.ts"
import * as Type from "../Types.ts"
import { Dict, Failure, fail, type Value } from "../Values.ts"

type JsonObject = Schema.JsonObject

export type { Decide, Returns, Wanted, What }

/** Of the objects of a kind, for checking expressions before there is one. */
export const objectType = (shape: Shape, kind: string): Type.Type => {
  const { fields = new Map(), ...type } = ofShape(shape, kind).type
  const named = [...fields, ["apiVersion", Type.string], ["kind", Type.string]] as const
  return type.kind === "object" ? { ...type, fields: new Map<string, Type.Type>(named) } : type
}

/** For all expressions of one policy and request. */
export const budget = 10_000_000
export const matchBudget = 2_500_000
const perCall = 1_000_000

export interface Expression {
  readonly source: string
  readonly type: Type.Type
  /** Why it does not compile. Such an expression fails whenever it is evaluated. */
  readonly error: string | undefined
  readonly program: Program.Program | undefined
}
export interface Variable {
  readonly name: string
  readonly expression: Expression
}

const oneOf = (wanted: ReadonlyArray<Type.Type>) =>
  wanted.length === 1 ? wanted.map(Type.format).join("") : `one of [${wanted.map(Type.format).join(" ")}]`

export const compile = (source: string, wanted: Wanted, result: Returns): Expression => {
  const compiled = Program.compile(source, scopeOf(wanted), write)
  const wrong = (error: string, type: Type.Type): Expression => ({ source, type, error, program: undefined })
  if (Result.isFailure(compiled)) return wrong(`${compiled.failure.stage} failed: ${compiled.failure.message}`, Type.dyn)
  const program = compiled.success
  const allowed = returns[result]
  if (allowed.length > 0 && !allowed.some((type) => Type.same(type, program.type)))
    return wrong(`must evaluate to ${oneOf(allowed)} but got ${Type.format(program.type)}`, program.type)
  return { source, type: program.type, error: undefined, program }
}

/** In their order; each sees those before it. */
export const compileVariables = (
  variables: ReadonlyArray<{ readonly name: string; readonly expression: string }>,
  wanted: Wanted
): { readonly variables: ReadonlyArray<Variable>; readonly wanted: Wanted } => {
  const types = new Map<string, Type.Type>()
  const compiled = variables.map(({ expression, name }): Variable => {
    const one = compile(expression, { ...wanted, variables: new Map(types) }, "any")
    types.set(name, one.type)
    return { name, expression: one }
  })
  return { variables: compiled, wanted: { ...wanted, variables: types } }
}

export interface Inputs {
  readonly object: JsonObject | undefined
  readonly oldObject: JsonObject | undefined
  /** As an AdmissionReview has it, without the objects. */
  readonly request: JsonObject
  readonly params?: JsonObject | undefined
  readonly namespaceObject?: JsonObject | undefined
  readonly authorizer?: { readonly user: User; readonly decide: Decide; readonly what: What }
}

export type Outcome =
  | { readonly _tag: "Value"; readonly value: Value }
  | { readonly _tag: "Failed"; readonly message: string }
  /** Nothing further is evaluated. */
  | { readonly _tag: "OutOfBudget"; readonly message: string }

const outOfBudget = "validation failed due to running out of cost budget, no further validation rules will be run"

/** The evaluations for one request; `budget` is shared by all of them. */
export class Evaluation {
  private left: number
  private spent = 0
  private readonly values: ReadonlyMap<string, Value>

  constructor(inputs: Inputs, variables: ReadonlyArray<Variable>, budget: number) {
    this.left = budget
    const json = (value: Schema.Json | undefined): Value => (value === undefined ? null : fromJson(value))
    const { authorizer } = inputs
    const values = new Map<string, Value>([
      ["object", json(inputs.object)],
      ["oldObject", json(inputs.oldObject)],
      ["request", json(inputs.request)],
      ["params", json(inputs.params)],
      ["namespaceObject", json(inputs.namespaceObject)]
    ])
    if (authorizer !== undefined) {
      const value = new Authorizer(authorizer.user, authorizer.decide)
      values.set("authorizer", value).set("authorizer.requestResource", new ResourceCheck(value, authorizer.what))
    }
    this.values = values.set("variables", new Lazily(variables, (variable) => this.variable(variable)))
  }

  private readonly lookup = (name: string) => this.values.get(name)

  /** Its cost is taken from the budget of the expression that asked for it. */
  private variable({ expression, name }: Variable): Value {
    if (expression.program === undefined)
      return fail(`composited variable ${JSON.stringify(name)} fails to compile: ${expression.error}`)
    const { cost, value } = expression.program.run(this.lookup, perCall)
    this.spent += cost
    return value instanceof Failure
      ? fail(`composited variable ${JSON.stringify(name)} fails to evaluate: ${value.message}`)
      : value
  }

  run({ error, program, source }: Expression): Outcome {
    if (program === undefined) return { _tag: "Failed", message: `compilation error: ${error}` }
    this.spent = 0
    const { cost, value } = program.run(this.lookup, perCall)
    this.left -= cost + this.spent
    if (this.left < 0) return { _tag: "OutOfBudget", message: outOfBudget }
    if (value instanceof Failure)
      return { _tag: "Failed", message: `expression '${source}' resulted in error: ${value.message}` }
    return { _tag: "Value", value }
  }
}

class Lazily extends Dict {
  private readonly variables: ReadonlyMap<string, Variable>
  private readonly evaluate: (variable: Variable) => Value
  private readonly known = new Map<string, Value>()
  constructor(variables: ReadonlyArray<Variable>, evaluate: (variable: Variable) => Value) {
    super()
    this.variables = new Map(variables.map((variable) => [variable.name, variable]))
    this.evaluate = evaluate
  }
  override get typeName() {
    return "kubernetes.variables"
  }
  get size() {
    return this.variables.size
  }
  find(key: Value): Value | undefined {
    const variable = typeof key === "string" ? this.variables.get(key) : undefined
    if (variable === undefined) return undefined
    const before = this.known.get(variable.name)
    if (before !== undefined) return before
    const value = this.evaluate(variable)
    this.known.set(variable.name, value)
    return value
  }
  keys() {
    return this.variables.keys()
  }
}

export { jsonOf }
/** A value's text, truth or JSON, for those who ask. */
export type { Value }
