/**
 * How objects of custom kinds are decoded: what their schema does not know is pruned, defaults are filled in, and all else stays
 * as it is, whatever it is - what is wrong with it is said after admission, which may still mend it (`Version.validate`).
 * Source: CustomResourceDefinition v1, "Field pruning" and "Defaulting".
 */
import type { Schema } from "effect"
import type { Mistakes } from "./Mistakes.ts"
import * as Scalars from "./Scalars.ts"
import type { FieldShape, ListShape, MapShape, ObjectShape, Shape } from "./Shape.ts"

type Json = Schema.Json
type Walk = (input: unknown, mistakes: Mistakes) => Json | undefined
type WalkOf = (shape: Shape) => Walk
interface Output {
  [key: string]: Json
}

const isRecord = (input: unknown): input is { readonly [key: string]: unknown } =>
  typeof input === "object" && input !== null && !Array.isArray(input)

/** A default is made anew for each object: nobody shares parts of it. */
const fresh = (value: Json): Json => (typeof value === "object" && value !== null ? structuredClone(value) : value)

export const walk = (shape: Shape, walkOf: WalkOf): Walk => {
  switch (shape.type) {
    case "object":
      return fields(shape, walkOf)
    case "map":
      return map(shape, walkOf)
    case "list":
      return list(shape, walkOf)
    default:
      return Scalars.free
  }
}

/** A whole object: there is one, whatever was sent. */
export const root = (shape: ObjectShape, walkOf: WalkOf) => {
  const walk = fields(shape, walkOf)
  return (input: unknown, mistakes: Mistakes): Output | undefined =>
    isRecord(input) ? walk(input, mistakes) : mistakes.mismatch(input, "object")
}

const list = ({ item }: ListShape, walkOf: WalkOf): Walk => {
  if (isFree(item)) return Scalars.free
  const walk = walkOf(item)
  return (input, mistakes) => {
    if (!Array.isArray(input)) return Scalars.free(input)
    return input.map((value, index) => {
      const before = mistakes.all.length
      const inner = walk(value, mistakes) ?? null
      if (mistakes.all.length > before) mistakes.inItem(before, index)
      return inner
    })
  }
}

/** Of what nothing is known but its type, nothing can be pruned or filled in. */
const isFree = ({ custom, type }: Shape) => custom === true && type !== "object" && type !== "map" && type !== "list"

const map = ({ value }: MapShape, walkOf: WalkOf): Walk => {
  const walk = isFree(value) ? Scalars.free : walkOf(value)
  return (input, mistakes) => {
    if (!isRecord(input)) return Scalars.free(input)
    const output: Output = {}
    for (const key in input) {
      // JavaScript has another use for it, so that it could be lost later on.
      if (key === "__proto__" || (input[key] === null && value.nullable !== true)) continue
      const before = mistakes.all.length
      output[key] = walk(input[key], mistakes) ?? null
      if (mistakes.all.length > before) mistakes.inKey(before, key)
    }
    return output
  }
}

interface Known {
  readonly walk: Walk
  /** A `null` is as good as nothing. */
  readonly drops: boolean
}

const fields = (shape: ObjectShape, walkOf: WalkOf) => {
  const { preserveUnknown = false } = shape
  let known: ReadonlyMap<string, Known> | undefined
  let fills: ReadonlyArray<readonly [name: string, field: FieldShape, walk: Walk]> = []
  const compile = () => {
    const all = Array.from(shape.fields)
    fills = all.filter(([, field]) => field.default !== undefined).map(([name, field]) => [name, field, walkOf(field.shape)])
    return new Map(
      all.map(([name, { shape }]) => [
        name,
        {
          walk: isFree(shape) ? Scalars.free : walkOf(shape),
          drops: shape.nullable !== true
        }
      ])
    )
  }
  return (input: unknown, mistakes: Mistakes): Output | undefined => {
    // Its schema says that it is wrong.
    if (!isRecord(input)) return input as Output
    known ??= compile()
    const output: Output = {}
    for (const key in input) {
      const value = input[key]
      const field = known.get(key)
      if (field === undefined) {
        if (!preserveUnknown) mistakes.unknown(key)
        else if (key !== "__proto__") output[key] = Scalars.free(value)
      } else if (value !== null || !field.drops) {
        const before = mistakes.all.length
        const inner = value === null ? null : field.walk(value, mistakes)
        if (inner !== undefined) output[key] = inner
        if (mistakes.all.length > before) mistakes.inCustom(before, key)
      }
    }
    for (const [name, { default: value = null }, walk] of fills) {
      if (output[name] === undefined) output[name] = walk(fresh(value), mistakes) ?? null
    }
    return output
  }
}
