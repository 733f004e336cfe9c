/**
 * Sets of fields: who owns what. A tree of path elements written as Kubernetes writes them (FieldsV1): `f:<field>`,
 * `k:<keys of a list item>`, `v:<item of a set>`, `i:<index>`; `.` says that the place itself belongs to the set.
 * Source: KEP-555 "Server-side apply", meta/v1 FieldsV1.
 */
import { Predicate, Result, type Schema } from "effect"

export interface FieldSet {
  /** Whether the place itself is in the set. Never for the root: nobody owns a whole object. */
  readonly member: boolean
  /** None of them is empty. */
  readonly children: ReadonlyMap<string, FieldSet>
}

const noChildren: ReadonlyMap<string, FieldSet> = new Map()
export const empty: FieldSet = { member: false, children: noChildren }
export const leaf: FieldSet = { member: true, children: noChildren }

export const isEmpty = ({ children, member }: FieldSet) => !member && children.size === 0

/** A set of this place, if `member`, and of what is in `children`; those that are empty are left out. */
export const make = (member: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet => {
  const kept = new Map<string, FieldSet>()
  for (const [element, set] of children) if (!isEmpty(set)) kept.set(element, set)
  return kept.size === 0 ? (member ? leaf : empty) : { member, children: kept }
}

/** The same text for the same name, whose hash is known: they are the keys of every set. */
const fields = new Map<string, string>()
const mostFields = 8192
export const field = (name: string) => {
  const before = fields.get(name)
  if (before !== undefined) return before
  if (fields.size >= mostFields) fields.clear()
  const made = `f:${name}`
  fields.set(name, made)
  return made
}
const childOf = (set: FieldSet, element: string) => set.children.get(element) ?? empty
export { childOf as child }

/** A set of single places. */
export const of = (...paths: ReadonlyArray<ReadonlyArray<string>>): FieldSet =>
  paths.reduce<FieldSet>(
    (set, path) =>
      union(
        set,
        path.reduceRight((inner, step) => make(false, [[step, inner]]), leaf)
      ),
    empty
  )

export const union = (a: FieldSet, b: FieldSet): FieldSet => {
  if (a === b || isEmpty(b)) return a
  if (isEmpty(a)) return b
  const children = new Map(a.children)
  for (const [element, set] of b.children) children.set(element, union(childOf(a, element), set))
  return { member: a.member || b.member, children }
}

export const intersection = (a: FieldSet, b: FieldSet): FieldSet => {
  if (isEmpty(a) || isEmpty(b)) return empty
  const children: Array<readonly [string, FieldSet]> = []
  for (const [element, set] of a.children) {
    const other = b.children.get(element)
    if (other !== undefined) children.push([element, intersection(set, other)])
  }
  return make(a.member && b.member, children)
}

/** What is in `a` and not in `b`; the same object if nothing is taken away. A place does not stand for what is inside of it. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet => {
  if (isEmpty(a) || isEmpty(b)) return a
  let changed = a.member && b.member
  const children: Array<readonly [string, FieldSet]> = []
  for (const [element, set] of a.children) {
    const rest = difference(set, childOf(b, element))
    if (rest !== set) changed = true
    children.push([element, rest])
  }
  return changed ? make(a.member && !b.member, children) : a
}

/** As `difference`, but a place in `b` takes all that is inside of it. */
export const without = (a: FieldSet, b: FieldSet): FieldSet => {
  if (b.member) return empty
  if (isEmpty(a) || isEmpty(b)) return a
  return make(
    a.member,
    Array.from(a.children, ([element, set]) => [element, without(set, childOf(b, element))] as const)
  )
}

export const equals = (a: FieldSet, b: FieldSet): boolean =>
  a === b ||
  (a.member === b.member &&
    a.children.size === b.children.size &&
    a.children.entries().every(([element, set]) => equals(set, childOf(b, element))))

/** The same element may be written with spaces, or with its keys in another order. */
const canonical = (element: string): string | undefined => {
  if (/^(?:f:|i:\d+$)/.test(element)) return element
  if (!/^[kv]:/.test(element)) return undefined
  try {
    const value: unknown = JSON.parse(element.slice(2))
    if (element.startsWith("v:")) return `v:${JSON.stringify(value)}`
    return Predicate.isObject(value) ? keyed(Object.entries(value)) : undefined
  } catch {
    return undefined
  }
}
export const keyed = (keys: ReadonlyArray<readonly [string, unknown]>) =>
  keys.length === 1 && keys[0] !== undefined
    ? `k:{${JSON.stringify(keys[0][0])}:${JSON.stringify(keys[0][1])}}`
    : several(keys)
const several = (keys: ReadonlyArray<readonly [string, unknown]>) =>
  `k:${JSON.stringify(Object.fromEntries(keys.toSorted(([a], [b]) => (a < b ? -1 : 1))))}`

/** Sets do not change, and an object's entries are read again at every write. */
const decoded = new WeakMap<object, FieldSet>()

export const fromJson = (json: unknown): Result.Result<FieldSet, string> => {
  if (!Predicate.isObject(json)) return Result.fail("fieldsV1 must be an object")
  const before = decoded.get(json)
  if (before !== undefined) return Result.succeed(before)
  const set = read(json)
  if (typeof set === "string") return Result.fail(set)
  // An empty object is an empty set at the root, and the place itself anywhere else.
  const root = set === leaf ? empty : set
  decoded.set(json, root)
  return Result.succeed(root)
}

const read = (json: { readonly [element: string]: unknown }): FieldSet | string => {
  const children: Array<readonly [string, FieldSet]> = []
  for (const [element, value] of Object.entries(json)) {
    if (element === ".") continue
    const step = canonical(element)
    if (step === undefined) return `missing or unknown prefix of the path element ${JSON.stringify(element)}`
    const set = Predicate.isObject(value) ? read(value) : "fieldsV1 must be made of objects"
    if (typeof set === "string") return set
    children.push([step, set])
  }
  return make(children.length === 0 || "." in json, children)
}

/** Sorted, so that one set has one form. */
export const toJson = ({ children, member }: FieldSet): Schema.JsonObject => {
  if (children.size === 0) return nothingInside
  const json: { [element: string]: Schema.JsonObject } = member ? { ".": nothingInside } : {}
  // On every write of every object: most elements stand in their order already.
  for (const element of inOrder(children)) json[element] = toJson(children.get(element) ?? empty)
  return json
}
const nothingInside: Schema.JsonObject = {}

const inOrder = (children: FieldSet["children"]): Iterable<string> => {
  let last = ""
  for (const element of children.keys()) {
    if (element < last) return [...children.keys()].sort()
    last = element
  }
  return children.keys()
}

const text = (value: unknown) => JSON.stringify(value)
/** As in messages: `.spec`, `[name="web"]`, `[="a"]`, `[0]`. */
const shown = (element: string) => {
  const rest = element.slice(2)
  if (element.startsWith("f:")) return `.${rest}`
  if (element.startsWith("i:")) return `[${rest}]`
  if (element.startsWith("v:")) return `[=${rest}]`
  const keys: { readonly [name: string]: unknown } = JSON.parse(rest)
  return `[${Object.entries(keys)
    .map(([name, value]) => `${name}=${text(value)}`)
    .join(",")}]`
}

/** Every place in the set, as in messages. */
export const paths = (set: FieldSet, prefix = ""): ReadonlyArray<string> =>
  Array.from(set.children)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([element, inner]) => {
      const path = `${prefix}${shown(element)}`
      return [...(inner.member ? [path] : []), ...paths(inner, path)]
    })
