/** The rules of a schema, as a tree along which objects are walked; parts without rules are not in it. */
import type { Schema } from "effect"
import { type Declared, isObject, ofSchema } from "../Declared.ts"
import { type CompiledRule, compileRule, rulesOf } from "./Rule.ts"
import { escape } from "../Escape.ts"

type JsonObject = Schema.JsonObject

export interface Node {
  readonly rules: ReadonlyArray<CompiledRule>
  readonly declared: Declared
  /** `object`, `array`, …, as messages name what cannot be shown. */
  readonly type: string
  readonly items?: Node
  readonly properties?: ReadonlyMap<string, Node>
  readonly additional?: Node
  readonly allOf: ReadonlyArray<Node>
  /** By which an item is found in the list as it was; none: it is not looked for. */
  readonly keys?: ReadonlyArray<string>
}

const child = (schema: JsonObject, name: string): JsonObject | undefined => {
  const inner = schema[name]
  return isObject(inner) ? inner : undefined
}
const isEmbedded = (schema: JsonObject) => schema["x-kubernetes-embedded-resource"] === true

/** `rules` is where rules are read, `schema` what the types are of: they differ inside of `allOf`. */
export const tree = (
  rules: JsonObject,
  schema: JsonObject,
  name: string,
  isRoot: boolean,
  known?: Declared
): Node | undefined => {
  if (!hasRules(rules)) return undefined
  const declared = known ?? ofSchema(schema, name, isRoot)
  if (declared === undefined) return undefined
  const compiled = rulesOf(rules).map((rule) => compileRule(rule, declared, schema))
  const items = inner(rules, schema, "items", `${name}.@idx`, declared)
  const additional = inner(rules, schema, "additionalProperties", `${name}.@elem`, declared)
  const properties = propertiesOf(rules, schema, name, declared)
  const { allOf: parts } = rules
  const allOf = (Array.isArray(parts) ? parts : []).flatMap((part) => {
    const node = isObject(part) ? tree(part, schema, name, isRoot, declared) : undefined
    return node === undefined ? [] : [node]
  })
  const keys = schema["x-kubernetes-list-map-keys"]
  return {
    rules: compiled,
    declared,
    type: typeof schema["type"] === "string" ? schema["type"] : isRoot ? "object" : "",
    allOf,
    ...(items !== undefined && { items }),
    ...(additional !== undefined && { additional }),
    ...(properties.size > 0 && { properties }),
    ...(schema["x-kubernetes-list-type"] === "map" && Array.isArray(keys) && { keys: keys.map(String) })
  }
}

const inner = (rules: JsonObject, schema: JsonObject, name: string, path: string, declared: Declared) => {
  const [ofRules, ofTypes] = [child(rules, name), child(schema, name)]
  return ofRules && ofTypes && tree(ofRules, ofTypes, path, isEmbedded(ofTypes), declared.item)
}

const propertiesOf = (rules: JsonObject, schema: JsonObject, name: string, declared: Declared) => {
  const nodes = new Map<string, Node>()
  const types = child(schema, "properties") ?? {}
  for (const [field, property] of Object.entries(child(rules, "properties") ?? {})) {
    const type = Object.hasOwn(types, field) ? types[field] : undefined
    if (!isObject(property) || !isObject(type)) continue
    const word = escape(field)
    const known = word === undefined ? undefined : declared.fields?.get(word)?.declared
    const node = tree(property, type, `${name}.${field}`, isEmbedded(type), known)
    if (node !== undefined) nodes.set(field, node)
  }
  return nodes
}

const hasRules = (schema: Schema.Json | undefined): boolean => {
  if (!isObject(schema)) return false
  const { additionalProperties, allOf, items, properties, "x-kubernetes-validations": rules } = schema
  return (
    (Array.isArray(rules) && rules.length > 0) ||
    hasRules(items) ||
    hasRules(additionalProperties) ||
    (isObject(properties) && Object.values(properties).some(hasRules)) ||
    (Array.isArray(allOf) && allOf.some(hasRules))
  )
}
