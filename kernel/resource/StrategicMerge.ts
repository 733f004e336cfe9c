/**
 * Strategic merge patch: a merge patch that knows which lists are merged item by item, and by which key, and takes directives
 * (`$patch`, `$retainKeys`, `$setElementOrder/<list>`, `$deleteFromPrimitiveList/<list>`). Source: "Strategic Merge Patch" of
 * the Kubernetes API conventions.
 */
import { Result, type Schema } from "effect"
import { BadRequest } from "../client/Errors.ts"
import { equal } from "./JsonEqual.ts"
import { fieldShape, isList, isObject } from "./OwnedFields.ts"
import type { ListShape, Shape } from "./Shape.ts"

type Json = Schema.Json
type Object = Schema.JsonObject
type List = Schema.JsonArray

/** Thrown from deep inside, and caught by `apply`, which alone is called from outside. */
const refuse = (detail: string): never => {
  throw new BadRequest({ detail })
}

const orderPrefix = "$setElementOrder/"
const deletePrefix = "$deleteFromPrimitiveList/"
const isDirective = (name: string) => name === "$retainKeys" || name.startsWith(orderPrefix) || name.startsWith(deletePrefix)

export const apply = (shape: Shape, original: Json, patch: Json): Result.Result<Object, BadRequest> =>
  Result.try({
    try: () => {
      if (!isObject(original) || !isObject(patch)) return refuse("a strategic merge patch is a JSON object")
      return mergeObject(shape, original, patch)
    },
    catch: (error) => {
      if (error instanceof BadRequest) return error
      throw error
    }
  })

const mergeObject = (shape: Shape | undefined, original: Object, patch: Object): Object => {
  const { $patch: directive, ...rest } = patch
  if (directive === "delete") return {}
  if (directive === "replace") return withoutNulls(rest)
  if (directive !== undefined && directive !== "merge")
    return refuse(`unknown patch type ${JSON.stringify(directive)}: $patch is one of delete, merge, replace`)
  const fields = new Map(Object.entries(retained(original, rest)))
  for (const [name, value] of Object.entries(rest)) {
    if (isDirective(name)) continue
    const known = shape && fieldShape(shape, name)
    const before = fields.get(name)
    if (value === null) fields.delete(name)
    else if (before !== undefined) fields.set(name, mergeValue(name, known, before, value, rest[`${orderPrefix}${name}`]))
    else {
      if (isList(value) && isMerged(known)) ordered(name, value, known.mergeKey, rest[`${orderPrefix}${name}`])
      const fresh = unmerged(value)
      if (fresh !== undefined) fields.set(name, fresh)
    }
  }
  for (const [name, value] of Object.entries(rest)) {
    if (name.startsWith(deletePrefix)) deleteItems(fields, name.slice(deletePrefix.length), value)
    else if (name.startsWith(orderPrefix)) reorder(shape, fields, name.slice(orderPrefix.length), value, rest)
  }
  return Object.fromEntries(fields)
}

/** What meets nothing is taken as it stands, without `null`s, and without what says how it were to be merged. */
const unmerged = (value: Json): Json | undefined => {
  if (isList(value)) return value.flatMap((item) => unmerged(item) ?? [])
  if (!isObject(value)) return value
  if ("$patch" in value) return undefined
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => {
      const kept = field === null ? undefined : unmerged(field)
      return kept === undefined ? [] : [[name, kept] as const]
    })
  )
}

/** What a replaced value says is taken as it stands, but for what it says is nothing. */
const withoutNulls = (value: Object): Object =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([name, field]) => field !== null && !isDirective(name))
      .map(([name, field]) => [name, isObject(field) ? withoutNulls(field) : field])
  )

/** `$retainKeys`: what it does not name goes. */
const retained = (original: Object, patch: Object): Object => {
  const keys = patch["$retainKeys"]
  if (keys === undefined) return original
  if (!isList(keys)) return refuse("invalid patch format of retainKeys")
  const unnamed = Object.entries(patch).find(([name, value]) => value !== null && !isDirective(name) && !keys.includes(name))
  if (unnamed !== undefined) return refuse("invalid patch format of retainKeys")
  return Object.fromEntries(Object.entries(original).filter(([name]) => keys.includes(name)))
}

const mergeValue = (name: string, shape: Shape | undefined, original: Json, patch: Json, order: Json | undefined): Json => {
  const isReplaced = shape?.patch?.includes("replace") === true
  if (isObject(patch)) {
    if (isReplaced) return withoutNulls(patch)
    return mergeObject(shape, isObject(original) ? original : {}, patch)
  }
  if (!isList(patch) || !isMerged(shape)) return patch
  return mergeList(name, shape.item, shape.mergeKey, isList(original) ? original : [], patch, order)
}

/** What tells two items of a list apart: the value of the merge key, or the item itself. */
const keyOf = (key: string | undefined) => (item: Json) => {
  if (key === undefined) return item
  const value = isObject(item) ? item[key] : undefined
  return value ?? refuse(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
}

const mergeList = (
  name: string,
  item: Shape,
  mergeKey: string | undefined,
  original: List,
  patch: List,
  order: Json | undefined
): List => {
  if (mergeKey === undefined && patch.some(isObject)) return refuse(`cannot merge the list ${name}: it has no merge key`)
  const key = keyOf(mergeKey)
  const directiveOf = (one: Json) => (isObject(one) ? one["$patch"] : undefined)
  const said = patch.filter((one) => directiveOf(one) === undefined)
  const at = (list: List, value: Json) => list.findIndex((one) => equal(key(one), value))
  if (patch.some((one) => directiveOf(one) === "replace")) return said
  checkOrder(name, said.map(key), order, mergeKey)
  const deleted = patch.filter((one) => directiveOf(one) === "delete").map(key)
  const unknown = patch.map(directiveOf).find((one) => one !== undefined && one !== "delete")
  if (unknown === "merge") return refuse("merging lists cannot yet be specified in the patch")
  if (unknown !== undefined) return refuse(`unknown patch type ${JSON.stringify(unknown)} in the list ${name}`)
  const all = original.filter((one) => !deleted.some((value) => equal(value, key(one))))
  for (const one of said) {
    const index = at(all, key(one))
    // One that meets nothing is taken as it stands.
    if (index < 0) all.push(one)
    else all[index] = merged(item, all[index], one)
  }
  return sorted(all, isList(order) ? order.map(key) : said.map(key), original, key)
}

const merged = (shape: Shape, original: Json | undefined, patch: Json): Json =>
  isObject(patch) ? mergeObject(shape, isObject(original) ? original : {}, patch) : patch

const isMerged = (shape: Shape | undefined): shape is ListShape =>
  shape?.type === "list" && shape.patch?.includes("merge") === true

/** Of a list that meets none. */
const ordered = (name: string, patch: List, mergeKey: string | undefined, order: Json | undefined) => {
  const said = patch.filter((one) => !isObject(one) || one["$patch"] === undefined)
  if (order !== undefined) checkOrder(name, said.map(keyOf(mergeKey)), order, mergeKey)
}

/** An order that does not have all items of the patch, in the patch's order, is a mistake. */
const checkOrder = (name: string, said: List, order: Json | undefined, mergeKey: string | undefined) => {
  if (!isList(order) || order.length === 0) return
  const values = order.map(keyOf(mergeKey))
  let from = 0
  for (const value of said) {
    const found = values.findIndex((one, index) => index >= from && equal(one, value))
    if (found < 0) refuse(`The order in patch list ${name} doesn't match its $setElementOrder list`)
    from = found + 1
  }
}

/** Items that the patch names come in its order; the others keep their places between those they stood between. */
const sorted = (all: List, order: List, server: List, key: (item: Json) => Json): List => {
  const indexIn = (list: List, value: Json) => list.findIndex((one) => equal(one, value))
  const before = server.map(key)
  const byOrder = (list: List, values: List) => list.toSorted((a, b) => indexIn(values, key(a)) - indexIn(values, key(b)))
  const named = byOrder(
    all.filter((one) => indexIn(order, key(one)) >= 0),
    order
  )
  const others = byOrder(
    all.filter((one) => indexIn(order, key(one)) < 0),
    before
  )
  const out: Array<Json> = []
  for (const one of named) {
    const place = indexIn(before, key(one))
    while (place >= 0 && others[0] !== undefined && indexIn(before, key(others[0])) < place) out.push(...others.splice(0, 1))
    out.push(one)
  }
  return [...out, ...others]
}

/** An order without changes of the list. */
const reorder = (shape: Shape | undefined, fields: Map<string, Json>, name: string, order: Json, patch: Object) => {
  const list = fields.get(name)
  const known = shape && fieldShape(shape, name)
  if (!isList(order)) return refuse(`invalid patch format of the $setElementOrder list of ${name}`)
  if (!isList(list) || name in patch || known?.type !== "list") return
  const key = keyOf(known.mergeKey)
  fields.set(name, sorted(list, order.map(key), list, key))
}

const deleteItems = (fields: Map<string, Json>, name: string, items: Json) => {
  const list = fields.get(name)
  if (!isList(items)) return refuse(`invalid patch format of the $deleteFromPrimitiveList list of ${name}`)
  if (isList(list))
    fields.set(
      name,
      list.filter((one) => !items.some((item) => equal(item, one)))
    )
}
