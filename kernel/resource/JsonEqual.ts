/** Equality of JSON values; the order of an object's fields does not matter. */
import type { Schema } from "effect"

export const equal = (a: Schema.Json | undefined, b: Schema.Json | undefined): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && equalLists(a, b)
  return equalObjects(a as Schema.JsonObject, b as Schema.JsonObject)
}

const equalLists = (a: Schema.JsonArray, b: Schema.JsonArray) =>
  a.length === b.length && a.every((value, index) => equal(value, b[index]))

const equalObjects = (a: Schema.JsonObject, b: Schema.JsonObject) => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && equal(a[name], b[name]))
}
