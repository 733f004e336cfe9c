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

/** The same of objects of the API, whose types do not say that they are JSON; hence the casts. */
export const same = (a: unknown, b: unknown): boolean => equal(a as Schema.Json | undefined, b as Schema.Json | undefined)

/**
 * The value, made of the parts of `before` wherever it is equal to them: whoever compares the two afterwards finds the same parts,
 * and what both have in common is in memory once.
 */
export const share = (before: Schema.Json | undefined, after: Schema.Json): Schema.Json => {
  if (typeof before !== "object" || typeof after !== "object" || before === null || after === null) return after
  if (before === after) return before
  if (Array.isArray(before) || Array.isArray(after))
    return Array.isArray(before) && Array.isArray(after) ? shareLists(before, after) : after
  return shareObjects(before as Schema.JsonObject, after as Schema.JsonObject)
}

const shareLists = (before: Schema.JsonArray, after: Schema.JsonArray): Schema.JsonArray => {
  const shared = after.map((value, index) => share(before[index], value))
  return shared.length === before.length && shared.every((value, index) => value === before[index]) ? before : shared
}

const shareObjects = (before: Schema.JsonObject, after: Schema.JsonObject): Schema.JsonObject => {
  const shared: { [name: string]: Schema.Json } = {}
  let isSame = true
  let count = 0
  for (const name in after) {
    // JavaScript has another use for it: what has such a key is left alone.
    if (name === "__proto__") return after
    const value = after[name]
    // What is undefined is not there.
    if (value === undefined) continue
    const own = Object.hasOwn(before, name) ? before[name] : undefined
    const part = share(own, value)
    if (part !== own) isSame = false
    count++
    shared[name] = part
  }
  return isSame && count === Object.keys(before).length ? before : shared
}
