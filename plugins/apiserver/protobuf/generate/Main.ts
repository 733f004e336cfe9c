/**
 * `npm run generate:protobuf -- "$(go env GOMODCACHE)" v0.36.4`: writes the messages of all built-in kinds into
 * `../generated/Messages.ts`, one a line, from the protobuf files of Kubernetes' Go modules and the tags of their types.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import protobuf from "protobufjs"
import { gvkOf, shortOf, writtenOf } from "../../../resources/generate/Description.ts"
import { read } from "./Modules.ts"

const [cache, version] = process.argv.slice(2)
if (cache === undefined || version === undefined) throw new Error("usage: generate:protobuf <Go module cache> <version>")
const { packages, root } = read(cache, version)

/** Messages that stand for one value in JSON. `../Scalars.ts` has their codecs. */
const scalars: { readonly [message: string]: string } = {
  "meta.v1.Time": "time",
  "meta.v1.MicroTime": "microTime",
  "meta.v1.FieldsV1": "json",
  "meta.v1.Verbs": "items",
  "runtime.RawExtension": "raw",
  "resource.Quantity": "quantity",
  "intstr.IntOrString": "intOrString",
  "apiextensions.v1.JSON": "json",
  "apiextensions.v1.JSONSchemaPropsOrArray": "schemaOrArray",
  "apiextensions.v1.JSONSchemaPropsOrBool": "schemaOrBool",
  "apiextensions.v1.JSONSchemaPropsOrStringArray": "schemaOrStrings",
  "authentication.v1.ExtraValue": "items",
  "authorization.v1.ExtraValue": "items",
  "certificates.v1.ExtraValue": "items"
}

/** `core.v1.Pod` of `k8s.io.api.core.v1.Pod`, as in shapes. */
const shortNameOf = (type: protobuf.Type) => {
  const parts = type.fullName.slice(1).split(".")
  const keep = /^v\d/.test(parts.at(-2) ?? "") ? 3 : 2
  return parts.slice(-keep).join(".")
}

const lines = new Map<string, string>()

/** Of the same package: the name alone, after a dot. */
const typeOf = (field: protobuf.Field, within: string) => {
  const { resolvedType } = field
  if (!(resolvedType instanceof protobuf.Type)) return field.type
  const name = shortNameOf(resolvedType)
  const scalar = scalars[name]
  if (scalar === undefined) write(resolvedType)
  return scalar ?? (packageOf(name) === packageOf(within) ? name.slice(packageOf(name).length) : name)
}
const packageOf = (name: string) => name.slice(0, name.lastIndexOf("."))

const write = (type: protobuf.Type) => {
  const name = shortNameOf(type)
  if (lines.has(name)) return
  lines.set(name, "")
  const packageName = type.parent?.fullName.slice(1) ?? ""
  const struct = packages.get(packageName)?.structs.get(type.name)
  const fields = type.fieldsArray.map((field) => {
    const go = struct?.get(field.id)
    if (go === undefined) throw new Error(`the Go type of ${type.fullName} has no field ${field.id}`)
    const many = field.repeated ? "[]" : field.map ? "{}" : ""
    return `${field.id}:${go.json}:${many}${typeOf(field, name)}${go.kept && many === "" ? "!" : ""}`
  })
  lines.set(name, [name, ...fields].join(" "))
}

/** By the names that shapes have: the same messages that the kinds are described by. */
const description = JSON.parse(
  readFileSync(new URL("../../../resources/description/kubernetes-1.36.json", import.meta.url), "utf8")
)
const groups = new Map<string, string>()
const types = new Map<string, protobuf.Type>()
for (const { name, structs } of packages.values())
  for (const struct of structs.keys()) {
    const type = root.lookup(`${name}.${struct}`)
    if (type instanceof protobuf.Type) types.set(shortNameOf(type), type)
  }
for (const definition of writtenOf(description)) {
  const [group, groupVersion, kind] = gvkOf(description.definitions[definition])?.split("/") ?? []
  const short = shortOf(definition)
  const type = types.get(short)
  if (kind === undefined || type === undefined) continue
  write(type)
  if (!short.startsWith("meta.")) groups.set(group === "" ? `${groupVersion}` : `${group}/${groupVersion}`, packageOf(short))
}
// What clients of metadata alone ask for, which the description leaves out.
groups.set("meta.k8s.io/v1", "meta.v1")
const metadataOnly = types.get("meta.v1.PartialObjectMetadata")
if (metadataOnly !== undefined) write(metadataOnly)

const text = [
  "// Generated from the protobuf files of Kubernetes' Go modules by plugins/apiserver/protobuf/generate. Do not edit.",
  "",
  "/** The package of each apiVersion. */",
  `export const packages: { readonly [apiVersion: string]: string } = ${JSON.stringify(Object.fromEntries([...groups].toSorted()), null, 2)}`,
  "",
  "/**",
  " * A message a line: its name, and its fields as number, name in JSON, and type (after a dot: of the same package). Without a",
  " * name: its own fields stand in the place of it. `[]`: repeated. `{}`: a map with strings for keys. `!`: kept when it is empty.",
  " */",
  "export const messages = `",
  ...[...lines.values()].toSorted(),
  "`",
  ""
].join("\n")
mkdirSync(new URL("../generated/", import.meta.url), { recursive: true })
writeFileSync(new URL("../generated/Messages.ts", import.meta.url), text)
