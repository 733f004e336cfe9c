/**
 * How functions are written down: `text("string -> contains(string): bool", (text, part) => …)`. What stands before the arrow is the
 * receiver of a method; single capital letters are type parameters.
 */
import * as Type from "../Types.ts"
import { Dict, Duration, Failure, List, Opaque, Optional, Timestamp, TypeValue, Uint, type Value } from "../Values.ts"

export interface Overload {
  readonly name: string
  readonly id: string
  readonly isMember: boolean
  readonly args: ReadonlyArray<Type.Type>
  readonly result: Type.Type
  readonly call: (...args: ReadonlyArray<Value>) => Value
}

/** Types of libraries, by the name that signatures use. */
const named = new Map<string, Type.Type>([
  ["bool", Type.bool],
  ["int", Type.int],
  ["uint", Type.uint],
  ["double", Type.double],
  ["string", Type.string],
  ["bytes", Type.bytes],
  ["null", Type.nothing],
  ["timestamp", Type.timestamp],
  ["duration", Type.duration],
  ["dyn", Type.dyn]
])
export const declare = (name: string, type: Type.Type): Type.Type => {
  named.set(name, type)
  return type
}

const parseType = (text: string): Type.Type => {
  const [, outer = "", inner] = /^(\w+)(?:<(.*)>)?$/.exec(text) ?? []
  if (inner !== undefined) {
    const [first = Type.dyn, second = Type.dyn] = split(inner).map(parseType)
    if (outer === "map") return Type.map(first, second)
    return outer === "list" ? Type.list(first) : outer === "type" ? Type.type(first) : Type.optional(first)
  }
  if (/^[A-Z]$/.test(text)) return Type.param(text)
  const type = named.get(text)
  if (type === undefined) throw new Error(`a signature speaks of ${text}, which is no type`)
  return type
}
/** At commas outside of brackets. */
const split = (text: string): ReadonlyArray<string> => {
  if (text.trim() === "") return []
  const parts = [""]
  let depth = 0
  for (const letter of text) {
    if (letter === "<") depth++
    if (letter === ">") depth--
    if (letter === "," && depth === 0) parts.push("")
    else parts[parts.length - 1] += letter
  }
  return parts.map((part) => part.trim())
}

const signature = /^(?:(.+?) -> )?([^\s(]+)\((.*)\): (.+)$/

/**
 * The arguments are of the types that the signature names when `call` runs, hence its free parameters. `id` is needed where
 * costs depend on the overload.
 */
export const define = <A extends ReadonlyArray<Value>>(
  written: string,
  call: (...args: A) => Value,
  id: string = written
): Overload => {
  const [, receiver, name = "", args = "", result = "dyn"] = signature.exec(written) ?? []
  const types = split(args).map(parseType)
  return {
    name,
    id,
    isMember: receiver !== undefined,
    args: receiver === undefined ? types : [parseType(receiver), ...types],
    result: parseType(result.replaceAll(" ", "")),
    // Dispatch has compared the values with the signature (`fits`), hence the cast.
    call: call as unknown as Overload["call"]
  }
}

/** Whether a value can be what a signature wants; of lists and maps only that they are. */
export const fits = (type: Type.Type, value: Value): boolean => {
  switch (type.kind) {
    case "param":
    case "dyn":
      return true
    case "bool":
      return typeof value === "boolean"
    case "int":
      return typeof value === "bigint"
    case "double":
      return typeof value === "number"
    case "string":
      return typeof value === "string"
    case "null":
      return value === null
    case "uint":
      return value instanceof Uint
    case "bytes":
      return value instanceof Uint8Array
    case "timestamp":
      return value instanceof Timestamp
    case "duration":
      return value instanceof Duration
    case "list":
      return value instanceof List
    case "map":
      return value instanceof Dict
    case "type":
      return value instanceof TypeValue
    case "opaque":
      return type.name === "optional_type" ? value instanceof Optional : isOpaque(type, value)
    case "object":
      return isOpaque(type, value) || (value instanceof Dict && value.typeName === type.name)
    case "error":
      return value instanceof Failure
  }
}
const isOpaque = (type: Type.Type, value: Value) => value instanceof Opaque && value.type.name === type.name
