/** Equality of any two values, and the order of those that have one. Numbers compare by what they amount to, whatever their type. */
import {
  Dict,
  Duration,
  type Failure,
  List,
  noOverload,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value
} from "./Values.ts"

export const equals = (a: Value, b: Value): boolean => {
  if (a === b) return true
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos
  if (a instanceof List) return b instanceof List && equalLists(a, b)
  if (a instanceof Dict) return b instanceof Dict && equalDicts(a, b)
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name
  if (a instanceof Optional) return b instanceof Optional && equalOptionals(a, b)
  if (a instanceof Opaque) return b instanceof Opaque && a.type.name === b.type.name && a.equals(b)
  return false
}

const equalOptionals = (a: Optional, b: Optional) =>
  a.value === undefined || b.value === undefined ? a.value === b.value : equals(a.value, b.value)

const equalLists = (a: List, b: List) => {
  if (a.size !== b.size) return false
  const { unordered } = a
  if (unordered !== undefined) return withoutOrder(a, b, unordered)
  for (let index = 0; index < a.size; index++) if (!equals(a.at(index), b.at(index))) return false
  return true
}

/** By a word for each item where there is one, so that long lists do not take the square of their length. */
const withoutOrder = (a: List, b: List, keys: ReadonlyArray<string>) => {
  const left = [...b]
  const byWord = new Map<string, Array<number>>()
  left.forEach((item, index) => byWord.set(wordOf(item, keys), [...(byWord.get(wordOf(item, keys)) ?? []), index]))
  const taken = new Set<number>()
  for (const item of a) {
    const found = byWord.get(wordOf(item, keys))?.find((index) => !taken.has(index) && equals(item, left[index] ?? null))
    if (found === undefined) return false
    taken.add(found)
  }
  return true
}
/** The same for equal items; `keys` are those of a map-like list, none for a set. */
export const wordOf = (item: Value, keys: ReadonlyArray<string>): string => {
  if (item instanceof Dict && keys.length > 0) return keys.map((key) => wordOf(item.find(key) ?? null, [])).join("\0")
  if (isNumber(item)) return `n${Number(item instanceof Uint ? item.value : item)}`
  return typeof item === "object" ? "" : `${typeof item}${item}`
}

const equalDicts = (a: Dict, b: Dict) => {
  if (a.size !== b.size) return false
  for (const key of a.keys()) {
    const [mine, other] = [a.find(key), b.find(key)]
    if (mine === undefined || other === undefined || !equals(mine, other)) return false
  }
  return true
}

type Numeric = bigint | number | Uint
export const isNumber = (value: Value): value is Numeric =>
  typeof value === "bigint" || typeof value === "number" || value instanceof Uint

/** JavaScript compares bigints with numbers exactly; NaN is in no order. */
const compareNumbers = (a: Numeric, b: Numeric): number | undefined => {
  const [x, y] = [a instanceof Uint ? a.value : a, b instanceof Uint ? b.value : b]
  const isNaN = [x, y].some((value) => typeof value === "number" && Number.isNaN(value))
  if (x < y) return -1
  if (x > y) return 1
  return isNaN ? undefined : 0
}

/** Negative, zero or positive; nothing for NaN; a failure for what has no order. */
export const compare = (a: Value, b: Value): number | undefined | Failure => {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b)
  if (typeof a === "string" && typeof b === "string") return compareText(a, b)
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  if (a instanceof Timestamp && b instanceof Timestamp) return compareNumbers(a.nanos, b.nanos)
  if (a instanceof Duration && b instanceof Duration) return compareNumbers(a.nanos, b.nanos)
  return noOverload
}

/** As bytes of UTF-8 would be, which differs from JavaScript's order for what lies beyond U+FFFF. */
const compareText = (a: string, b: string) => {
  if (a === b) return 0
  const end = Math.min(a.length, b.length)
  for (let index = 0; index < end; index++) {
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)]
    if (x !== y) return isSurrogate(x) !== isSurrogate(y) ? (isSurrogate(x) ? 1 : -1) : x - y
  }
  return a.length - b.length
}
const isSurrogate = (unit: number) => unit >= 0xd800 && unit < 0xe000
