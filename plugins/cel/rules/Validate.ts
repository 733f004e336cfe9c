/**
 * An object against the rules of its kind. A rule that was broken before, in a part that the update leaves as it is, is told as a
 * warning only (ratcheting); rules that speak of `oldSelf` run where there is something to compare with.
 */
import type { Schema } from "effect"
import type { Cause } from "../../../kernel/client/Errors.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { equal as jsonEqual } from "../../../kernel/resource/JsonEqual.ts"
import { isObject } from "../Declared.ts"
import { fromJson } from "../Json.ts"
import { type Outcome, type Program, tooExpensive } from "../Program.ts"
import { Failure, none, Optional, type Value } from "../Values.ts"
import { type CompiledRule, nameOf } from "./Rule.ts"
import type { Node } from "./Tree.ts"

type Json = Schema.Json

/** For all rules of one request. */
const budget = 10_000_000
/** For one rule. */
const perCall = 1_000_000
const longestMessage = 5 * 1024
const outOfBudget = "validation failed due to running out of cost budget, no further validation rules will be run"

/** How a part lies to what it was: whether it is unchanged; asked only when something is wrong with it. */
interface Correlation {
  readonly current?: () => boolean
  readonly parent?: () => boolean
}

interface Run {
  left: number
  readonly causes: Array<Cause>
  readonly warnings: Array<string>
}

export const validate = (root: Node, object: Json, old: Json | undefined) => {
  const run: Run = { left: budget, causes: [], warnings: [] }
  walk(run, root, "", object, old, old === undefined ? {} : { current: () => jsonEqual(object, old) })
  return { causes: run.causes, warnings: run.warnings }
}

const walk = (run: Run, node: Node, path: string, value: Json, old: Json | undefined, correlation: Correlation): void => {
  if (value === null) return
  checkRules(run, node, path, value, old ?? undefined, correlation)
  for (const part of node.allOf) {
    if (run.left < 0) return
    walk(run, part, path, value, old, correlation.parent === undefined ? {} : { parent: correlation.parent })
  }
  if (Array.isArray(value)) walkList(run, node, path, value, Array.isArray(old) ? old : undefined, correlation)
  else if (isObject(value)) walkObject(run, node, path, value, isObject(old) ? old : undefined, correlation)
}

const inside = (correlation: Correlation, value: Json, old: Json | undefined): Correlation => {
  if (correlation.current === undefined) return correlation
  const parent = correlation.current
  return old === undefined ? { parent } : { parent, current: () => jsonEqual(value, old) }
}

const walkObject = (
  run: Run,
  { additional, properties }: Node,
  path: string,
  value: Schema.JsonObject,
  old: Schema.JsonObject | undefined,
  correlation: Correlation
) => {
  for (const [name, inner] of Object.entries(value)) {
    if (run.left < 0) return
    const before = old !== undefined && Object.hasOwn(old, name) ? old[name] : undefined
    const property = properties?.get(name)
    if (property !== undefined) {
      walk(run, property, path === "" ? name : `${path}.${name}`, inner, before, inside(correlation, inner, before))
    } else if (additional !== undefined)
      walk(run, additional, `${path}[${name}]`, inner, before, inside(correlation, inner, before))
  }
}

const walkList = (
  run: Run,
  { items, keys }: Node,
  path: string,
  value: ReadonlyArray<Json>,
  old: ReadonlyArray<Json> | undefined,
  correlation: Correlation
) => {
  if (items === undefined) return
  const wordOf = (item: Json) => JSON.stringify(keys?.map((key) => (isObject(item) ? item[key] : null)))
  const before = new Map(keys === undefined ? [] : old?.map((item) => [wordOf(item), item] as const))
  value.forEach((item, index) => {
    if (run.left < 0) return
    const was = keys === undefined ? undefined : before.get(wordOf(item))
    walk(run, items, `${path}[${index}]`, item, was, inside(correlation, item, was))
  })
}

/** Upstream's word for the path of the whole. */
const shownPath = (path: string) => (path === "" ? "<nil>" : path)

const checkRules = (run: Run, node: Node, path: string, value: Json, old: Json | undefined, correlation: Correlation) => {
  const field = shownPath(path)
  const wrong = (detail: string) => run.causes.push(Causes.invalid(field, node.type, detail))
  if (node.rules.length > 0 && run.left <= 0) {
    wrong(outOfBudget)
    run.left = -1
    return
  }
  for (const compiled of node.rules) {
    if (run.left < 0) return
    const { error, program, rule, usesOldSelf } = compiled
    if (error !== undefined) wrong(`rule compile error: ${error}`)
    const isOptional = rule.optionalOldSelf === true
    if (program === undefined || (usesOldSelf && old === undefined && !isOptional)) continue
    const variables = variablesOf(node, value, old, isOptional)
    const outcome = evaluate(run, program, variables)
    if (outcome === undefined) {
      wrong(outOfBudget)
      run.left = -1
    } else if (outcome.value instanceof Failure) failed(run, wrong, outcome, rule)
    else if (outcome.value !== true) broken(run, node, path, value, compiled, variables, correlation)
  }
}

const variablesOf = (node: Node, value: Json, old: Json | undefined, isOptional: boolean) => {
  const self = fromJson(value, node.declared)
  const before = old === undefined ? undefined : fromJson(old, node.declared)
  const oldSelf = isOptional ? (before === undefined ? none : new Optional(before)) : before
  return (name: string): Value | undefined => (name === "self" ? self : name === "oldSelf" ? oldSelf : undefined)
}

/** Nothing: the request has no budget left. */
const evaluate = (run: Run, program: Program, variables: (name: string) => Value | undefined): Outcome | undefined => {
  const outcome = program.run(variables, perCall)
  if (outcome.cost > run.left) return undefined
  run.left -= outcome.cost
  return outcome
}

const failed = (run: Run, wrong: (detail: string) => void, { exhausted, value }: Outcome, rule: CompiledRule["rule"]) => {
  const message = value instanceof Failure ? value.message : ""
  if (exhausted) {
    wrong(
      `'${tooExpensive}': no further validation rules will be run due to call cost exceeds limit for rule: ${nameOf(rule)}`
    )
    run.left = -1
  } else if (message.startsWith("no such overload"))
    wrong(
      `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${nameOf(rule)}`
    )
  else wrong(`${message} evaluating rule: ${nameOf(rule)}`)
}

const broken = (
  run: Run,
  node: Node,
  path: string,
  value: Json,
  compiled: CompiledRule,
  variables: (name: string) => Value | undefined,
  { current, parent }: Correlation
) => {
  const { fieldPath, messageProgram, rule, usesOldSelf } = compiled
  const at = fieldPath === "" ? shownPath(path) : path === "" ? fieldPath : `${path}.${fieldPath}`
  const isUnchanged = !usesOldSelf && (current ?? parent)?.() === true
  const add = (cause: Cause) => (isUnchanged ? run.warnings.push(`${cause.field}: ${cause.detail}`) : run.causes.push(cause))
  const told = messageProgram === undefined ? undefined : messageOf(run, messageProgram, variables)
  if (told !== undefined && "stop" in told) {
    add(Causes.invalid(at, node.type, told.stop))
    run.left = -1
    return
  }
  const { message = "" } = rule
  const detail = told?.text ?? (message === "" ? `failed rule: ${rule.rule.trim()}` : message.trim())
  add(causeOf(rule.reason, at, node.type === "object" || node.type === "array" ? undefined : value, detail))
}

const messageOf = (
  run: Run,
  program: Program,
  variables: (name: string) => Value | undefined
): { readonly text: string } | { readonly stop: string } | undefined => {
  const { cost, exhausted, value } = program.run(variables, perCall)
  if (cost > run.left)
    return {
      stop: "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run"
    }
  if (exhausted)
    return {
      stop: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(program.source)}`
    }
  run.left -= cost
  if (typeof value !== "string") return undefined
  const text = value.trim()
  return text === "" || text.includes("\n") || Buffer.byteLength(text) > longestMessage ? undefined : { text }
}

/** Objects and lists are not shown. */
const causeOf = (reason: string | undefined, field: string, value: Json | undefined, detail: string): Cause => {
  switch (reason) {
    case "FieldValueForbidden":
      return Causes.forbidden(field, detail)
    case "FieldValueRequired":
      return Causes.required(field, detail)
    case "FieldValueDuplicate":
      return value === undefined
        ? { field, type: "FieldValueDuplicate", detail: "Duplicate value" }
        : Causes.duplicate(field, value)
    default:
      return value === undefined
        ? { field, type: "FieldValueInvalid", detail: `Invalid value: ${detail}` }
        : Causes.invalid(field, value, detail)
  }
}
