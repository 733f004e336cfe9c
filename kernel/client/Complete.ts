/**
 * Fills in what a server left out of an object and readers are promised: the constant defaults of its kind. Nothing is pruned
 * or checked, so that what a newer server knows survives being read and written back. What is complete is returned as it is.
 */
import { Predicate, type Schema } from "effect"
import type { Version } from "../resource/Kind.ts"
import * as Shape from "../resource/Shape.ts"

type Json = Schema.Json
type Fill = (value: Json) => Json

const fills = new WeakMap<Shape.Shape, Fill>()

const isRecord = (value: Json): value is Schema.JsonObject => Predicate.isObject(value)

const object = ({ fields }: Shape.ObjectShape): Fill => {
  const defaults: Array<readonly [string, Json]> = []
  for (const [name, field] of fields) if (field.default !== undefined) defaults.push([name, field.default])
  return (value) => {
    if (!isRecord(value)) return value
    let output: Record<string, Json> | undefined
    for (const name in value) {
      const field = fields.get(name)
      const before = value[name]
      if (field === undefined || before === undefined) continue
      // `null` is as good as nothing.
      if (before === null && field.shape.nullable !== true && field.shape.type !== "free") {
        output ??= { ...value }
        delete output[name]
        continue
      }
      const after = of(field.shape)(before)
      if (after !== before) (output ??= { ...value })[name] = after
    }
    for (const [name, constant] of defaults) {
      if (Object.hasOwn(output ?? value, name)) continue
      const field = fields.get(name)
      output ??= { ...value }
      output[name] = field === undefined ? constant : of(field.shape)(constant)
    }
    return output ?? value
  }
}

const list = ({ item }: Shape.ListShape): Fill => {
  const fill = of(item)
  return (value) => {
    if (!Array.isArray(value)) return value
    let output: Array<Json> | undefined
    for (const [index, before] of value.entries()) {
      const after = fill(before)
      if (after !== before) (output ??= [...value])[index] = after
    }
    return output ?? value
  }
}

const map = ({ value: inner }: Shape.MapShape): Fill => {
  const fill = of(inner)
  return (value) => {
    if (!isRecord(value)) return value
    let output: Record<string, Json> | undefined
    for (const [key, before] of Object.entries(value)) {
      const after = fill(before)
      if (after !== before) (output ??= { ...value })[key] = after
    }
    return output ?? value
  }
}

const asItIs: Fill = (value) => value

const compile = (shape: Shape.Shape): Fill => {
  switch (shape.type) {
    case "object":
      return object(shape)
    case "list":
      return list(shape)
    case "map":
      return map(shape)
    default:
      return asItIs
  }
}

const of = (shape: Shape.Shape): Fill => {
  const found = fills.get(shape)
  if (found !== undefined) return found
  // Before it is compiled, because a recursive kind's shape leads back here.
  fills.set(shape, (value) => (fills.get(shape) ?? asItIs)(value))
  const fill = compile(shape)
  fills.set(shape, fill)
  return fill
}

export const make = (version: Version): ((wire: Schema.JsonObject) => Schema.JsonObject) => {
  let fill: Fill | undefined
  return (wire) => {
    fill ??= of(Shape.of(version.schema()))
    const complete = fill(wire)
    return isRecord(complete) ? complete : wire
  }
}
