/**
 * Mistakes in literals, which are looked for when the types are right: times and patterns that are none, lists and maps of mixed
 * types, and what does not go with a format.
 */
import type { Call, Expression } from "./Expression.ts"
import type { Issue } from "./Issues.ts"
import { clausesOf, mistakeOf } from "./library/Formatting.ts"
import { compileRegex } from "./library/Regexes.ts"
import { parseDuration, parseTimestamp } from "./library/Times.ts"
import * as Type from "./Types.ts"

type TypeOf = (expression: Expression) => Type.Type

export const literalIssues = (expression: Expression, typeOf: TypeOf): ReadonlyArray<Issue> => {
  const issues: Array<Issue> = []
  walk(expression, typeOf, issues, false)
  return issues
}

/** Arguments of a format may be of any types together. */
const walk = (of: Expression, typeOf: TypeOf, issues: Array<Issue>, isFree: boolean): void => {
  const inner = (one: Expression, free = isFree) => walk(one, typeOf, issues, free)
  switch (of._tag) {
    case "Select":
      inner(of.operand)
      return
    case "Call":
      if (of.target !== undefined) inner(of.target)
      for (const arg of of.args) inner(arg, of.name === "format" && of.target !== undefined)
      issues.push(...ofCall(of, typeOf))
      return
    case "List":
      of.items.forEach((item) => inner(item))
      if (!isFree) issues.push(...mixed(of.items, typeOf, of.optional))
      return
    case "Map": {
      const optional = new Set(of.entries.flatMap((entry, index) => (entry.optional ? [index] : [])))
      for (const { key, value } of of.entries) [key, value].forEach((one) => inner(one))
      if (isFree) return
      issues.push(
        ...mixed(
          of.entries.map(({ key }) => key),
          typeOf,
          new Set()
        )
      )
      issues.push(
        ...mixed(
          of.entries.map(({ value }) => value),
          typeOf,
          optional
        )
      )
      return
    }
    case "Struct":
      for (const { value } of of.fields) inner(value)
      return
    case "Comprehension":
      for (const one of [of.range, of.init, of.condition, of.step, of.result]) inner(one)
      return
    default:
  }
}

const mixed = (items: ReadonlyArray<Expression>, typeOf: TypeOf, optional: ReadonlySet<number>): ReadonlyArray<Issue> => {
  const types = items.map((item, index) => (optional.has(index) ? Type.unwrapOptional(typeOf(item))[0] : typeOf(item)))
  const first = types.find((type) => !Type.isDynOrError(type))
  const other = types.findIndex(
    (type) => first !== undefined && !Type.isDynOrError(type) && Type.assign(new Map(), first, type) === undefined
  )
  const [at, found] = [items[other]?.at, types[other]]
  if (at === undefined || first === undefined || found === undefined) return []
  return [{ at, message: `expected type '${Type.format(first)}' but found '${Type.format(found)}'` }]
}

const wrong: { readonly [name: string]: (text: string) => boolean } = {
  duration: (text) => parseDuration(text) === undefined,
  timestamp: (text) => parseTimestamp(text) === undefined,
  matches: (text) => typeof compileRegex(text) === "string"
}

const ofCall = (call: Call, typeOf: TypeOf): ReadonlyArray<Issue> => {
  if (call.name === "format") return ofFormat(call, typeOf)
  const argument = call.name === "matches" ? call.args.at(-1) : call.args[0]
  if (argument?._tag !== "Literal" || typeof argument.value !== "string" || !Object.hasOwn(wrong, call.name)) return []
  return wrong[call.name]?.(argument.value) ? [{ at: argument.at, message: `invalid ${call.name} argument` }] : []
}

const ofFormat = ({ args: [list], at, target }: Call, typeOf: TypeOf): ReadonlyArray<Issue> => {
  if (target?._tag !== "Literal" || typeof target.value !== "string" || list?._tag !== "List") return []
  const clauses = clausesOf(target.value)
  for (const [index, verb] of clauses.entries()) {
    const item = list.items[index]
    if (item === undefined) return [{ at, message: `index ${index} out of range` }]
    const { kind, name } = typeOf(item)
    const message = mistakeOf(verb, kind, name)
    if (message !== undefined) return [{ at: item.at, message }]
  }
  return []
}
