/** Values that may be missing. Source: cel-go's "Optional values". */
import { Dict, Duration, fail, List, none, Optional, Timestamp, Uint, type Value } from "../Values.ts"
import { define, type Overload } from "./Function.ts"

const isZero = (value: Value): boolean => {
  if (value === null || value === false || value === 0n || value === 0 || value === "") return true
  if (value instanceof Uint) return value.value === 0n
  if (value instanceof Uint8Array) return value.length === 0
  if (value instanceof List || value instanceof Dict) return value.size === 0
  if (value instanceof Duration) return value.nanos === 0n
  if (value instanceof Timestamp) return value.nanos === -62_135_596_800_000_000_000n
  return value instanceof Optional && value.value === undefined
}

export const overloads: ReadonlyArray<Overload> = [
  define("optional.of(V): optional<V>", (value: Value) => new Optional(value)),
  define("optional.ofNonZeroValue(V): optional<V>", (value: Value) => (isZero(value) ? none : new Optional(value))),
  define("optional.none(): optional<V>", () => none),
  define("optional<V> -> value(): V", ({ value }: Optional) =>
    value === undefined ? fail("optional.none() dereference") : value
  ),
  define("optional<V> -> hasValue(): bool", ({ value }: Optional) => value !== undefined),
  define(
    "optional<V> -> or(optional<V>): optional<V>",
    (first: Optional, second: Optional) => (first.value === undefined ? second : first),
    "optional_or"
  ),
  define(
    "optional<V> -> orValue(V): V",
    ({ value }: Optional, other: Value) => (value === undefined ? other : value),
    "optional_or"
  )
]
