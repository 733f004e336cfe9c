/** Operators: logic, equality, order, and sums of numbers, texts, times and lists. */
import { compare, equals, wordOf } from "../Compare.ts"
import {
  Dict,
  Duration,
  Entries,
  entries,
  Failure,
  fail,
  isInt64,
  isUint64,
  Items,
  items,
  keyOf,
  List,
  noOverload,
  none,
  Optional,
  show,
  Timestamp,
  Uint,
  type Value
} from "../Values.ts"
import { define, type Overload } from "./Function.ts"

const overflow = fail("integer overflow")
const unsignedOverflow = fail("unsigned integer overflow")
const durationOverflow = fail("duration overflow")
const timestampOverflow = fail("timestamp overflow")

const int = (value: bigint) => (isInt64(value) ? value : overflow)
const uint = (value: bigint) => (isUint64(value) ? new Uint(value) : unsignedOverflow)
const duration = (nanos: bigint) => (isInt64(nanos) ? new Duration(nanos) : durationOverflow)

const second = 1_000_000_000n
export const earliest = -62_135_596_800n * second
export const latest = 253_402_300_800n * second - 1n
const timestamp = (nanos: bigint) => (nanos < earliest || nanos > latest ? timestampOverflow : new Timestamp(nanos))

const join = (a: List, b: List): List => {
  const { unordered } = a
  if (unordered !== undefined) return merge(a, b, unordered)
  return a instanceof Items ? a.append(b) : items([...a, ...b])
}
/** A set gets what it lacks; a map-like list gets the other's item in place of its own of the same keys. */
const merge = (a: List, b: List, keys: ReadonlyArray<string>) => {
  const all = [...a]
  const places = new Map(all.map((item, index) => [wordOf(item, keys), index]))
  for (const item of b) {
    const place = places.get(wordOf(item, keys))
    if (place === undefined) {
      places.set(wordOf(item, keys), all.length)
      all.push(item)
    } else if (keys.length > 0) all[place] = item
    else if (!all.some((one) => equals(one, item))) all.push(item)
  }
  return items(all)
}

const sums: ReadonlyArray<Overload> = [
  define("_+_(bytes, bytes): bytes", (a: Uint8Array, b: Uint8Array) => Buffer.concat([a, b]), "add_bytes"),
  define("_+_(double, double): double", (a: number, b: number) => a + b),
  define("_+_(duration, duration): duration", (a: Duration, b: Duration) => duration(a.nanos + b.nanos)),
  define("_+_(duration, timestamp): timestamp", (a: Duration, b: Timestamp) => timestamp(a.nanos + b.nanos)),
  define("_+_(timestamp, duration): timestamp", (a: Timestamp, b: Duration) => timestamp(a.nanos + b.nanos)),
  define("_+_(int, int): int", (a: bigint, b: bigint) => int(a + b)),
  define("_+_(list<A>, list<A>): list<A>", join, "add_list"),
  define("_+_(string, string): string", (a: string, b: string) => a + b, "add_string"),
  define("_+_(uint, uint): uint", (a: Uint, b: Uint) => uint(a.value + b.value)),
  define("_-_(double, double): double", (a: number, b: number) => a - b),
  define("_-_(duration, duration): duration", (a: Duration, b: Duration) => duration(a.nanos - b.nanos)),
  define("_-_(int, int): int", (a: bigint, b: bigint) => int(a - b)),
  define("_-_(timestamp, duration): timestamp", (a: Timestamp, b: Duration) => timestamp(a.nanos - b.nanos)),
  define("_-_(timestamp, timestamp): duration", (a: Timestamp, b: Timestamp) => duration(a.nanos - b.nanos)),
  define("_-_(uint, uint): uint", (a: Uint, b: Uint) => uint(a.value - b.value))
]

const byZero = fail("division by zero")
const modulusByZero = fail("modulus by zero")
const products: ReadonlyArray<Overload> = [
  define("_*_(double, double): double", (a: number, b: number) => a * b),
  define("_*_(int, int): int", (a: bigint, b: bigint) => int(a * b)),
  define("_*_(uint, uint): uint", (a: Uint, b: Uint) => uint(a.value * b.value)),
  define("_/_(double, double): double", (a: number, b: number) => a / b),
  define("_/_(int, int): int", (a: bigint, b: bigint) => (b === 0n ? byZero : int(a / b))),
  define("_/_(uint, uint): uint", (a: Uint, b: Uint) => (b.value === 0n ? byZero : uint(a.value / b.value))),
  define("_%_(int, int): int", (a: bigint, b: bigint) => (b === 0n ? modulusByZero : int(a % b))),
  define("_%_(uint, uint): uint", (a: Uint, b: Uint) => (b.value === 0n ? modulusByZero : uint(a.value % b.value))),
  define("-_(double): double", (a: number) => -a),
  define("-_(int): int", (a: bigint) => int(-a))
]

/** In the order in which they are looked through. Those of texts and bytes cost by their length. */
const comparable: ReadonlyArray<readonly [string, string, string?]> = [
  ["bool", "bool"],
  ["int", "int"],
  ["int", "double"],
  ["int", "uint"],
  ["uint", "uint"],
  ["uint", "double"],
  ["uint", "int"],
  ["double", "double"],
  ["double", "int"],
  ["double", "uint"],
  ["string", "string", "compare_text"],
  ["bytes", "bytes", "compare_text"],
  ["timestamp", "timestamp"],
  ["duration", "duration"]
]
const ordering = (sign: string, holds: (order: number) => boolean): ReadonlyArray<Overload> =>
  comparable.map(([a, b, id]) =>
    define(
      `_${sign}_(${a}, ${b}): bool`,
      (x: Value, y: Value) => {
        const order = compare(x, y)
        if (order instanceof Failure) return order
        return order === undefined ? fail("NaN values cannot be ordered") : holds(order)
      },
      id
    )
  )

const indexed = (list: List, index: Value): Value => {
  const place = typeof index === "bigint" ? Number(index) : index instanceof Uint ? Number(index.value) : index
  if (typeof place !== "number" || !Number.isInteger(place)) return fail(`unsupported index value of type ${show(index)}`)
  return place < 0 || place >= list.size ? fail(`index out of bounds: ${place}`) : list.at(place)
}
export const get = (from: Value, key: Value): Value => {
  if (from instanceof List) return indexed(from, key)
  if (from instanceof Dict) {
    if (keyOf(key) === undefined) return fail(`unsupported key type`)
    return from.find(key) ?? fail(`no such key: ${show(key)}`)
  }
  if (from instanceof Optional) return from.value === undefined ? none : find(from.value, key)
  return noOverload
}
/** As an optional: none where `get` finds nothing. */
export const find = (from: Value, key: Value): Value => {
  if (from instanceof Optional) return from.value === undefined ? none : find(from.value, key)
  if (from instanceof List) {
    const value = indexed(from, key)
    return value instanceof Failure ? none : new Optional(value)
  }
  if (!(from instanceof Dict)) return noOverload
  const value = from.find(key)
  return value === undefined ? none : new Optional(value)
}

const contains = (value: Value, list: List) => {
  for (const item of list) if (equals(item, value)) return true
  return false
}

/** `&&`, `||` and `?:` are here for their types; they are evaluated without calling anything. */
const never = () => noOverload
const logic: ReadonlyArray<Overload> = [
  define("_?_:_(bool, A, A): A", never, "conditional"),
  define("_&&_(bool, bool): bool", never, "logical_and"),
  define("_||_(bool, bool): bool", never, "logical_or"),
  define("!_(bool): bool", (value: boolean) => !value),
  define("@not_strictly_false(bool): bool", (value: Value) => value !== false),
  define("_==_(A, A): bool", (a: Value, b: Value) => equals(a, b), "equals"),
  define("_!=_(A, A): bool", (a: Value, b: Value) => !equals(a, b), "not_equals"),
  define("_[_](list<A>, int): A", get, "index_list"),
  define("_[_](map<A, B>, A): B", get, "index_map"),
  define("_[_](optional<list<V>>, int): optional<V>", get),
  define("_[_](optional<map<K, V>>, K): optional<V>", get),
  define("_[?_](list<V>, int): optional<V>", find),
  define("_[?_](optional<list<V>>, int): optional<V>", find),
  define("_[?_](map<K, V>, K): optional<V>", find),
  define("_[?_](optional<map<K, V>>, K): optional<V>", find),
  define("_?._(dyn, string): optional<V>", find, "select_optional_field"),
  define("@in(A, list<A>): bool", contains, "in_list"),
  define("@in(A, map<A, B>): bool", (key: Value, map: Dict) => map.has(key), "in_map"),
  define("cel.@mapInsert(map<K, V>, K, V): map<K, V>", (map: Dict, key: Value, value: Value) => insert(map, [[key, value]])),
  define("cel.@mapInsert(map<K, V>, map<K, V>): map<K, V>", (map: Dict, more: Dict) => insert(map, pairs(more)))
]

const pairs = (map: Dict) => [...map.keys()].map((key) => [key, map.find(key) ?? null] as const)
const insert = (map: Dict, more: Iterable<readonly [Value, Value]>): Value => {
  let all = map instanceof Entries ? map : entries(pairs(map))
  for (const [key, value] of more) {
    const next = all.insert(key, value)
    if (next instanceof Failure) return next
    all = next
  }
  return all
}

export const overloads: ReadonlyArray<Overload> = [
  ...logic,
  ...sums,
  ...products,
  ...ordering("<", (order) => order < 0),
  ...ordering("<=", (order) => order <= 0),
  ...ordering(">", (order) => order > 0),
  ...ordering(">=", (order) => order >= 0)
]
