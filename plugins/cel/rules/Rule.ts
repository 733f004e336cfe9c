/** One entry of `x-kubernetes-validations`: what was written, and what it compiles to. */
import { Result, Schema } from "effect"
import type { Declared } from "../Declared.ts"
import { standard } from "../library/Library.ts"
import { compile, estimateOf, type Program } from "../Program.ts"
import * as Type from "../Types.ts"
import { normalize } from "./FieldPath.ts"

const Written = Schema.Struct({
  rule: Schema.optionalKey(Schema.String),
  message: Schema.optionalKey(Schema.String),
  messageExpression: Schema.optionalKey(Schema.String),
  reason: Schema.optionalKey(Schema.String),
  fieldPath: Schema.optionalKey(Schema.String),
  optionalOldSelf: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})
export interface Rule extends Omit<typeof Written.Type, "rule"> {
  readonly rule: string
}

export interface CompiledRule {
  readonly rule: Rule
  /** Neither this nor an error: the rule was empty. */
  readonly program?: Program
  readonly error?: string
  readonly usesOldSelf: boolean
  readonly cost: number
  readonly messageProgram?: Program
  readonly messageError?: string
  readonly messageCost: number
  /** Where the mistake is shown, from here. */
  readonly fieldPath: string
}

const decode = Schema.decodeUnknownResult(Written)

/** What is no rule at all is left to the definition's own validation. */
export const rulesOf = (schema: Schema.JsonObject): ReadonlyArray<Rule> => {
  const written = schema["x-kubernetes-validations"]
  if (!Array.isArray(written)) return []
  return written.flatMap((one) => {
    const rule = decode(one)
    return Result.isSuccess(rule) ? [{ ...rule.success, rule: rule.success.rule ?? "" }] : []
  })
}

const scope = (self: Type.Type, isOptional: boolean) => ({
  variables: new Map([
    ["self", self],
    ["oldSelf", isOptional ? Type.optional(self) : self]
  ]),
  functions: standard
})

export const compileRule = (rule: Rule, declared: Declared, schema: Schema.JsonObject): CompiledRule => {
  const nothing = { rule, usesOldSelf: false, cost: 0, messageCost: 0, fieldPath: "" }
  if (rule.rule.trim() === "") return nothing
  const types = scope(declared.type, rule.optionalOldSelf === true)
  const compiled = compile(rule.rule, types)
  if (Result.isFailure(compiled))
    return { ...nothing, error: `${compiled.failure.stage} failed: ${compiled.failure.message}` }
  const program = compiled.success
  if (program.type.kind !== "bool") return { ...nothing, error: "cel expression must evaluate to a bool" }
  const common = {
    rule,
    program,
    usesOldSelf: program.uses("oldSelf"),
    cost: estimateOf(program, declared).max,
    fieldPath: rule.fieldPath === undefined ? "" : (normalize(rule.fieldPath, schema) ?? "")
  }
  const { messageExpression = "" } = rule
  if (messageExpression === "") return { ...common, messageCost: 0 }
  const message = compile(messageExpression, types)
  if (Result.isFailure(message)) {
    const stage = message.failure.stage === "compilation" ? "compilation" : "instantiation"
    return { ...common, messageCost: 0, messageError: `messageExpression ${stage} failed: ${message.failure.message}` }
  }
  if (message.success.type.kind !== "string")
    return { ...common, messageCost: 0, messageError: "messageExpression must evaluate to a string" }
  return { ...common, messageProgram: message.success, messageCost: estimateOf(message.success, declared).max }
}

/** How a rule is called in messages. */
export const nameOf = ({ message = "", rule }: Rule) => (message === "" ? rule.trim() : message.trim())
