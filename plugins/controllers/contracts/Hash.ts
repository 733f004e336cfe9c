/** Short names for values: equal values have equal hashes, in letters that spell no word. */
import type { Schema } from "effect"

/** Keys in order, so that equal values are equal texts. */
export const canonical = (value: Schema.Json | undefined): string => {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null"
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`
}

const alphabet = "bcdfghjklmnpqrstvwxz2456789"

/** FNV-1a, 32 bits. `collisions`: how many other values had this hash already. */
export const of = (value: Schema.Json, collisions = 0): string => {
  let hash = 0x811c9dc5
  const text = canonical(value) + (collisions > 0 ? collisions : "")
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return [...`${hash}`].map((digit) => alphabet[(digit.codePointAt(0) ?? 0) % alphabet.length]).join("")
}
