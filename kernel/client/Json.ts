/**
 * JSON values, checked quickly: objects cross isolates with every change of them. As `Schema.Json`, which looks out for cycles and
 * values that are shared: whatever is deeper or larger than an object of the API can be is left to it.
 */
import { Schema } from "effect"

const deepest = 200
const most = 1_000_000

const isExactly = Schema.is(Schema.Json)

/** How many values may follow; less than 0 if it is no JSON, or not seen to be. */
const left = (value: unknown, depth: number, count: number): number => {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return count - 1
  if (typeof value === "number") return Number.isFinite(value) ? count - 1 : -1
  if (typeof value !== "object" || depth > deepest) return -1
  let rest = count - 1
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && rest >= 0; index++) rest = left(value[index], depth + 1, rest)
    return rest
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return -1
  // An object that is no list has its values under its keys, which is all that is asked here; hence the cast.
  const fields = value as { readonly [key: string]: unknown }
  for (const key in fields) {
    if (rest < 0) return rest
    rest = left(fields[key], depth + 1, rest)
  }
  return rest
}

export const isJson = (value: unknown): value is Schema.Json => left(value, 0, most) >= 0 || isExactly(value)

export const Json = Schema.declare(isJson, { expected: "JSON value", toCodecJson: () => undefined })
