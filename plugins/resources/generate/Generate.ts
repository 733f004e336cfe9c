/**
 * Writes the built-in kinds of Kubernetes from its published API description: for each group and version a file with the types
 * that programs read and write, their schemas, and the kinds. Run by `npm run generate`; a test checks that the output is current.
 */
import { defaults } from "./Defaults.ts"
import { categories, logs, shortNames, singulars } from "./Names.ts"

interface Property {
  readonly type?: string
  readonly format?: string
  readonly $ref?: string
  readonly items?: Property
  readonly additionalProperties?: Property
  readonly [extension: `x-kubernetes-${string}`]: unknown
}
interface Definition {
  readonly properties?: { readonly [name: string]: Property }
  readonly required?: ReadonlyArray<string>
  readonly type?: string
  readonly "x-kubernetes-map-type"?: string
  readonly "x-kubernetes-group-version-kind"?: ReadonlyArray<{ group: string; version: string; kind: string }>
}
export interface Description {
  readonly definitions: { readonly [name: string]: Definition }
  /** By path and method: action, group, version, kind. */
  readonly paths: { readonly [path: string]: { readonly [method: string]: readonly [string, string, string, string] } }
}

/** Definitions that the kernel has itself, and what stands for them in types and schemas. */
const known: { readonly [definition: string]: readonly [type: string, schema: string] } = {
  "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": ["ObjectMetaDraft", "ObjectMetaDraft()"],
  "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference": ["OwnerReference", "OwnerReference()"],
  "io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry": ["ManagedFieldsEntry", "ManagedFieldsEntry()"],
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": ["string", "Time"],
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": ["string", "MicroTime"],
  "io.k8s.apimachinery.pkg.api.resource.Quantity": ["string", "Quantity"],
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": ["number | string", "IntOrString"],
  "io.k8s.apimachinery.pkg.runtime.RawExtension": ["Json", "Free"],
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": ["Json", "Free"],
  "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": ["Json", "Free"],
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": ["Json", "Free"],
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": ["Json", "Free"],
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": ["Json", "Free"],
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": ["Json", "Free"]
}

/** `io.k8s.api.core.v1.Pod` is `Pod` of the file `core/v1.ts`. */
interface Place {
  readonly folder: string
  readonly version: string
  readonly name: string
}
export const placeOf = (definition: string): Place => {
  const [name = "", version = "", folder = ""] = definition.split(".").reverse()
  return { folder: folder === "pkg" ? "meta" : folder, version: /^v\d/.test(version) ? version : "v1", name }
}

/** Alpha and beta versions are off unless a cluster asks for them. */
const isStable = ({ version }: Place) => /^v\d+$/.test(version)

const aliasOf = ({ folder, version }: Place) => `${folder}${version.toUpperCase()}`

export const generate = ({ definitions, paths }: Description): ReadonlyMap<string, string> => {
  const isList = (name: string) => name.endsWith("List") && definitions[name]?.properties?.["items"] !== undefined
  const served = Object.keys(definitions).filter((name) => !(name in known) && !isList(name) && isStable(placeOf(name)))
  const files = Map.groupBy(served, (name) => {
    const { folder, version } = placeOf(name)
    return `${folder}/${version}.ts`
  })
  const defaultsOf = (definition: string) => {
    const { folder, name, version } = placeOf(definition)
    return defaults[`${folder}.${version}.${name}`] ?? {}
  }
  const topLevel = topLevelKinds(paths)

  /** A definition has a draft of its own if something in it is filled in by the API. */
  const drafted = new Map<string, boolean>()
  const hasDraft = (definition: string): boolean => {
    const before = drafted.get(definition)
    if (before !== undefined) return before
    drafted.set(definition, false)
    const { properties = {} } = definitions[definition] ?? {}
    const inner = Object.values(properties)
      .map(referenced)
      .filter((name) => name !== undefined && !(name in known))
    const found =
      Object.keys(defaultsOf(definition)).length > 0 ||
      topLevel.has(gvkKey(definitions[definition])) ||
      inner.some((name) => name !== undefined && hasDraft(name))
    drafted.set(definition, found)
    return found
  }

  const write = (names: ReadonlyArray<string>) => {
    const imports = new Set<string>()
    const own = placeOf(names[0] ?? "")
    const nameIn = (definition: string) => {
      const place = placeOf(definition)
      if (aliasOf(place) === aliasOf(own)) return place.name
      imports.add(`import * as ${aliasOf(place)} from "../${place.folder}/${place.version}.ts"`)
      return `${aliasOf(place)}.${place.name}`
    }
    const type = (property: Property, draft: boolean): string => {
      if (property.$ref !== undefined) {
        const name = property.$ref.slice("#/definitions/".length)
        const nested = topLevel.has(gvkKey(definitions[name]))
        return known[name]?.[0] ?? `${nameIn(name)}${nested || (draft && hasDraft(name)) ? "Draft" : ""}`
      }
      if (property.type === "array") return `ReadonlyArray<${type(property.items ?? {}, draft)}>`
      if (property.additionalProperties) return `{ readonly [key: string]: ${type(property.additionalProperties, draft)} }`
      return { integer: "number", number: "number", boolean: "boolean", string: "string" }[property.type ?? ""] ?? "Json"
    }
    const schema = (property: Property, within: string): string => {
      if (property.$ref !== undefined) {
        const name = property.$ref.slice("#/definitions/".length)
        const short = known[name]?.[1]
        if (short !== undefined) return short
        const suffix = topLevel.has(gvkKey(definitions[name])) ? "Schema" : ""
        const plain = name === within ? `suspended(() => ${nameIn(name)}())` : `${nameIn(name)}${suffix}()`
        const how = howOf(property)
        return how === "" ? plain : `patched(${plain}, ${how})`
      }
      if (property.type === "array")
        return `list(${[schema(property.items ?? {}, within), howOf(property)].filter(Boolean).join(", ")})`
      if (property.additionalProperties) {
        const atomic = property["x-kubernetes-map-type"] === "atomic" ? ", { atomic: true }" : ""
        return `map(${schema(property.additionalProperties, within)}${atomic})`
      }
      if (property.type === "integer") return property.format === "int64" ? "Int64" : "Int32"
      if (property.type === "string") return property.format === "byte" ? "Byte" : "Text"
      return { number: "Double", boolean: "Bool" }[property.type ?? ""] ?? "Free"
    }

    const definition = (full: string) => {
      const { properties = {}, required = [], ...rest } = definitions[full] ?? {}
      const { folder, name, version } = placeOf(full)
      const top = topLevel.get(gvkKey(definitions[full]))
      const filled = defaultsOf(full)
      const fields = Object.entries(properties).filter(
        ([field]) => top === undefined || (field !== "apiVersion" && field !== "kind")
      )
      const line =
        (draft: boolean) =>
        ([field, property]: readonly [string, Property]) => {
          const isMeta = top !== undefined && field === "metadata"
          const must = isMeta || (required.includes(field) && !(field in filled)) || (!draft && field in filled)
          const shape = isMeta ? (draft ? "ObjectMetaDraft" : "ObjectMeta") : type(property, draft)
          return `  readonly ${quoted(field)}${must ? "" : "?"}: ${shape}`
        }
      const part = ([field, property]: readonly [string, Property]) => {
        if (top !== undefined && field === "metadata") return `    metadata: defaulted(ObjectMetaDraft(), {})`
        const plain = schema(property, full)
        if (field in filled) return `    ${quoted(field)}: defaulted(${plain}, ${JSON.stringify(filled[field])})`
        return `    ${quoted(field)}: ${required.includes(field) ? plain : `optional(${plain})`}`
      }
      const more = rest["x-kubernetes-map-type"] === "atomic" ? ", { atomic: true }" : ""
      const reader = `export interface ${name} {\n${fields.map(line(false)).join("\n")}\n}`
      const writer = hasDraft(full) ? [`export interface ${name}Draft {\n${fields.map(line(true)).join("\n")}\n}`] : []
      const defined = top === undefined ? name : `${name}Schema`
      const shape = top === undefined ? name : `${name}Draft`
      const value = `export const ${defined}: Field.Lazy<${shape}> = define("${folder}.${version}.${name}", () =>\n  struct({\n${fields.map(part).join(",\n")}\n  })${more})`
      const kind = top === undefined ? [] : [kindOf(name, top)]
      return [reader, ...writer, value, ...kind].join("\n")
    }
    const kindOf = (name: string, top: Top) => {
      const storage = top.group === "" ? top.plural : `${top.plural}.${top.group}`
      const optional = [
        ["subresources", top.subresources],
        ["shortNames", shortNames[storage] ?? []],
        ["categories", categories[storage] ?? []]
      ] as const
      const extra = optional.flatMap(([field, values]) =>
        values.length > 0 ? [`  ${field}: ${JSON.stringify(values)},`] : []
      )
      const log = logs[storage]
      if (log !== undefined) extra.push(`  log: "${log}",`)
      return [
        `export const ${name} = Kind.make<${name}, ${name}Draft>({`,
        `  kind: "${name}",`,
        `  plural: "${top.plural}",`,
        `  singular: "${singulars[storage] ?? name.toLowerCase()}",`,
        `  namespaced: ${top.namespaced},`,
        `  storage: "${storage}",`,
        `  verbs: ${JSON.stringify(top.verbs)},`,
        ...extra,
        `  versions: [{ group: "${top.group}", version: "${top.version}", schema: asJson(${name}Schema) }]`,
        `})`
      ].join("\n")
    }

    const body = names.toSorted().map(definition).join("\n\n")
    const words = [
      "Bool",
      "Byte",
      "Double",
      "Free",
      "Int32",
      "Int64",
      "IntOrString",
      "MicroTime",
      "Quantity",
      "Text",
      "Time",
      "asJson",
      "define",
      "defaulted",
      "list",
      "map",
      "optional",
      "patched",
      "struct",
      "suspended"
    ]
    const used = words.filter((word) => new RegExp(`(?<![\\w.])${word}\\b(?!:)`).test(body.replace(/"[^"]*"/g, "")))
    const metas = ["ManagedFieldsEntry", "ObjectMetaDraft", "OwnerReference"].filter((word) => body.includes(`${word}()`))
    const metaTypes = ["ManagedFieldsEntry", "ObjectMeta", "ObjectMetaDraft", "OwnerReference"]
      .filter((word) => !metas.includes(word) && new RegExp(`\\b${word}\\b`).test(body))
      .map((word) => `type ${word}`)
    return [
      "// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.",
      ...(/\bJson\b/.test(body) ? [`import type { Json } from "effect/Schema"`] : []),
      `import * as Field from "../../../../kernel/resource/Field.ts"`,
      ...(body.includes("Kind.make") ? [`import * as Kind from "../../../../kernel/resource/Kind.ts"`] : []),
      ...(metas.length + metaTypes.length > 0
        ? [`import { ${[...metas, ...metaTypes].join(", ")} } from "../../../../kernel/resource/Metadata.ts"`]
        : []),
      ...[...imports].sort(),
      "",
      `const { ${used.join(", ")} } = Field`,
      "",
      body,
      ""
    ].join("\n")
  }
  return new Map([...files].map(([file, names]) => [file, write(names)]))
}

const quoted = (field: string) => (/^[A-Za-z_]\w*$/.test(field) ? field : JSON.stringify(field))

const referenced = (property: Property): string | undefined =>
  property.$ref?.slice("#/definitions/".length) ??
  (property.items && referenced(property.items)) ??
  (property.additionalProperties && referenced(property.additionalProperties))

const howOf = (property: Property) => {
  const parts = [
    ["list", property["x-kubernetes-list-type"]],
    ["keys", property["x-kubernetes-list-map-keys"]],
    [
      "patch",
      typeof property["x-kubernetes-patch-strategy"] === "string"
        ? property["x-kubernetes-patch-strategy"].split(",")
        : undefined
    ],
    ["mergeKey", property["x-kubernetes-patch-merge-key"]],
    ["atomic", property["x-kubernetes-map-type"] === "atomic" ? true : undefined]
  ].filter(([, value]) => value !== undefined)
  return parts.length === 0 ? "" : `{ ${parts.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ")} }`
}

interface Top {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespaced: boolean
  readonly verbs: ReadonlyArray<string>
  readonly subresources: ReadonlyArray<string>
}
const gvkKey = (definition: Definition | undefined) => {
  const gvk = definition?.["x-kubernetes-group-version-kind"]?.[0]
  return gvk === undefined ? "" : `${gvk.group}/${gvk.version}/${gvk.kind}`
}

/** The kinds that have a collection of their own, by group, version and kind. */
const topLevelKinds = (paths: Description["paths"]): ReadonlyMap<string, Top> => {
  const tops = new Map<string, { plural: string; namespaced: boolean; verbs: Set<string>; group: string; version: string }>()
  const subresources = new Map<string, Set<string>>()
  const word = {
    list: ["list", "watch"],
    get: ["get"],
    post: ["create"],
    put: ["update"],
    patch: ["patch"],
    delete: ["delete"],
    deletecollection: ["deletecollection"]
  } as const
  for (const [path, methods] of Object.entries(paths)) {
    const [, , base, namespaced, plural, named, sub] =
      /^(\/api\/v1|\/apis\/([^/]+\/[^/]+))/.exec(path) === null
        ? []
        : (/^()(\/api\/v1|\/apis\/[^/]+\/[^/]+)(\/namespaces\/\{namespace\})?\/([a-z]+)(\/\{name\})?(?:\/([a-z]+))?(?:\/\{path\})?$/.exec(
            path
          ) ?? [])
    if (base === undefined || plural === undefined) continue
    if (sub !== undefined) {
      const found = subresources.get(`${base}/${plural}`) ?? new Set()
      subresources.set(`${base}/${plural}`, found.add(sub))
      continue
    }
    for (const [action, group, version, kind] of Object.values(methods)) {
      const key = `${group}/${version}/${kind}`
      const isPlace = named !== undefined || "post" in methods
      const top = tops.get(key) ?? { plural, namespaced: false, verbs: new Set(), group, version }
      if (namespaced !== undefined && isPlace) top.namespaced = true
      for (const verb of word[action as keyof typeof word] ?? []) top.verbs.add(verb)
      tops.set(key, top)
    }
  }
  return new Map(
    [...tops].map(([key, { verbs, ...top }]) => {
      const base = top.group === "" ? "/api/v1" : `/apis/${top.group}/${top.version}`
      return [key, { ...top, verbs: [...verbs], subresources: [...(subresources.get(`${base}/${top.plural}`) ?? [])] }]
    })
  )
}
