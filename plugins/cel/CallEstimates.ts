/** What a call can cost by what is known of its arguments' sizes, and how large its result can be. The numbers are upstream's. */
import { listBase, perCharacter, perCheck, perPatternCharacter, structBase } from "./Costs.ts"
import type { Overload } from "./library/Function.ts"
import { add, fixed, most, multiply, type Range, scale, unknown } from "./Ranges.ts"
import type { Type } from "./Types.ts"
import type { Value } from "./Values.ts"

/** An argument. */
export interface Node {
  readonly type: Type
  /** From the expression or the schema. */
  readonly size: Range | undefined
  readonly computed: Range | undefined
  /** Of a list: its items. */
  readonly item: { readonly type: Type | undefined; readonly size: Range | undefined } | undefined
  readonly literal: Value | undefined
}
export interface CallEstimate {
  /** Without that of the arguments. */
  readonly cost: Range
  readonly size?: Range
}

type Estimate = (target: Node | undefined, args: ReadonlyArray<Node>) => CallEstimate | undefined

const sizeOf = (node: Node | undefined): Range => node?.size ?? unknown
const one: CallEstimate = { cost: fixed(1) }
const nominal: Estimate = () => one
const traversal = (size: Range, times = 1) => scale(size, times * perCharacter)

/** A text is looked through, and the result is as long. */
const transforms: Estimate = (target) => target && { cost: traversal(sizeOf(target)), size: sizeOf(target) }
const parses =
  (times = 1): Estimate =>
  (_target, [text]) =>
    text && { cost: traversal(sizeOf(text), times) }

const matching = (text: Range, pattern: Range) =>
  multiply(traversal(add(text, fixed(1))), scale(pattern, perPatternCharacter))

const ofItems: Estimate = (target) => {
  if (target === undefined) return undefined
  if (target.item === undefined) return { cost: traversal(sizeOf(target)) }
  const { kind } = target.item.type ?? { kind: "dyn" }
  const each = kind === "string" || kind === "bytes" ? add(fixed(1), traversal(target.item.size ?? unknown)) : fixed(1)
  return { cost: multiply(sizeOf(target), each) }
}

const replaces: Estimate = (target, [from, to]) => {
  if (target === undefined || from === undefined || to === undefined) return undefined
  const [size, old, next] = [sizeOf(target), sizeOf(from), sizeOf(to)]
  const more = (value: number) => (value < most ? value + 1 : value)
  const upper =
    old.min === 0
      ? { count: more(size.max), kept: size.max }
      : next.max <= old.min
        ? { count: 0, kept: size.max }
        : { count: Math.ceil(size.max / old.min), kept: 0 }
  const lower =
    old.max === 0
      ? { count: more(size.min), kept: size.min }
      : old.max <= next.min
        ? { count: 0, kept: size.min }
        : { count: Math.ceil(size.min / old.max), kept: 0 }
  const result = add(multiply({ min: lower.count, max: upper.count }, next), { min: lower.kept, max: upper.kept })
  return { cost: traversal(size, 2), size: result }
}

const splits: Estimate = (target, [, limit]) => {
  if (target === undefined) return undefined
  const size = sizeOf(target)
  const count = typeof limit?.literal === "bigint" ? Number(limit.literal) : size.max
  return { cost: traversal(size, 2), size: { min: 0, max: count < 0 ? most : count } }
}

const joins: Estimate = (target, [by]) => {
  if (target === undefined) return undefined
  const count = sizeOf(target)
  const parts = multiply(count, target.item?.size ?? unknown)
  const gaps = { min: Math.max(0, count.min - 1), max: count.max >= most ? most : Math.max(0, count.max - 1) }
  const size = by === undefined ? parts : add(parts, multiply(sizeOf(by), gaps))
  return { cost: traversal(size), size }
}

const finds: Estimate = (target, [pattern]) => {
  if (target === undefined || pattern === undefined) return undefined
  return { cost: matching(sizeOf(target), sizeOf(pattern)), size: { min: 0, max: sizeOf(target).max } }
}

const address: Range = { min: 4, max: 16 }
const containsIp: Estimate = () => ({ cost: traversal(add(address, address)) })
const containsCidr: Estimate = () => ({
  cost: add(add(traversal(add(address, address)), traversal(address)), fixed(1))
})
const plusText =
  (estimate: Estimate): Estimate =>
  (target, args) => {
    const base = estimate(target, args)
    return base && { cost: add(base.cost, traversal(sizeOf(args[0]))) }
  }

const selector: Estimate = (_target, [text]) => {
  const size = sizeOf(text)
  return { cost: add(add(fixed(listBase), traversal(size)), scale(scale(size, 0.5), listBase + structBase)) }
}

/** `==` and the orders: as far as the shorter one goes. */
const compares: Estimate = (_target, [left, right]) => {
  const max = Math.min(left?.computed?.max ?? most, right?.computed?.max ?? most)
  return { cost: scale({ min: max > 0 ? 1 : 0, max }, perCharacter) }
}
const cheapToCompare = /^(net\.|kubernetes\.(?!URL|NamedFormat))/
const equals: Estimate = (target, args) => {
  const [left, right] = args
  if (left === undefined || right === undefined || left.type.name !== right.type.name) return compares(target, args)
  if (cheapToCompare.test(left.type.name)) return one
  if (left.type.name === "kubernetes.NamedFormat") return { cost: scale({ min: 1, max: 64 }, perCharacter) }
  if (left.type.name === "kubernetes.URL") return { cost: scale({ min: 1, max: right.computed?.max ?? 1 }, perCharacter) }
  return compares(target, args)
}

const listCall = (factor: number, size: Range): CallEstimate => ({
  cost: add(scale(size, factor), fixed(1 + listBase)),
  size
})
const number = (node: Node | undefined, other: number) =>
  typeof node?.literal === "bigint" ? Math.max(0, Number(node.literal)) : other
const quadratic =
  (factor: number, of: "target" | "argument"): Estimate =>
  (target, args) => {
    const size = sizeOf(of === "target" ? target : args[0])
    return listCall(factor, multiply(size, size))
  }
const slices: Estimate = (target, [from, to]) =>
  listCall(1, fixed(Math.max(0, number(to, sizeOf(target).max) - number(from, 0))))
const flattens: Estimate = (target, [depth]) => listCall(depth === undefined ? 1 : number(depth, most), sizeOf(target))
const setOperation =
  (factor: number): Estimate =>
  (_target, [left, right]) => ({ cost: add(scale(multiply(sizeOf(left), sizeOf(right)), factor), fixed(1)) })

const adds =
  (isList: boolean): Estimate =>
  (_target, [left, right]) => {
    const size = add(left?.computed ?? unknown, right?.computed ?? unknown)
    return { cost: isList ? fixed(1) : traversal(size), size }
  }

const byName = new Map<string, Estimate>([
  ["check", () => ({ cost: fixed(perCheck) })],
  ["fieldSelector", selector],
  ["labelSelector", selector],
  ...["isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"].map((name) => [name, ofItems] as const),
  ...["lowerAscii", "upperAscii", "substring", "trim"].map((name) => [name, transforms] as const),
  ["url", (_target, [text]) => text && { cost: traversal(sizeOf(text)), size: sizeOf(text) }],
  ["jsonpatch.escapeKey", (_target, [text]) => text && { cost: traversal(sizeOf(text)), size: sizeOf(text) }],
  ["replace", replaces],
  ["split", splits],
  ["join", joins],
  ["find", finds],
  ["findAll", finds],
  ...["cidr", "isIP", "isCIDR", "ip", "quantity", "isQuantity", "semver", "isSemver"].map(
    (name) => [name, parses()] as const
  ),
  ["ip.isCanonical", parses(2)],
  ["containsIP", containsIp],
  ["containsCIDR", containsCidr],
  ["validate", (_target, [text]) => ({ cost: scale(traversal(sizeOf(text)), 128 * perPatternCharacter) })],
  ["_==_", equals]
])

const byOverload = new Map<string, Estimate>([
  ["cidr_ip", nominal],
  ["cidr_contains_ip_string", plusText(containsIp)],
  ["cidr_contains_cidr_string", plusText(containsCidr)],
  ["string_format", (target) => target && { cost: traversal(sizeOf(target)) }],
  ["string_to_bytes", (_t, [text]) => ({ cost: traversal(sizeOf(text)), size: multiply(sizeOf(text), { min: 1, max: 4 }) })],
  [
    "bytes_to_string",
    (_t, [text]) => ({
      cost: traversal(sizeOf(text)),
      size: { min: Math.floor(sizeOf(text).min / 4), max: sizeOf(text).max }
    })
  ],
  [
    "strings_quote",
    (_t, [text]) => ({ cost: traversal(sizeOf(text)), size: add(multiply(sizeOf(text), { min: 1, max: 2 }), fixed(2)) })
  ],
  ["starts_with_string", (_t, [text]) => ({ cost: traversal(text?.computed ?? unknown) })],
  ["ends_with_string", (_t, [text]) => ({ cost: traversal(text?.computed ?? unknown) })],
  ["in_list", (_t, [, list]) => ({ cost: list?.computed ?? unknown })],
  [
    "matches_string",
    (target, args) => target && args[0] && { cost: matching(target.computed ?? unknown, args[0].computed ?? unknown) }
  ],
  [
    "contains_string",
    (target, [part]) =>
      target && { cost: multiply(traversal(target.computed ?? unknown), traversal(part?.computed ?? unknown)) }
  ],
  ["add_list", adds(true)],
  ["add_string", adds(false)],
  ["add_bytes", adds(false)],
  ["compare_text", compares],
  ["not_equals", compares],
  ["list_slice", slices],
  ["lists_range", (_t, [count]) => listCall(1, fixed(number(count, most)))],
  ["list_reverse", (target) => listCall(1, sizeOf(target))],
  ["list_flatten", flattens],
  ["list_flatten_int", flattens],
  ["list_distinct", quadratic(2, "target")],
  ["list_sets_contains_list", setOperation(1)],
  ["list_sets_intersects_list", setOperation(1)],
  ["list_sets_equivalent_list", setOperation(2)],
  ...["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"].flatMap((type) => {
    const factor = type === "string" || type === "bytes" ? 2 + perCharacter : 2
    return [
      [`list_${type}_sort`, quadratic(factor, "target")] as const,
      [`list_${type}_sortByAssociatedKeys`, quadratic(factor, "argument")] as const
    ]
  })
])

export const callEstimate = ({ id, name }: Overload, target: Node | undefined, args: ReadonlyArray<Node>): CallEstimate =>
  (byOverload.get(id) ?? byName.get(name))?.(target, args) ?? one
