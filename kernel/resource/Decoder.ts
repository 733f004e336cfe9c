/**
 * Turns wire JSON into objects of a shape in one synchronous walk, which is compiled from the shape at its first use: it checks
 * types, fills in defaults, drops `null`s and optional lists without items, prunes what the shape does not know, and reports all mistakes at once.
 *
 * The input is not changed. The output shares with it nothing but free JSON, and nothing at all with other outputs.
 */
import { Result, type Schema } from "effect"
import type { Cause } from "../client/Errors.ts"
import * as Custom from "./Custom.ts"
import { causeOf, Mistakes, unknownField } from "./Mistakes.ts"
import * as Scalars from "./Scalars.ts"
import { goType, type FieldShape, type ListShape, type MapShape, type ObjectShape, type Shape } from "./Shape.ts"

export interface Options {
  /** What becomes of fields that the shape does not know. They are pruned in any case; absent: without a word. */
  readonly unknown?: "Strict" | "Warn" | "Ignore"
  /** What was found wrong with the text before it was parsed (see `Duplicates.ts`); it is reported as unknown fields are. */
  readonly repeated?: ReadonlyArray<string>
}
export interface Decoded {
  readonly object: Schema.JsonObject
  /** Under `Warn`, in Kubernetes' words: `unknown field "spec.foo"`. */
  readonly warnings: ReadonlyArray<string>
}
export interface Failed {
  /** Why this is no such object at all, which is a 400. Otherwise `causes` say which values are wrong, which is a 422. */
  readonly malformed: string | undefined
  readonly causes: ReadonlyArray<Cause>
}

/** `undefined`: a mistake was found, and there is nothing to go on with. */
type Walk = (input: unknown, mistakes: Mistakes) => Schema.Json | undefined
interface Output {
  [key: string]: Schema.Json
}

/** At the root `apiVersion` and `kind` are known too, and kept. */
export const decode = (shape: Shape) => {
  const walk = rootOf(shape)
  return (wire: unknown, { repeated = none, unknown = "Ignore" }: Options = {}): Result.Result<Decoded, Failed> => {
    const mistakes = new Mistakes(unknown !== "Ignore")
    const object = walk(wire, mistakes) ?? {}
    return mistakes.all.length === 0 && (repeated.length === 0 || unknown === "Ignore")
      ? Result.succeed({ object, warnings: none })
      : judge(object, mistakes, unknown === "Ignore" ? none : repeated, unknown === "Strict")
  }
}
const none: ReadonlyArray<string> = []

const judge = (
  object: Schema.JsonObject,
  { all }: Mistakes,
  repeated: ReadonlyArray<string>,
  strict: boolean
): Result.Result<Decoded, Failed> => {
  const warnings = [...all.filter(({ what }) => what === "unknown").map(unknownField), ...repeated]
  const causes = all.filter(({ what }) => what !== "unknown").map(causeOf)
  const mismatch = causes.find(({ type }) => type === "FieldValueTypeInvalid")?.detail
  const malformed = mismatch ?? (strict && warnings.length > 0 ? `strict decoding error: ${warnings.join(", ")}` : undefined)
  return malformed === undefined && causes.length === 0
    ? Result.succeed({ object, warnings })
    : Result.fail({ malformed, causes })
}

type ObjectWalk = (input: unknown, mistakes: Mistakes) => Output | undefined
const roots = new WeakMap<Shape, ObjectWalk>()
const text: FieldShape = { shape: { type: "string" }, required: false }

const rootOf = (shape: Shape): ObjectWalk => {
  const before = roots.get(shape)
  if (before !== undefined) return before
  if (shape.type !== "object") throw new Error(`a kind is an object, and not of type ${shape.type}`)
  const fields = new Map([["apiVersion", text], ["kind", text], ...shape.fields])
  const whole = { ...shape, fields }
  const walk = shape.custom === true ? Custom.root(whole, walkOf) : object(whole)
  roots.set(shape, walk)
  return walk
}

const walks = new WeakMap<Shape, Walk>()

/** Recursive shapes lead back to a walk that is still being compiled, hence the indirection until it is there. */
const walkOf = (shape: Shape): Walk => {
  const before = walks.get(shape)
  if (before !== undefined) return before
  let walk: Walk | undefined
  walks.set(shape, (input, mistakes) => walk?.(input, mistakes))
  walk = compile(shape)
  walks.set(shape, walk)
  return walk
}

const compile = (shape: Shape): Walk => {
  if (shape.custom === true) return Custom.walk(shape, walkOf)
  switch (shape.type) {
    case "object":
      return object(shape)
    case "map":
      return map(shape)
    case "list":
      return list(shape)
    default:
      return Scalars.walk(shape)
  }
}

/** What stands for a `null` where something has to stand: in a list, and under a key that a user chose. */
const nothing = (shape: Shape): Schema.Json => {
  const { nullable, type } = shape
  if (nullable || type === "free") return null
  if (type === "object" || type === "map") return {}
  if (type === "list") return []
  if (type === "string") return shape.format === "quantity" ? "0" : ""
  return type === "boolean" ? false : 0
}

const list = (shape: ListShape): Walk => {
  const walk = walkOf(shape.item)
  const expected = goType(shape)
  return (input, mistakes) => {
    if (!Array.isArray(input)) return mistakes.mismatch(input, expected)
    const output: Array<Schema.Json> = []
    for (let index = 0; index < input.length; index++) {
      const before = mistakes.all.length
      const value = walk(input[index] ?? nothing(shape.item), mistakes)
      if (value !== undefined) output.push(value)
      if (mistakes.all.length > before) mistakes.inItem(before, index)
    }
    return output
  }
}

const isRecord = (input: unknown): input is { readonly [key: string]: unknown } =>
  typeof input === "object" && input !== null && !Array.isArray(input)

const map = (shape: MapShape): Walk => {
  const walk = walkOf(shape.value)
  const expected = goType(shape)
  return (input, mistakes) => {
    if (!isRecord(input)) return mistakes.mismatch(input, expected)
    const output: Output = {}
    for (const key in input) {
      const before = mistakes.all.length
      const value = walk(input[key] ?? nothing(shape.value), mistakes)
      // JavaScript has another use for it, so that it could be lost later on.
      if (key === "__proto__") mistakes.invalid(key, "must be another key")
      else if (value !== undefined) output[key] = value
      if (mistakes.all.length > before) mistakes.inKey(before, key)
    }
    return output
  }
}

interface Fields {
  /** `fleeting`: an empty list, map or text, zero or false is as good as none. */
  readonly known: ReadonlyMap<string, { readonly walk: Walk; readonly nullable: boolean; readonly fleeting: boolean }>
  /** With a walk: containers, which are made anew for every output, and may have defaults inside. */
  readonly fills: ReadonlyArray<{ readonly name: string; readonly value: Schema.Json; readonly walk: Walk | undefined }>
  /** Of custom kinds: what is missing is a mistake. */
  readonly required: ReadonlyArray<string>
}

/** What a field is when nobody says it: its default; of built-in kinds, where it is required, Go's zero. */
const fillOf = ({ definition }: ObjectShape, { default: value, pointer = false, required, shape }: FieldShape) => {
  if (value !== undefined) return value
  return definition !== undefined && required && !pointer && isZeroed(shape) ? nothing(shape) : undefined
}
/** Times and free JSON have no zero that could be written. */
const isZeroed = (shape: Shape) =>
  shape.type !== "free" && !(shape.type === "string" && (shape.format === "date-time" || shape.format === "micro-time"))

/** Lists and maps of built-in kinds, and scalars that say so, as Go's JSON leaves them out. What custom resources say is kept. */
const isFleeting = ({ definition }: ObjectShape, { default: value, omitted = false, required, shape }: FieldShape) =>
  omitted || (definition !== undefined && !required && value === undefined && isCollection(shape))

/** Bytes are a list, too. */
const isCollection = (shape: Shape) =>
  shape.type === "list" || shape.type === "map" || (shape.type === "string" && shape.format === "byte")

const isEmpty = (value: Schema.Json) => {
  if (typeof value !== "object") return value === "" || value === 0 || value === false
  for (const _ in value) return false
  return true
}

const fieldsOf = (shape: ObjectShape): Fields => {
  const { fields } = shape
  const all = Array.from(fields, ([name, field]) => ({ name, field, walk: walkOf(field.shape) }))
  return {
    known: new Map(
      all.map(({ field, name, walk }) => [
        name,
        { walk, nullable: field.shape.nullable ?? false, fleeting: isFleeting(shape, field) }
      ])
    ),
    fills: all.flatMap(({ field, name, walk }) => {
      const value = fillOf(shape, field)
      return value === undefined
        ? []
        : [{ name, value, walk: typeof value === "object" && value !== null ? walk : undefined }]
    }),
    required: all.flatMap(({ field, name }) => (field.required && shape.definition === undefined ? [name] : []))
  }
}

const object = (shape: ObjectShape): ObjectWalk => {
  const { definition, preserveUnknown = false } = shape
  const expected = goType(shape)
  // Made at the first object: most of the definitions that a Pod could have never meet one.
  let fields: Fields | undefined
  return (input, mistakes) => {
    if (!isRecord(input)) return mistakes.mismatch(input, expected)
    const { fills, known, required } = (fields ??= fieldsOf(shape))
    const output: Output = {}
    // By the keys of the input, not of the shape: a Container has four of its twenty-five fields.
    for (const key in input) {
      const value = input[key]
      const field = known.get(key)
      if (field === undefined) {
        if (!preserveUnknown) mistakes.unknown(key)
        else if (key !== "__proto__") output[key] = Scalars.free(value)
      } else if (value !== null || field.nullable) {
        const before = mistakes.all.length
        const inner = field.walk(value, mistakes)
        if (inner !== undefined && !(field.fleeting && isEmpty(inner))) output[key] = inner
        if (mistakes.all.length > before) mistakes.inField(before, key, definition)
      }
    }
    for (const { name, value, walk } of fills) {
      if (output[name] !== undefined) continue
      const before = mistakes.all.length
      output[name] = walk?.(value, mistakes) ?? value
      if (mistakes.all.length > before) mistakes.inField(before, name, definition)
    }
    for (const name of required) if (output[name] === undefined && (input[name] ?? null) === null) mistakes.required(name)
    return output
  }
}
