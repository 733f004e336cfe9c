/**
 * What a call costs, by the sizes of what it was given. The numbers are upstream's, because limits are set in them: one unit for
 * a step, a tenth for each character that is looked at.
 */
import { Format } from "./library/Formats.ts"
import type { Overload } from "./library/Function.ts"
import { Dict, List, Opaque, sizeOf, type Value } from "./Values.ts"

export const listBase = 10
export const mapBase = 30
export const structBase = 40
export const perCharacter = 0.1
export const perPatternCharacter = 0.25
export const perCheck = 350_000

type Args = ReadonlyArray<Value>
type Cost = (args: Args, result: Value) => number

const one: Cost = () => 1
const size = (args: Args, index: number) => sizeOf(args[index] ?? null)
/** Of a text that is looked through this many times. */
const traversal =
  (index: number, times = 1): Cost =>
  (args) =>
    Math.ceil(size(args, index) * times * perCharacter)

/** The time a pattern takes is at most the product; texts count one more, so that an empty one does not make it nothing. */
const matching = (text: number, pattern: number) =>
  Math.ceil((1 + text) * perCharacter) * Math.ceil(pattern * perPatternCharacter)
const pattern: Cost = (args) => matching(size(args, 0), size(args, 1))

const tree = (value: Value | undefined): number => {
  if (value === undefined) return 0
  if (typeof value === "string") return Math.floor(Buffer.byteLength(value) * perCharacter)
  if (value instanceof Uint8Array) return Math.floor(value.length * perCharacter)
  let cost = 0
  if (value instanceof List) for (const item of value) cost += tree(item)
  else if (value instanceof Dict) for (const key of value.keys()) cost += tree(key) + tree(value.find(key))
  else return 1
  return cost
}
const whole: Cost = (args) => tree(args[0])

const comparison: Cost = (args) => Math.ceil(Math.min(size(args, 0), size(args, 1)) * perCharacter)
const equality: Cost = (args, result) => (args[0] instanceof Opaque ? 1 : comparison(args, result))
const addition: Cost = (args) => Math.ceil((size(args, 0) + size(args, 1)) * perCharacter)

const requirement = 0.5 * (listBase + structBase)
export const selector = (length: number) =>
  listBase + Math.ceil(length * perCharacter) + Math.ceil(Math.ceil(length * 0.5) * (requirement / 0.5))

const newList = (factor: number, length: number) => Math.floor(length * factor) + 1 + listBase
const output: Cost = (_args, result) => newList(1, sizeOf(result))
const selfComparison =
  (index: number): Cost =>
  (args) => {
    const list = args[index]
    if (!(list instanceof List) || list.size === 0) return newList(2, 0)
    const first = list.at(0)
    const isText = typeof first === "string" || first instanceof Uint8Array
    return newList(isText ? 2 + perCharacter : 2, list.size * list.size)
  }
const product =
  (factor: number): Cost =>
  (args) =>
    1 + Math.floor(size(args, 0) * size(args, 1) * factor)

const contained: Cost = (args) => Math.ceil(2 * size(args, 0) * perCharacter)

/** By the name of the function. */
const byName = new Map<string, Cost>([
  ["check", () => perCheck],
  ["fieldSelector", (args) => selector(size(args, 1))],
  ["labelSelector", (args) => selector(size(args, 1))],
  ...["isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"].map((name) => [name, whole] as const),
  ...["url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey", "cidr", "isIP", "isCIDR", "ip"].map(
    (name) => [name, traversal(0)] as const
  ),
  ...["quantity", "isQuantity", "semver", "isSemver"].map((name) => [name, traversal(0)] as const),
  ["replace", traversal(0, 2)],
  ["split", traversal(0, 2)],
  ["ip.isCanonical", traversal(0, 2)],
  ["join", (_args, result) => Math.ceil(sizeOf(result) * 2 * perCharacter)],
  ["find", pattern],
  ["findAll", pattern],
  ["validate", (args) => (args[0] instanceof Format ? matching(size(args, 1), args[0].length) : 1)],
  ["containsIP", contained],
  ["containsCIDR", (args, result) => contained(args, result) + Math.ceil(size(args, 0) * perCharacter) + 1],
  ["_==_", equality]
])

/** By the overload, where a function's differ. */
const byOverload = new Map<string, Cost>([
  ["cidr_ip", one],
  ["optional_or", () => 0],
  ["cidr_contains_ip_string", (args, result) => contained(args, result) + traversal(1)(args, result)],
  [
    "cidr_contains_cidr_string",
    (args, result) => contained(args, result) + Math.ceil(size(args, 0) * perCharacter) + 1 + traversal(1)(args, result)
  ],
  ["starts_with_string", traversal(0)],
  ["ends_with_string", traversal(0)],
  ["string_to_bytes", traversal(0)],
  ["bytes_to_string", traversal(0)],
  ["string_format", traversal(0)],
  ["strings_quote", traversal(0)],
  ["in_list", (args) => size(args, 1)],
  ["compare_text", comparison],
  ["not_equals", comparison],
  ["add_string", addition],
  ["add_bytes", addition],
  ["matches_string", pattern],
  ["contains_string", (args, result) => traversal(0)(args, result) * traversal(1)(args, result)],
  ["list_slice", output],
  ["lists_range", output],
  ["list_reverse", output],
  ["list_flatten", (args) => newList(1, size(args, 0))],
  ["list_flatten_int", (args) => newList(Number(args[1] ?? 1n), size(args, 0))],
  ["list_distinct", selfComparison(0)],
  ["list_sets_contains_list", product(1)],
  ["list_sets_intersects_list", product(1)],
  ["list_sets_equivalent_list", product(2)],
  ...["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"].flatMap((type) => [
    [`list_${type}_sort`, selfComparison(0)] as const,
    [`list_${type}_sortByAssociatedKeys`, selfComparison(1)] as const
  ])
])

export const costOf = ({ id, name }: Overload): Cost => byOverload.get(id) ?? byName.get(name) ?? one
