/**
 * Selectors of labels, in their two forms (`app=web,tier!=db` and the LabelSelector of an object), and of fields. Parsed once,
 * then compiled to a predicate. Source: "Labels and Selectors", "Field Selectors" of the Kubernetes documentation.
 */
import { Result } from "effect"
import { BadRequest } from "../client/Errors.ts"
import * as Causes from "./Causes.ts"
import * as Names from "./Names.ts"

export type Labels = { readonly [key: string]: string }
export type Operator = "in" | "notin" | "exists" | "!" | "gt" | "lt"
export interface Requirement {
  readonly key: string
  readonly operator: Operator
  readonly values: ReadonlyArray<string>
  /** Written as a set, also if there is one in it. */
  readonly isSet?: boolean
}
/** All of them have to hold; an empty one selects everything. */
export type Selector = ReadonlyArray<Requirement>
export const everything: Selector = []

/** Source: meta/v1 LabelSelector. */
export interface LabelSelector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: ReadonlyArray<{
    readonly key: string
    readonly operator: string
    readonly values?: ReadonlyArray<string>
  }>
}

const number = (text: string | undefined) => (text !== undefined && /^[-+]?\d+$/.test(text) ? BigInt(text) : undefined)

const test = ({ key, operator, values }: Requirement): ((labels: Labels) => boolean) => {
  const set = new Set(values)
  const bound = number(values[0])
  const compare = (holds: (value: bigint, bound: bigint) => boolean) => (labels: Labels) => {
    const value = number(labels[key])
    return value !== undefined && bound !== undefined && holds(value, bound)
  }
  switch (operator) {
    case "in":
      return (labels) => Object.hasOwn(labels, key) && set.has(labels[key] ?? "")
    // What has no such label is not in any set.
    case "notin":
      return (labels) => !Object.hasOwn(labels, key) || !set.has(labels[key] ?? "")
    case "exists":
      return (labels) => Object.hasOwn(labels, key)
    case "!":
      return (labels) => !Object.hasOwn(labels, key)
    case "gt":
      return compare((value, limit) => value > limit)
    case "lt":
      return compare((value, limit) => value < limit)
  }
}

const none: Labels = {}

export const compile = (selector: Selector): ((labels: Labels | undefined) => boolean) => {
  const tests = selector.map(test)
  return (labels = none) => tests.every((holds) => holds(labels))
}

type Parsed<A> = Result.Result<A, BadRequest>
const refuse = (detail: string): Parsed<never> => Result.fail(new BadRequest({ detail }))

/** A word, an operator, or the end (`""`). Whether `in` is a word or an operator depends on where it stands. */
const tokens = (text: string): ReadonlyArray<string> => [...(text.match(/==|!=|[=!<>(),]|[^\s=!<>(),]+/g) ?? []), ""]
const isWord = (token: string) => token !== "" && !/^(?:==|!=|[=!<>(),])$/.test(token)

const operators = new Map<string, readonly [Operator, many: boolean]>([
  ["=", ["in", false]],
  ["==", ["in", false]],
  ["!=", ["notin", false]],
  ["in", ["in", true]],
  ["notin", ["notin", true]],
  [">", ["gt", false]],
  ["<", ["lt", false]]
])

const checked = (requirement: Requirement): Parsed<Requirement> => {
  const { key, operator, values } = requirement
  const [message] = Names.labelKey(key)
  if (message !== undefined)
    return refuse(`unable to parse requirement: <nil>: Invalid value: ${JSON.stringify(key)}: ${message}`)
  if ((operator === "gt" || operator === "lt") && number(values[0]) === undefined)
    return refuse(
      `unable to parse requirement: values[0]: Invalid value: ${JSON.stringify(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`
    )
  for (const [index, value] of values.entries()) {
    const [wrong] = Names.labelValue(value)
    if (wrong !== undefined)
      return refuse(
        `unable to parse requirement: values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong}`
      )
  }
  return Result.succeed(requirement)
}

/** `a=b,c!=d,e in (x,y),!f,g`, as in a query parameter. */
export const parse = (text: string): Parsed<Selector> => {
  const all = tokens(text)
  let at = 0
  const next = () => all[at++] ?? ""
  const several = () =>
    Result.gen(function* () {
      const open = next()
      if (open !== "(") return yield* refuse(`unable to parse requirement: found '${open}' expected: '('`)
      const found = [""]
      for (let token = next(); token !== ")"; token = next()) {
        if (token === ",") found.push("")
        else if (isWord(token) && found.at(-1) === "") found[found.length - 1] = token
        else return yield* refuse(`unable to parse requirement: found '${token}', expected: ',' or ')'`)
      }
      return [...new Set(found)]
    })
  const requirement = (key: string, negated: boolean): Parsed<Requirement> => {
    if (!isWord(key)) return refuse(`unable to parse requirement: found '${key}', expected: identifier`)
    const after = all[at] ?? ""
    if (negated || after === "" || after === ",") return checked({ key, operator: negated ? "!" : "exists", values: [] })
    const [operator, many] = operators.get(next()) ?? []
    if (operator === undefined)
      return refuse(`unable to parse requirement: found '${after}', expected: in, notin, =, ==, !=, gt, lt`)
    // An exact value may be empty: `a=` selects what has an empty label.
    const one = () => Result.succeed([isWord(all[at] ?? "") ? next() : ""])
    return Result.flatMap(many ? several() : one(), (values) => checked({ key, operator, values }))
  }
  return Result.gen(function* () {
    const found: Array<Requirement> = []
    if (all[at] === "") return found
    for (;;) {
      const first = next()
      if (first !== "!" && !isWord(first))
        return yield* refuse(
          found.length === 0
            ? `found '${first}', expected: !, identifier, or 'end of string'`
            : `found '${first}', expected: identifier after ','`
        )
      found.push(yield* requirement(first === "!" ? next() : first, first === "!"))
      const end = next()
      if (end === "") return found
      if (end !== ",") return yield* refuse(`found '${end}', expected: ',' or 'end of string'`)
    }
  })
}

/** A predicate of a query parameter. */
export const parseLabels = (text: string) => Result.map(parse(text), compile)
export { parse as parseFields } from "./FieldSelector.ts"

const wireOperators: { readonly [word: string]: Operator } = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!"
}

/** Of an object that passed `validate`. Absent: selects nothing. */
export const ofObject = (selector: LabelSelector | undefined): Selector | undefined =>
  selector && [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, operator: "in" as const, values: [value] })),
    ...(selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => ({
      key,
      operator: wireOperators[operator] ?? ("in" as const),
      values,
      isSet: true
    }))
  ]

/** A predicate of an object's selector; of none: nothing matches. */
export const matcher = (selector: LabelSelector | undefined): ((labels: Labels | undefined) => boolean) => {
  const requirements = ofObject(selector)
  return requirements === undefined ? () => false : compile(requirements)
}

const word = ({ isSet = false, key, operator, values }: Requirement) => {
  switch (operator) {
    case "exists":
      return key
    case "!":
      return `!${key}`
    case "gt":
      return `${key}>${values[0]}`
    case "lt":
      return `${key}<${values[0]}`
    default: {
      const sorted = values.toSorted()
      if (sorted.length !== 1 || isSet) return `${key} ${operator} (${sorted.join(",")})`
      return operator === "in" ? `${key}=${sorted[0]}` : `${key}!=${sorted[0]}`
    }
  }
}

/** In the form that `parse` takes, sorted by key: what `status.selector` of a Scale shows. */
export const format = (selector: Selector) =>
  selector
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(word)
    .join(",")

/** What is wrong with an object's selector, under `field`. */
export const validate = (selector: LabelSelector, field: string): Causes.Causes => [
  ...validateLabels(selector.matchLabels, `${field}.matchLabels`),
  ...(selector.matchExpressions ?? []).flatMap((expression, index) =>
    validateExpression(expression, `${field}.matchExpressions[${index}]`)
  )
]

export const validateLabels = (labels: Labels | undefined, field: string): Causes.Causes =>
  Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...Causes.broken(field, key, Names.labelKey(key)),
    ...Causes.broken(field, value, Names.labelValue(value))
  ])

type Expression = NonNullable<LabelSelector["matchExpressions"]>[number]
const validateExpression = ({ key, operator, values = [] }: Expression, field: string): Causes.Causes => {
  const known = wireOperators[operator]
  const many = known === "in" || known === "notin"
  return [
    ...(known === undefined ? [Causes.invalid(`${field}.operator`, operator, "not a valid selector operator")] : []),
    ...(many && values.length === 0
      ? [Causes.required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
      : []),
    ...(known !== undefined && !many && values.length > 0
      ? [Causes.forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
      : []),
    ...Causes.broken(`${field}.key`, key, Names.labelKey(key)),
    ...values.flatMap((value, index) => Causes.broken(`${field}.values[${index}]`, value, Names.labelValue(value)))
  ]
}
