/** How what somebody applies goes into an object: field by field and item by item, as its shape allows. Source: KEP-555. */
import type { Schema } from "effect"
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

const always = new Set(["apiVersion", "kind"])

/** What a configuration cannot say: fields that its kind does not have, and one item twice. */
export const flaws = (shape: Shape, value: Json, path = ""): ReadonlyArray<string> => {
  if (shape.type === "list") {
    if (!isList(value)) return []
    if (shape.list === "atomic") return value.flatMap((item, index) => flaws(shape.item, item, `${path}[${index}]`))
    return [...OwnedFields.itemsOf(shape, value)].flatMap(([element, items]) => {
      const [where = ""] = Ownership.paths(Ownership.of([element]))
      const inside = items.flatMap((item) => flaws(shape.item, item, `${path}${where}`))
      return items.length > 1 ? [`${path}: duplicate entries for key ${where}`, ...inside] : inside
    })
  }
  if (!isObject(value)) return []
  const fields = Object.entries(value)
  if (shape.type === "map") return fields.flatMap(([name, field]) => flaws(shape.value, field, `${path}.${name}`))
  if (shape.type !== "object") return []
  return fields.flatMap(([name, field]) => {
    const known = shape.fields.get(name)
    if (known !== undefined) return flaws(known.shape, field, `${path}.${name}`)
    const isKnown = shape.preserveUnknown === true || ((path === "" || shape.embedded === true) && always.has(name))
    return isKnown ? [] : [`${path}.${name}: field not declared in schema`]
  })
}
