/**
 * What is wrong with the rules of a definition: mistakes in them, and that they could cost too much. How often a rule can run is
 * known from the limits of the lists and maps around it; where there are none, from how many such values fit into one request.
 */
import type { Schema } from "effect"
import type { Cause } from "../../../kernel/client/Errors.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { cardinality, type Declared, isObject, ofSchema } from "../Declared.ts"
import { escape } from "../Escape.ts"
import { normalize } from "./FieldPath.ts"
import { type CompiledRule, compileRule, type Rule, rulesOf } from "./Rule.ts"

type JsonObject = Schema.JsonObject

const perExpression = 10_000_000
const perDefinition = 100_000_000
const limit = 2 ** 64

interface Context {
  readonly path: string
  readonly isRoot: boolean
  /** How often a value of this schema can be in an object; nothing: as often as fits. */
  readonly count: number | undefined
  /** The first schema around this one whose parts cannot be found again in the object as it was. */
  readonly uncorrelated: string | undefined
  readonly declared: Declared | undefined
}

interface Found {
  readonly causes: Array<Cause>
  readonly costs: Array<{ readonly field: string; readonly cost: number }>
  total: number
}

export const problems = (schema: JsonObject, field: string): ReadonlyArray<Cause> => {
  const found: Found = { causes: [], costs: [], total: 0 }
  walk(found, schema, { path: field, isRoot: true, count: 1, uncorrelated: undefined, declared: undefined })
  if (found.total <= perDefinition) return found.causes
  const contributed = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
  const costly = found.costs.filter(({ cost }) => cost >= perDefinition / 100).toSorted((a, b) => b.cost - a.cost)
  const whole = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
  return [
    ...found.causes,
    ...costly.slice(0, 4).map(({ field }) => Causes.forbidden(field, contributed)),
    Causes.forbidden(field, tooMuch(whole, found.total, perDefinition))
  ]
}

const tooMuch = (what: string, cost: number, allowed: number) => {
  const factor = cost / allowed
  const shown = factor > 100 ? "more than 100x" : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`
  return `${what} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}

/** Whether this schema and those inside of it are well formed, so that their rules can be looked at. */
const walk = (found: Found, schema: JsonObject, context: Context): boolean => {
  const { additionalProperties, items, properties } = schema
  const declared =
    context.declared ?? (rulesOf(schema).length > 0 ? ofSchema(schema, "selfType", isRoot(schema, context)) : undefined)
  const inside = {
    isRoot: false,
    uncorrelated: context.uncorrelated,
    declared: declared?.item,
    count: countIn(schema, context.count)
  }
  let isWell = true
  if (isObject(additionalProperties))
    isWell = walk(found, additionalProperties, { ...inside, path: `${context.path}.additionalProperties` })
  for (const [name, property] of Object.entries(isObject(properties) ? properties : {})) {
    if (!isObject(property)) continue
    const word = escape(name)
    const known = word === undefined ? undefined : declared?.fields?.get(word)?.declared
    const path = `${context.path}.properties[${name}]`
    isWell = walk(found, property, { ...inside, path, declared: known }) && isWell
  }
  if (isObject(items)) {
    const isMap = schema["x-kubernetes-list-type"] === "map"
    const uncorrelated = context.uncorrelated ?? (isMap ? undefined : context.path)
    isWell = walk(found, items, { ...inside, path: `${context.path}.items`, uncorrelated }) && isWell
  }
  return rules(found, schema, { ...context, declared }, isWell) && isWell
}

const isRoot = (schema: JsonObject, context: Context) => context.isRoot || schema["x-kubernetes-embedded-resource"] === true

const countIn = (schema: JsonObject, count: number | undefined): number | undefined => {
  const most =
    schema["type"] === "array" ? schema["maxItems"] : isObject(schema["additionalProperties"]) ? schema["maxProperties"] : 1
  return count === undefined || typeof most !== "number" ? undefined : Math.min(limit, count * Math.max(0, most))
}

const rules = (found: Found, schema: JsonObject, context: Context, isWell: boolean): boolean => {
  const written = rulesOf(schema)
  const path = (index: number) => `${context.path}.x-kubernetes-validations[${index}]`
  const malformed = written.flatMap((rule, index) => wellFormed(rule, path(index), schema))
  found.causes.push(...malformed)
  if (malformed.length > 0) return false
  if (!isWell) return true
  const { declared } = context
  if (declared === undefined) {
    if (written.length === 0) return true
    const why =
      "failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations"
    const field = `${context.path}.x-kubernetes-validations`
    found.causes.push({ field, type: "InternalError", detail: `Internal error: internal error: ${why}` })
    return true
  }
  written.forEach((rule, index) => judge(found, compileRule(rule, declared, schema), path(index), context, declared))
  return true
}

const lines = /[\n\r]/
const reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"]

const wellFormed = (rule: Rule, path: string, schema: JsonObject): ReadonlyArray<Cause> => {
  const { fieldPath = "", message = "", messageExpression = "", reason } = rule
  const causes: Array<Cause> = []
  const blank = (text: string) => text !== "" && text.trim() === ""
  if (rule.rule.trim() === "") causes.push(Causes.required(`${path}.rule`, "rule is not specified"))
  else if (blank(message)) causes.push(Causes.invalid(`${path}.message`, message, "must be non-empty if specified"))
  else if (lines.test(message.trim()))
    causes.push(Causes.invalid(`${path}.message`, message, "must not contain line breaks"))
  else if (lines.test(rule.rule.trim()) && message.trim() === "")
    causes.push(Causes.required(`${path}.message`, "message must be specified if rule contains line breaks"))
  if (blank(messageExpression))
    causes.push(Causes.required(`${path}.messageExpression`, "messageExpression must be non-empty if specified"))
  if (reason !== undefined && !reasons.includes(reason)) causes.push(Causes.notSupported(`${path}.reason`, reason, reasons))
  if (blank(fieldPath)) causes.push(Causes.invalid(`${path}.fieldPath`, fieldPath, "must be non-empty if specified"))
  if (lines.test(fieldPath)) causes.push(Causes.invalid(`${path}.fieldPath`, fieldPath, "must not contain line breaks"))
  if (fieldPath !== "" && normalize(fieldPath, schema) === undefined)
    causes.push(Causes.invalid(`${path}.fieldPath`, fieldPath, "must be a valid path"))
  return causes
}

const judge = (found: Found, compiled: CompiledRule, path: string, context: Context, declared: Declared) => {
  const { error, messageCost, messageError, messageProgram, rule, usesOldSelf } = compiled
  const cost = Math.min(limit, compiled.cost * (context.count ?? cardinality(declared.minSize)))
  const observe = (field: string, one: number) => {
    found.total = Math.min(limit, found.total + one)
    found.costs.push({ field, cost: one })
  }
  if (cost > perExpression)
    found.causes.push(Causes.forbidden(`${path}.rule`, tooMuch("estimated rule cost", cost, perExpression)))
  observe(`${path}.rule`, cost)
  if (error !== undefined) found.causes.push(ofRule(`${path}.rule`, rule, error))
  if (messageError !== undefined) found.causes.push(ofRule(`${path}.messageExpression`, rule, messageError))
  else if (messageProgram !== undefined) {
    const field = `${path}.messageExpression`
    if (messageCost > perExpression)
      found.causes.push(Causes.forbidden(field, tooMuch("estimated messageExpression cost", messageCost, perExpression)))
    observe(field, messageCost)
  }
  if (usesOldSelf && context.uncorrelated !== undefined) {
    const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${context.uncorrelated}`
    found.causes.push(Causes.invalid(`${path}.rule`, rule.rule, detail))
  } else if (!usesOldSelf && typeof rule.optionalOldSelf === "boolean")
    found.causes.push(
      Causes.invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, "may not be set if oldSelf is not used in rule")
    )
}

/** Upstream shows the whole rule, and scripts have come to match that. */
const ofRule = (field: string, rule: Rule, detail: string): Cause => {
  const { fieldPath = "", message = "", messageExpression = "", optionalOldSelf = null, reason = null } = rule
  const shown = {
    Rule: rule.rule,
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason,
    FieldPath: fieldPath,
    OptionalOldSelf: optionalOldSelf
  }
  return Causes.invalid(field, shown, detail)
}
