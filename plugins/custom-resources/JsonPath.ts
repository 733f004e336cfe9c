/**
 * JSON paths as definitions of custom resources write them, such as `.status.conditions[?(@.type=="Ready")].status`: what columns,
 * selectable fields and scales are read by. Source: kubernetes.io, "JSONPath Support".
 */
import { Result, type Schema } from "effect"

type Json = Schema.Json
type Step = (values: ReadonlyArray<Json>) => ReadonlyArray<Json>

/** What is found in an object; nothing if there is no such thing. */
export type JsonPath = (object: Json) => ReadonlyArray<Json>

const isObject = (value: Json | undefined): value is Schema.JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const field =
  (name: string): Step =>
  (values) =>
    values.flatMap((value) => {
      const found = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
      return found === undefined ? [] : [found]
    })

const children = (value: Json): ReadonlyArray<Json> =>
  Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []
const wildcard: Step = (values) => values.flatMap(children)

const descendants = (value: Json): ReadonlyArray<Json> => [value, ...children(value).flatMap(descendants)]
const recursive =
  (name: string): Step =>
  (values) =>
    field(name)(values.flatMap(descendants))

/** `[2]`, `[-1]`, `[1:3]`, `[::2]`. */
const slice = (text: string): Step | undefined => {
  if (!/^-?\d*(:-?\d*){0,2}$/.test(text) || text === "") return undefined
  const [from = "", to, step = ""] = text.split(":")
  return (values) =>
    values.flatMap((value) => {
      if (!Array.isArray(value)) return []
      if (to === undefined) return value.slice(Number(from), Number(from) === -1 ? undefined : Number(from) + 1)
      const some = value.slice(from === "" ? 0 : Number(from), to === "" ? undefined : Number(to))
      const every = step === "" ? 1 : Math.max(1, Number(step))
      return some.filter((_, index) => index % every === 0)
    })
}

const operators = ["==", "!=", "<=", ">=", "<", ">"] as const
const compare = (operator: (typeof operators)[number], left: Json, right: Json): boolean => {
  if (operator === "==") return left === right
  if (operator === "!=") return left !== right
  if (typeof left !== typeof right || (typeof left !== "number" && typeof left !== "string")) return false
  const [a, b] = [left, right ?? ""]
  switch (operator) {
    case "<":
      return a < b
    case "<=":
      return a <= b
    case ">":
      return a > b
    case ">=":
      return a >= b
  }
}

const unquoted = (text: string): string | undefined => {
  const [, single, double] = /^(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")$/.exec(text) ?? []
  return (single ?? double)?.replaceAll(/\\(.)/g, "$1")
}

type Operand = (item: Json) => Json | undefined
const operand = (text: string): Result.Result<Operand, string> => {
  const word = unquoted(text)
  if (word !== undefined) return Result.succeed(() => word)
  if (text === "true" || text === "false") return Result.succeed(() => text === "true")
  if (/^[-+]?\d+(\.\d+)?$/.test(text)) return Result.succeed(() => Number(text))
  if (!text.startsWith("@")) return Result.fail(`unrecognized character in action: ${JSON.stringify(text.charAt(0))}`)
  return Result.map(
    parse(text.slice(1)),
    (path): Operand =>
      (item) =>
        path(item)[0]
  )
}

/** `?(@.type=="Ready")`, or `?(@.type)`: those that have it. */
const filter = (text: string): Result.Result<Step, string> => {
  const inner = text.slice(2, -1).trim()
  const operator = operators.find((one) => inner.includes(one))
  const [left = "", right] = operator === undefined ? [inner] : inner.split(operator, 2)
  return Result.gen(function* () {
    const a = yield* operand(left.trim())
    const b = right === undefined ? undefined : yield* operand(right.trim())
    const holds = (item: Json) => {
      const found = a(item)
      if (found === undefined) return false
      return operator === undefined || b === undefined || compare(operator, found, b(item) ?? null)
    }
    return (values) => values.flatMap((value) => children(value).filter(holds))
  })
}

const bracket = (text: string): Result.Result<Step, string> => {
  if (text === "*") return Result.succeed(wildcard)
  if (text.startsWith("?(") && text.endsWith(")")) return filter(text)
  const name = unquoted(text)
  if (name !== undefined) return Result.succeed(field(name))
  const items = slice(text)
  if (items !== undefined) return Result.succeed(items)
  if (!text.includes(",")) return Result.fail(`invalid array index ${text}`)
  return Result.map(
    Result.all(text.split(",").map((one) => bracket(one.trim()))),
    (steps): Step =>
      (values) =>
        steps.flatMap((step) => step(values))
  )
}

/** Where a bracket that opens at `at` closes: quotes and brackets inside of it are its own. */
const closing = (text: string, at: number): number => {
  let depth = 0
  let quote = ""
  for (let index = at; index < text.length; index++) {
    const letter = text.charAt(index)
    if (letter === "\\") index++
    else if (quote !== "") quote = letter === quote ? "" : quote
    else if (letter === "'" || letter === '"') quote = letter
    else if (letter === "[") depth++
    else if (letter === "]" && --depth === 0) return index
  }
  return -1
}

/** Such as `.spec.replicas`; why it is none, if it is none. */
export const parse = (text: string): Result.Result<JsonPath, string> =>
  Result.gen(function* () {
    const steps: Array<Step> = []
    let at = text.startsWith("$") || text.startsWith("@") ? 1 : 0
    while (at < text.length) {
      if (text.charAt(at) === "[") {
        const end = closing(text, at)
        if (end < 0) return yield* Result.fail("unterminated array")
        steps.push(yield* bracket(text.slice(at + 1, end).trim()))
        at = end + 1
        continue
      }
      const [whole = "", dots = "", name = ""] = /^(\.{0,2})((?:[^.[\]\\]|\\.)*)/.exec(text.slice(at)) ?? []
      if (whole === "") return yield* Result.fail(`unrecognized character in action: ${JSON.stringify(text.charAt(at))}`)
      at += whole.length
      const key = name.replaceAll(/\\(.)/g, "$1")
      if (key === "*") steps.push(wildcard)
      else if (key !== "") steps.push(dots === ".." ? recursive(key) : field(key))
    }
    return (object) => steps.reduce<ReadonlyArray<Json>>((values, step) => step(values), [object])
  })

/** `["spec", "a.b"]` of `.spec.a\.b` and `.spec['a.b']`; nothing if it is more than names. */
export const names = (text: string): ReadonlyArray<string> | undefined => {
  const found: Array<string> = []
  let rest = text
  while (rest !== "") {
    const [whole, plain, quoted] = /^(?:\.((?:[^.[\]\\]|\\.)+)|\[('[^']*'|"[^"]*")\])/.exec(rest) ?? []
    if (whole === undefined) return undefined
    found.push(plain === undefined ? (unquoted(quoted ?? "") ?? "") : plain.replaceAll(/\\(.)/g, "$1"))
    rest = rest.slice(whole.length)
  }
  return found
}
