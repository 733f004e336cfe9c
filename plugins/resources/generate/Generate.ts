/**
 * Writes the built-in kinds of Kubernetes from its published API description: for each group and version a file with the types
 * that programs read and write, their schemas, and the kinds. Run by `npm run generate`; a test checks that the output is current.
 */
import { type Collection, collectionsOf } from "./Collections.ts"
import { defaults, optional, pointers } from "./Defaults.ts"
import {
  aliasOf,
  type Description,
  fileOf,
  gvkOf,
  innermost,
  known,
  placeOf,
  type Property,
  shortOf,
  writtenOf
} from "./Description.ts"
import { fileWith } from "./Files.ts"
import { kindOf, type Other } from "./Kinds.ts"
import { type Names, schemaOf, typeOf } from "./Schemas.ts"
import { otherVersions } from "./Versions.ts"
import { zeroesOf } from "./Zeroes.ts"

/** By file, relative to `contracts/`. */
export const generate = (description: Description): ReadonlyMap<string, string> => {
  const source = sourceOf(description)
  const files = Map.groupBy(writtenOf(description), (name) => fileOf(placeOf(name)))
  return new Map([...files].map(([file, definitions]) => [file, write(definitions.toSorted(), source)]))
}

interface Source extends Omit<Names, "nameIn"> {
  readonly description: Description
  readonly collectionOf: (definition: string) => Collection | undefined
  readonly defaultsOf: (definition: string) => (typeof defaults)[string]
  readonly definitionOf: (gvk: string) => string
}

const sourceOf = (description: Description): Source => {
  const collections = collectionsOf(description)
  const { definitions } = description
  const collectionOf = (definition: string) => collections.get(gvkOf(definitions[definition]) ?? "")
  const defaultsOf = (definition: string) => defaults[shortOf(definition)] ?? {}

  /** A definition has a draft of its own if something in it is filled in by the API. */
  const drafted = new Map<string, boolean>()
  const hasDraft = (definition: string): boolean => {
    const before = drafted.get(definition)
    if (before !== undefined) return before
    drafted.set(definition, false)
    const inner = Object.values(definitions[definition]?.properties ?? {}).map(innermost)
    const found =
      Object.keys(defaultsOf(definition)).length > 0 ||
      collectionOf(definition) !== undefined ||
      inner.some((name) => name !== undefined && !(name in known) && hasDraft(name))
    drafted.set(definition, found)
    return found
  }
  return {
    description,
    collectionOf,
    defaultsOf,
    hasDraft,
    typeMetaOf: (definition) => {
      const { group = "", version = "" } = collectionOf(definition) ?? {}
      if (version === "") return undefined
      return { apiVersion: group === "" ? version : `${group}/${version}`, kind: placeOf(definition).name }
    },
    definitionOf: (gvk) => {
      const found = writtenOf(description).find((name) => gvkOf(definitions[name]) === gvk)
      if (found === undefined) throw new Error(`Versions.ts names ${gvk}, which the description does not have`)
      return found
    }
  }
}

const write = (definitions: ReadonlyArray<string>, source: Source) => {
  const own = placeOf(definitions[0] ?? "")
  const imports = new Set<string>()
  const nameIn = (definition: string) => {
    const place = placeOf(definition)
    if (aliasOf(place) === aliasOf(own)) return place.name
    imports.add(`import * as ${aliasOf(place)} from "../${fileOf(place)}"`)
    return `${aliasOf(place)}.${place.name}`
  }
  const othersOf = (definition: string): ReadonlyArray<Other> =>
    (otherVersions[gvkOf(source.description.definitions[definition]) ?? ""] ?? []).map(({ conversion, gvk }) => {
      const other = source.definitionOf(gvk)
      const alias = conversion.slice(conversion.indexOf("/") + 1)
      const collection = source.collectionOf(other)
      if (collection === undefined) throw new Error(`${gvk} has no collection`)
      imports.add(`import * as ${alias} from "../${conversion}.ts"`)
      return { collection, schema: `${nameIn(other)}Schema`, conversion: alias }
    })
  const body = definitions.map((name) => definition(name, { ...source, nameIn }, othersOf)).join("\n\n")
  return fileWith(body, [...imports])
}

/** A version other than the first has types and a schema, but is no kind of its own. */
const isOther = (gvk: string) => Object.values(otherVersions).some((others) => others.some((other) => other.gvk === gvk))

const definition = (full: string, source: Source & Names, othersOf: (definition: string) => ReadonlyArray<Other>) => {
  const about = source.description.definitions[full] ?? {}
  const { name } = placeOf(full)
  const collection = source.collectionOf(full)
  const lines = fieldsOf(full, source)
  const isAtomic = about["x-kubernetes-map-type"] === "atomic"
  const more = [...(isAtomic ? ["atomic: true"] : []), ...zeroesOf(shortOf(full))]
  const [value, type] = collection === undefined ? [name, name] : [`${name}Schema`, `${name}Draft`]
  const struct = `struct({\n${lines.map(({ schema }) => `    ${schema}`).join(",\n")}\n  })`
  return [
    `export interface ${name} {\n${lines.map(({ reader }) => `  ${reader}`).join("\n")}\n}`,
    source.hasDraft(full) && `export interface ${name}Draft {\n${lines.map(({ draft }) => `  ${draft}`).join("\n")}\n}`,
    `export const ${value}: Field.Lazy<${type}> = define("${shortOf(full)}", () =>\n  ${struct}${more.length === 0 ? "" : `, { ${more.join(", ")} }`})`,
    collection !== undefined && !isOther(gvkOf(about) ?? "") && kindOf(name, collection, othersOf(full))
  ]
    .filter((part) => part !== false)
    .join("\n")
}

interface Line {
  readonly reader: string
  readonly draft: string
  readonly schema: string
}

const fieldsOf = (full: string, source: Source & Names): ReadonlyArray<Line> => {
  const about = source.description.definitions[full] ?? {}
  const filled = source.defaultsOf(full)
  const isKind = source.collectionOf(full) !== undefined
  const required = (about.required ?? []).filter((field) => !(optional[shortOf(full)] ?? []).includes(field))
  const line = ([field, property]: readonly [string, Property]): Line => {
    const name = /^[A-Za-z_]\w*$/.test(field) ? field : JSON.stringify(field)
    if (isKind && field === "metadata") return metadata
    const value = filled[field]
    const isRequired = value === undefined && required.includes(field)
    const type = (draft: boolean) => {
      const must = isRequired || (!draft && value !== undefined)
      return `readonly ${name}${must ? "" : "?"}: ${typeOf(property, draft, source)}`
    }
    const plain = schemaOf(property, full, source)
    const isPointer = pointers[shortOf(full)]?.includes(field) === true
    const given = isRequired ? (isPointer ? `pointer(${plain})` : plain) : `optional(${plain})`
    const schema = value === undefined ? given : `defaulted(${plain}, ${JSON.stringify(value)})`
    return { reader: type(false), draft: type(true), schema: `${name}: ${schema}` }
  }
  // `apiVersion` and `kind` are the business of the API's door.
  return Object.entries(about.properties ?? {})
    .filter(([field]) => !isKind || (field !== "apiVersion" && field !== "kind"))
    .map(line)
}
const metadata: Line = {
  reader: "readonly metadata: ObjectMeta",
  draft: "readonly metadata: ObjectMetaDraft",
  schema: "metadata: defaulted(ObjectMetaDraft(), {})"
}
