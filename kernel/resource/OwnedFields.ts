/**
 * What a shape makes of an object for those who own its fields: which places it has, where two objects differ, and what is
 * left when places are taken away. Source: KEP-555, "Topology" of lists and maps.
 */
import { Predicate, type Schema } from "effect"
import { equal } from "./JsonEqual.ts"
import * as Ownership from "./Ownership.ts"
import type { ListShape, Shape } from "./Shape.ts"

type Json = Schema.Json
type Object = Schema.JsonObject
type FieldSet = Ownership.FieldSet

export const isObject = (value: Json | undefined): value is Object => Predicate.isObject(value) && !Array.isArray(value)
export const isList = (value: Json | undefined): value is Schema.JsonArray => Array.isArray(value)

/** What nobody has described is owned field by field, and its lists as one. Only custom resources have such places. */
const undescribed: { type: "map"; atomic: false; value: Shape } = { type: "map", atomic: false, value: { type: "free" } }
undescribed.value = undescribed
export const anything: Shape = undescribed

/** What a shape is of these values: of what is not described, they say it. */
export const seen = (shape: Shape, ...values: ReadonlyArray<Json | undefined>): Shape =>
  shape !== anything || values.every((value) => value === undefined || isObject(value)) ? shape : { type: "free" }

type Parted = Extract<Shape, { readonly type: "object" | "map" | "list" }>
/** Whether a place is owned by its parts, and not as one value. */
export const hasParts = (shape: Shape): shape is Parted => {
  if (shape.type === "list") return shape.list !== "atomic"
  return (shape.type === "object" || shape.type === "map") && !shape.atomic
}

/** Of the field of an object or map; `undefined`: the kind does not know it. */
export const fieldShape = (shape: Shape, name: string): Shape | undefined => {
  if (shape.type === "map") return shape.value
  if (shape.type !== "object") return undefined
  return shape.fields.get(name)?.shape ?? (shape.preserveUnknown ? anything : undefined)
}
/** Whether a field has its name from the kind, and not from a user. */
const isNamed = (shape: Shape, name: string) => shape.type === "object" && shape.fields.has(name)

/** Which item of its list a value is. Keys that are missing count as what the API would fill in. */
export const elementOf = ({ item, keys, list }: ListShape, value: Json): string => {
  if (list === "set") return `v:${JSON.stringify(value)}`
  const [key = ""] = keys
  const only = keys.length === 1 && isObject(value) ? value[key] : undefined
  if (typeof only === "string") return `k:{"${key}":${JSON.stringify(only)}}`
  const object = isObject(value) ? value : {}
  const found = keys.flatMap((key) => {
    const given = object[key] ?? (item.type === "object" ? item.fields.get(key)?.default : undefined)
    return given === undefined ? [] : [[key, given] as const]
  })
  return Ownership.keyed(found)
}

/** The items of a list by their elements. An element that stands there twice is one place, without parts. */
export const itemsOf = (shape: ListShape, list: Schema.JsonArray): ReadonlyMap<string, ReadonlyArray<Json>> => {
  const items = new Map<string, Array<Json>>()
  for (const item of list) {
    const element = elementOf(shape, item)
    const before = items.get(element)
    if (before === undefined) items.set(element, [item])
    else before.push(item)
  }
  return items
}

/** Which places an object has: what its author owns. */
export const of = (given: Shape, value: Json): FieldSet => {
  const shape = seen(given, value)
  return hasParts(shape) ? inside(shape, value) : Ownership.leaf
}

const inside = (shape: Parted, value: Json): FieldSet => {
  if (shape.type === "list") {
    if (!isList(value)) return Ownership.empty
    return Ownership.make(
      false,
      Array.from(itemsOf(shape, value), ([element, items]) => {
        const parts = items.length === 1 && items[0] !== undefined ? of(shape.item, items[0]) : Ownership.leaf
        return [element, Ownership.union(parts, Ownership.leaf)] as const
      })
    )
  }
  if (!isObject(value)) return Ownership.empty
  return Ownership.make(
    false,
    Object.entries(value).flatMap(([name, field]) => {
      const known = fieldShape(shape, name)
      if (known === undefined) return []
      const parts = of(known, field)
      const itself = (isNothing(field) && !isList(field)) || !isNamed(shape, name)
      return [[Ownership.field(name), itself ? Ownership.union(parts, Ownership.leaf) : parts] as const]
    })
  )
}

export interface Difference {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}
const same: Difference = { added: Ownership.empty, modified: Ownership.empty, removed: Ownership.empty }

/** All places of a value that is only on one side, itself included. */
const whole = (given: Shape, value: Json): FieldSet => {
  const shape = seen(given, value)
  if (!hasParts(shape)) return Ownership.leaf
  const children = new Map<string, FieldSet>()
  if (shape.type === "list") {
    if (isList(value))
      for (const [element, [first, second]] of itemsOf(shape, value)) {
        const isOne = first !== undefined && second === undefined
        children.set(element, isOne ? whole(shape.item, first) : Ownership.leaf)
      }
  } else if (isObject(value))
    for (const name in value) {
      const [known, field] = [fieldShape(shape, name), value[name]]
      if (known !== undefined && field !== undefined) children.set(Ownership.field(name), whole(known, field))
    }
  return children.size === 0 ? Ownership.leaf : { member: true, children }
}

/** `null`, and lists and maps without anything in them: one such value is replaced by another as a whole. */
export const isNothing = (value: Json) =>
  value === null || (isList(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0)

/** Where two values of one shape differ. Shared parts cost nothing. */
export const compare = (given: Shape, before: Json | undefined, after: Json | undefined): Difference => {
  if (before === after) return same
  const shape = seen(given, before, after)
  if (before === undefined) return after === undefined ? same : { ...same, added: whole(shape, after) }
  if (after === undefined) return { ...same, removed: whole(shape, before) }
  if (!hasParts(shape) || (isNothing(before) && isNothing(after)))
    return equal(before, after) ? same : { ...same, modified: Ownership.leaf }
  return shape.type === "list" ? compareLists(shape, before, after) : compareObjects(shape, before, after)
}

const compareObjects = (shape: Shape, before: Json, after: Json): Difference => {
  const [old, now] = [isObject(before) ? before : {}, isObject(after) ? after : {}]
  return collect(keysOf(old, now), Ownership.field, (name) => {
    const known = fieldShape(shape, name)
    return known === undefined ? same : compare(known, old[name], now[name])
  })
}

const compareLists = (shape: ListShape, before: Json, after: Json): Difference => {
  const [old, now] = [itemsOf(shape, isList(before) ? before : []), itemsOf(shape, isList(after) ? after : [])]
  const self = (element: string) => element
  return collect(new Set([...old.keys(), ...now.keys()]), self, (element) => {
    const [was = [], is = []] = [old.get(element), now.get(element)]
    if (was.length <= 1 && is.length <= 1) return compare(shape.item, was[0], is[0])
    if (is.length === 0) return { ...same, removed: Ownership.leaf }
    if (was.length === 0) return { ...same, added: Ownership.leaf }
    return equal(was, is) ? same : { ...same, modified: Ownership.leaf }
  })
}

type Parts = Map<string, FieldSet> | undefined
const put = (parts: Parts, element: string, set: FieldSet): Parts => {
  if (Ownership.isEmpty(set)) return parts
  return (parts ?? new Map<string, FieldSet>()).set(element, set)
}
const made = (parts: Parts) => (parts === undefined ? Ownership.empty : { member: false, children: parts })

/** On every write of every object: nothing is made where nothing differs. */
const collect = (
  names: Iterable<string>,
  element: (name: string) => string,
  part: (name: string) => Difference
): Difference => {
  let [added, modified, removed]: [Parts, Parts, Parts] = [undefined, undefined, undefined]
  for (const name of names) {
    const one = part(name)
    if (one === same) continue
    const at = element(name)
    added = put(added, at, one.added)
    modified = put(modified, at, one.modified)
    removed = put(removed, at, one.removed)
  }
  if (added === undefined && modified === undefined && removed === undefined) return same
  return { added: made(added), modified: made(modified), removed: made(removed) }
}

/** The keys of both, each once. */
const keysOf = (a: Object, b: Object): ReadonlyArray<string> => {
  const keys = Object.keys(a)
  for (const key in b) if (!Object.hasOwn(a, key)) keys.push(key)
  return keys
}

/** The value without the places of a set. An object stays when all in it goes, unless it goes itself; a list does not. */
export const remove = (given: Shape, value: Json, set: FieldSet): Json | undefined => {
  const shape = seen(given, value)
  if (Ownership.isEmpty(set) || !hasParts(shape)) return value
  if (shape.type === "list") {
    if (!isList(value)) return value
    const left = value.flatMap((item) => {
      const part = Ownership.child(set, elementOf(shape, item))
      if (part.member) return []
      const rest = remove(shape.item, item, part)
      return rest === undefined ? [] : [rest]
    })
    return left.length > 0 ? left : undefined
  }
  if (!isObject(value)) return value
  const left = Object.entries(value).flatMap(([name, field]) => {
    const part = Ownership.child(set, Ownership.field(name))
    if (part.member) return []
    const rest = remove(fieldShape(shape, name) ?? anything, field, part)
    return rest === undefined ? [] : [[name, rest] as const]
  })
  return Object.fromEntries(left)
}

/** The set, and the fields on the way to it that have their names from the kind: they go when all in them goes. */
export const withNamed = (shape: Shape, set: FieldSet): FieldSet =>
  Ownership.make(
    set.member,
    Array.from(set.children, ([element, inner]) => {
      const name = element.startsWith("f:") ? element.slice(2) : undefined
      const known =
        name === undefined ? (shape.type === "list" ? shape.item : anything) : (fieldShape(shape, name) ?? anything)
      const part = withNamed(known, inner)
      const named = name !== undefined && inner.children.size > 0 && isNamed(shape, name)
      return [element, named ? Ownership.union(part, Ownership.leaf) : part] as const
    })
  )
