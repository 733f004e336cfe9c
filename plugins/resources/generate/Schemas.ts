/** How a property is written: as a type of TypeScript, and as a schema in the words of `kernel/resource/Field.ts`. */
import { known, type Property, refOf } from "./Description.ts"

/** What a file knows of definitions outside of the property. */
export interface Names {
  /** How this file names another definition; imports it if it has to. */
  readonly nameIn: (definition: string) => string
  readonly hasDraft: (definition: string) => boolean
  /** `apiVersion` and `kind` of a definition that is a kind with a collection of its own. */
  readonly typeMetaOf: (definition: string) => { readonly apiVersion: string; readonly kind: string } | undefined
}

const scalarTypes: { readonly [type: string]: string } = {
  integer: "number",
  number: "number",
  boolean: "boolean",
  string: "string"
}

export const typeOf = (property: Property, draft: boolean, names: Names): string => {
  const { additionalProperties, items, type = "" } = property
  const ref = refOf(property)
  if (ref !== undefined) return known[ref]?.type ?? referencedType(ref, draft, names)
  if (type === "array") return `ReadonlyArray<${typeOf(items ?? {}, draft, names)}>`
  if (additionalProperties !== undefined) return `{ readonly [key: string]: ${typeOf(additionalProperties, draft, names)} }`
  return scalarTypes[type] ?? "Json"
}

/** A kind inside of another (a claim template) is what writers give: it has no uid. */
const referencedType = (definition: string, draft: boolean, { hasDraft, nameIn, typeMetaOf }: Names) =>
  typeMetaOf(definition) !== undefined || (draft && hasDraft(definition)) ? `${nameIn(definition)}Draft` : nameIn(definition)

export const schemaOf = (property: Property, within: string, names: Names): string => {
  const { additionalProperties, format, items, type } = property
  const ref = refOf(property)
  if (ref !== undefined) return known[ref]?.schema ?? referencedSchema(ref, property, within, names)
  if (type === "array") return call("list", schemaOf(items ?? {}, within, names), record(mergeOf(property)))
  if (additionalProperties !== undefined)
    return call("map", schemaOf(additionalProperties, within, names), record(atomicOf(property)))
  if (type === "integer") return format === "int64" ? "Int64" : "Int32"
  if (type === "string") return format === "byte" ? "Byte" : "Text"
  return { number: "Double", boolean: "Bool" }[type ?? ""] ?? "Free"
}

const referencedSchema = (definition: string, property: Property, within: string, { nameIn, typeMetaOf }: Names) => {
  const typeMeta = typeMetaOf(definition)
  const name = nameIn(definition)
  if (typeMeta !== undefined) return call("embedded", `${name}Schema()`, record(Object.entries(typeMeta)))
  const schema = definition === within ? `suspended(() => ${name}())` : `${name}()`
  const how = record([...mergeOf(property), ...atomicOf(property)])
  return how === "" ? schema : call("patched", schema, how)
}

type Entries = ReadonlyArray<readonly [name: string, value: unknown]>

const mergeOf = (property: Property): Entries => {
  const patch = property["x-kubernetes-patch-strategy"]
  return [
    ["list", property["x-kubernetes-list-type"]],
    ["keys", property["x-kubernetes-list-map-keys"]],
    ["patch", typeof patch === "string" ? patch.split(",") : undefined],
    ["mergeKey", property["x-kubernetes-patch-merge-key"]]
  ]
}
const atomicOf = (property: Property): Entries => [
  ["atomic", property["x-kubernetes-map-type"] === "atomic" ? true : undefined]
]

/** Empty if nothing is said. */
const record = (entries: Entries) => {
  const parts = entries.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${JSON.stringify(value)}`]))
  return parts.length === 0 ? "" : `{ ${parts.join(", ")} }`
}
const call = (name: string, ...parameters: ReadonlyArray<string>) => `${name}(${parameters.filter(Boolean).join(", ")})`
