/**
 * Turns wire JSON into objects of a schema in one synchronous walk, compiled from the schema's AST at first use: it checks,
 * fills in defaults, drops `null`s and what the schema does not know, and reports mistakes by Kubernetes' field paths.
 */
import { Predicate, Result, type Schema, type SchemaAST } from "effect"

export type FieldError = { readonly field: string; readonly reason: string }
type Errors = Array<{ field: string; readonly reason: string }>
type Walk = (input: unknown, errors: Errors) => unknown

const refuse = (errors: Errors, input: unknown, why: string, word = "Invalid") => {
  errors.push({ field: "", reason: `${word} value: ${JSON.stringify(input)}: ${why}` })
}

/** Mistakes are rare, so paths are put together on the way out of them and not on the way in. */
const within = (errors: Errors, from: number, step: string) => {
  for (const error of errors.slice(from)) {
    error.field = error.field === "" || error.field.startsWith("[") ? step + error.field : `${step}.${error.field}`
  }
}

const primitive =
  (type: string): Walk =>
  (input, errors) =>
    typeof input === type ? input : refuse(errors, input, `must be of type ${type}`)

const object = ({ indexSignatures, propertySignatures }: SchemaAST.Objects): Walk => {
  const fields = new Map(propertySignatures.map(({ name, type }) => [String(name), compile(type)]))
  const others = indexSignatures[0] && compile(indexSignatures[0].type)
  const expected = propertySignatures.flatMap(({ name, type: { context } }) => {
    const value = context?.annotations?.default
    return value === undefined && context?.isOptional ? [] : [{ name: String(name), value }]
  })
  return (input, errors) => {
    if (!Predicate.isObject(input)) return refuse(errors, input, "must be of type object")
    const output: Record<string, unknown> = {}
    // By the keys of the input, not of the schema: a Container has four of its twenty-five fields.
    for (const key in input) {
      const walk = fields.get(key) ?? others
      if (walk === undefined || input[key] === null || key === "__proto__") continue
      const before = errors.length
      output[key] = walk(input[key], errors)
      if (errors.length > before) within(errors, before, others === undefined ? key : `[${key}]`)
    }
    for (const { name, value } of expected) {
      if (Object.hasOwn(output, name)) continue
      if (value === undefined) errors.push({ field: name, reason: "Required value" })
      else output[name] = fields.get(name)?.(value, errors)
    }
    return output
  }
}

const array =
  (item: Walk): Walk =>
  (input, errors) => {
    if (!Array.isArray(input)) return refuse(errors, input, "must be of type array")
    return input.map((value, index) => {
      const before = errors.length
      const output = item(value, errors)
      if (errors.length > before) within(errors, before, `[${index}]`)
      return output
    })
  }

/** Kubernetes has two kinds of union: one word of a list, and values told apart by their JSON type (IntOrString). */
const union = (types: ReadonlyArray<SchemaAST.AST>): Walk => {
  const words = new Set<unknown>(types.flatMap((type) => (type._tag === "Literal" ? [type.literal] : [])))
  if (words.size > 0) {
    const why = `supported values: ${Array.from(words, (word) => JSON.stringify(word)).join(", ")}`
    return (input, errors) => (words.has(input) ? input : refuse(errors, input, why, "Unsupported"))
  }
  const members = new Map(types.map((type) => [type._tag.toLowerCase(), compile(type)]))
  const otherwise = primitive([...members.keys()].join(" or "))
  return (input, errors) => (members.get(typeof input) ?? otherwise)(input, errors)
}

const shape = (ast: SchemaAST.AST): Walk => {
  switch (ast._tag) {
    case "String":
    case "Number":
    case "Boolean":
      return primitive(ast._tag.toLowerCase())
    case "Literal":
      return union([ast])
    case "Union":
      return union(ast.types)
    case "Objects":
      return object(ast)
    case "Arrays":
      return array(compile(ast.rest[0]!))
    case "Declaration": // Schema.Json: the types of Kind let no other one through
      return (input) => input
    default:
      throw new Error(`a kind has no ${ast._tag}`)
  }
}

const holds = (check: SchemaAST.Check<unknown>, value: unknown, ast: SchemaAST.AST): boolean =>
  check._tag === "Filter" ? check.run(value, ast, {}) === undefined : check.checks.every((part) => holds(part, value, ast))

const compile = (ast: SchemaAST.AST): Walk => {
  const { checks } = ast
  const walk = shape(ast)
  if (checks === undefined) return walk
  return (input, errors) => {
    const before = errors.length
    const output = walk(input, errors)
    const broken = errors.length > before ? undefined : checks.find((check) => !holds(check, output, ast))
    if (broken !== undefined) refuse(errors, output, `must be ${broken.annotations?.expected ?? "valid"}`)
    return output
  }
}

/** What the type says has been checked, hence the cast. */
export const make = <A>(schema: Schema.Codec<A, A>) => {
  const walk = compile(schema.ast)
  return (input: unknown): Result.Result<A, ReadonlyArray<FieldError>> => {
    const errors: Errors = []
    const output = walk(input, errors) as A
    return errors.length > 0 ? Result.fail(errors) : Result.succeed(output)
  }
}
