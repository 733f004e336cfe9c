/** Functions of lists: Kubernetes' own, cel-go's `lists` in its third version, and `sets`. */
import { compare, equals } from "../Compare.ts"
import { Duration, Failure, fail, items, List, none, Optional, Uint, type Value } from "../Values.ts"
import { overloads as arithmetic } from "./Arithmetic.ts"
import { define, fits, type Overload } from "./Function.ts"

const notComparable = fail("list elements must be comparable")

const isSorted = (list: List): Value => {
  for (let index = 1; index < list.size; index++) {
    const order = compare(list.at(index - 1), list.at(index))
    if (order instanceof Failure) return order
    if (order === undefined || order > 0) return false
  }
  return true
}

/** Sums go by the operator, so that they overflow as it does. */
const plus = (a: Value, b: Value): Value => {
  const add = arithmetic.find(({ args: [x, y], name }) => name === "_+_" && x && y && fits(x, a) && fits(y, b))
  return add === undefined ? fail("no such overload") : add.call(a, b)
}
const sum = (zero: Value) => (list: List) => {
  let total = zero
  for (const item of list) {
    total = plus(total, item)
    if (total instanceof Failure) return total
  }
  return total
}
const extreme = (name: string, sign: number) => (list: List) => {
  if (list.size === 0) return fail(`${name} called on empty list`)
  let best = list.at(0)
  for (const item of list) {
    const order = compare(item, best)
    if (order instanceof Failure) return order
    if (order !== undefined && order * sign > 0) best = item
  }
  return best
}

const indexOf = (list: List, value: Value): Value => {
  for (let index = 0; index < list.size; index++) if (equals(list.at(index), value)) return BigInt(index)
  return -1n
}
const lastIndexOf = (list: List, value: Value): Value => {
  for (let index = list.size - 1; index >= 0; index--) if (equals(list.at(index), value)) return BigInt(index)
  return -1n
}

const ordered = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"]
const zeros: ReadonlyArray<readonly [string, Value]> = [
  ["int", 0n],
  ["uint", new Uint(0n)],
  ["double", 0],
  ["duration", new Duration(0n)]
]

const slice = (list: List, from: bigint, to: bigint): Value => {
  const cannot = `cannot slice(${from}, ${to})`
  if (from < 0n || to < 0n) return fail(`${cannot}, negative indexes not supported`)
  if (from > to) return fail(`${cannot}, start index must be less than or equal to end index`)
  if (to > BigInt(list.size)) return fail(`${cannot}, list is length ${list.size}`)
  return items([...list].slice(Number(from), Number(to)))
}
const flatten = (list: List, depth: bigint): Value => {
  if (depth < 0n) return fail("level must be non-negative")
  const flat = (one: List, left: bigint): ReadonlyArray<Value> =>
    [...one].flatMap((item) => (item instanceof List && left > 0n ? flat(item, left - 1n) : [item]))
  return items(flat(list, depth))
}
const distinct = (list: List): Value => {
  const kept: Array<Value> = []
  for (const item of list) if (!kept.some((one) => equals(one, item))) kept.push(item)
  return items(kept)
}
const sortBy = (list: List, keys: List): Value => {
  if (list.size !== keys.size)
    return fail(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${list.size} and ${keys.size} elements respectively`
    )
  let mistake: Failure | undefined
  const pairs = [...list].map((item, index) => [item, keys.at(index)] as const)
  const sorted = pairs.toSorted(([, a], [, b]) => {
    if (typeof a !== typeof b) mistake = fail("list elements must have the same type")
    const order = compare(a, b)
    if (order instanceof Failure) mistake ??= notComparable
    return typeof order === "number" ? order : 0
  })
  return mistake ?? items(sorted.map(([item]) => item))
}

/** Longer lists cost more than any budget allows; they are not made. */
const longest = 1_000_000n
const range = (count: bigint): Value =>
  count > longest
    ? fail(`a range of ${count} is longer than ${longest}`)
    : items(Array.from({ length: Math.max(0, Number(count)) }, (_, index) => BigInt(index)))

const contains = (list: List, value: Value) => {
  for (const item of list) if (equals(item, value)) return true
  return false
}
const containsAll = (list: List, part: List): boolean => {
  for (const item of part) if (!contains(list, item)) return false
  return true
}
const intersects = (a: List, b: List) => {
  for (const item of a) if (contains(b, item)) return true
  return false
}

const unwrap = (list: List): Value =>
  items([...list].flatMap((item) => (item instanceof Optional && item.value !== undefined ? [item.value] : [])))

export const overloads: ReadonlyArray<Overload> = [
  ...ordered.flatMap((type) => [
    define(`list<${type}> -> isSorted(): bool`, isSorted),
    define(`list<${type}> -> max(): ${type}`, extreme("max", 1)),
    define(`list<${type}> -> min(): ${type}`, extreme("min", -1)),
    define(`list<${type}> -> sort(): list<${type}>`, (list: List) => sortBy(list, list), `list_${type}_sort`),
    define(`list<T> -> @sortByAssociatedKeys(list<${type}>): list<T>`, sortBy, `list_${type}_sortByAssociatedKeys`)
  ]),
  ...zeros.map(([type, zero]) => define(`list<${type}> -> sum(): ${type}`, sum(zero))),
  define("list<A> -> indexOf(A): int", indexOf),
  define("list<A> -> lastIndexOf(A): int", lastIndexOf),
  define("list<T> -> slice(int, int): list<T>", slice, "list_slice"),
  define("list<list<T>> -> flatten(): list<T>", (list: List) => flatten(list, 1n), "list_flatten"),
  define("list<dyn> -> flatten(int): list<dyn>", flatten, "list_flatten_int"),
  define("lists.range(int): list<int>", range, "lists_range"),
  define("list<T> -> reverse(): list<T>", (list: List) => items([...list].toReversed()), "list_reverse"),
  define("list<T> -> distinct(): list<T>", distinct, "list_distinct"),
  define("sets.contains(list<T>, list<T>): bool", containsAll, "list_sets_contains_list"),
  define(
    "sets.equivalent(list<T>, list<T>): bool",
    (a: List, b: List) => containsAll(a, b) && containsAll(b, a),
    "list_sets_equivalent_list"
  ),
  define("sets.intersects(list<T>, list<T>): bool", intersects, "list_sets_intersects_list"),
  define("list<V> -> first(): optional<V>", (list: List) => (list.size === 0 ? none : new Optional(list.at(0)))),
  define("list<V> -> last(): optional<V>", (list: List) => (list.size === 0 ? none : new Optional(list.at(list.size - 1)))),
  define("optional.unwrap(list<optional<V>>): list<V>", unwrap),
  define("list<optional<V>> -> unwrapOpt(): list<V>", unwrap)
]
