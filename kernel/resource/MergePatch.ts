/** JSON merge patch: what a patch names is replaced, objects field by field, and `null` removes. Source: RFC 7386. */
import { Predicate, type Schema } from "effect"

const isObject = (value: Schema.Json | undefined): value is Schema.JsonObject =>
  Predicate.isObject(value) && !Array.isArray(value)

export const apply = (target: Schema.Json | undefined, patch: Schema.Json): Schema.Json => {
  if (!isObject(patch)) return patch
  const result = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name)
    else result.set(name, apply(result.get(name), value))
  }
  // Of entries, and not by assignment: `__proto__` is a key like any other.
  return Object.fromEntries(result)
}
