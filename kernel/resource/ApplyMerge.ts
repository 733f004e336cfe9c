/** How what somebody applies goes into an object: field by field and item by item, as its shape allows. Source: KEP-555. */
import { Result, type Schema } from "effect"
import * as OwnedFields from "./OwnedFields.ts"
import * as Ownership from "./Ownership.ts"
import type { ListShape, Shape } from "./Shape.ts"

type Json = Schema.Json
const { hasParts, isList, isNothing, isObject } = OwnedFields

/** `applied` wins where it says something; what it does not speak of stays. */
export const merge = (given: Shape, live: Json | undefined, applied: Json): Json => {
  const shape = OwnedFields.seen(given, live, applied)
  if (live === undefined || !hasParts(shape) || (isNothing(live) && isNothing(applied))) return applied
  return shape.type === "list" ? mergeLists(shape, live, applied) : mergeObjects(shape, live, applied)
}

const mergeObjects = (shape: Shape, live: Json, applied: Json): Json => {
  const fields = new Map(isObject(live) ? Object.entries(live) : [])
  for (const [name, value] of isObject(applied) ? Object.entries(applied) : []) {
    fields.set(name, merge(OwnedFields.fieldShape(shape, name) ?? OwnedFields.anything, fields.get(name), value))
  }
  return Object.fromEntries(fields)
}

/** In the order of what is applied, with the items of others where they stood between their neighbours. */
const mergeLists = (shape: ListShape, live: Json, applied: Json): Json => {
  const old = isList(live) ? live : []
  const given = isList(applied) ? applied : []
  const [was, is] = [OwnedFields.itemsOf(shape, old), OwnedFields.itemsOf(shape, given)]
  const left = old.map((item) => [OwnedFields.elementOf(shape, item), item] as const)
  const right = [...is.keys()]
  const shared = right.filter((element) => was.has(element))
  const merged = (element: string): Json => {
    const [value] = is.get(element) ?? []
    const before = was.get(element) ?? []
    // An item that stands there twice has no parts that could be kept.
    return value === undefined ? null : merge(shape.item, before.length === 1 ? before[0] : undefined, value)
  }
  const out: Array<Json> = []
  for (let [l, r, s] = [0, 0, 0]; l < left.length || r < right.length; ) {
    const [element, item] = left[l] ?? []
    const next = right[r]
    if (element !== undefined && element === next) {
      out.push(merged(next))
      l++
      r++
      s++
    } else if (
      element !== undefined &&
      is.has(element) &&
      (next === undefined || (shared[s] !== undefined && shared[s] !== element))
    ) {
      // Shared, but its turn is another: it comes, or came, in the order of what is applied.
      l++
    } else if (element !== undefined && item !== undefined && !is.has(element)) {
      out.push(item)
      l++
    } else if (next !== undefined) {
      out.push(merged(next))
      r++
      if (shared[s] === next) s++
    } else l++
  }
  return out
}

/** Fails with the place where one item is applied twice. */
export const checkDuplicates = (shape: Shape, value: Json, path = ""): Result.Result<void, string> => {
  if (!hasParts(shape)) return Result.void
  if (shape.type === "list") {
    for (const [element, items] of OwnedFields.itemsOf(shape, isList(value) ? value : [])) {
      const [where] = Ownership.paths(Ownership.of([element]))
      if (items.length > 1) return Result.fail(`${path}: duplicate entries for key ${where}`)
      const [item = null] = items
      const inside = checkDuplicates(shape.item, item, `${path}${where}`)
      if (Result.isFailure(inside)) return inside
    }
    return Result.void
  }
  for (const [name, field] of isObject(value) ? Object.entries(value) : []) {
    const inside = checkDuplicates(OwnedFields.fieldShape(shape, name) ?? OwnedFields.anything, field, `${path}.${name}`)
    if (Result.isFailure(inside)) return inside
  }
  return Result.void
}
