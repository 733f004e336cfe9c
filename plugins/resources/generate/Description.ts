/** The published API description as it is read here, and the names of its definitions. */

export interface Property {
  readonly type?: string
  readonly format?: string
  readonly $ref?: string
  readonly items?: Property
  readonly additionalProperties?: Property
  readonly [extension: `x-kubernetes-${string}`]: unknown
}
export interface Definition {
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
export const known: { readonly [definition: string]: { readonly type: string; readonly schema: string } } = {
  "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": { type: "ObjectMetaDraft", schema: "ObjectMetaDraft()" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference": { type: "OwnerReference", schema: "OwnerReference()" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry": { type: "ManagedFieldsEntry", schema: "ManagedFieldsEntry()" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": { type: "string", schema: "Time" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": { type: "string", schema: "MicroTime" },
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { type: "string", schema: "Quantity" },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { type: "number | string", schema: "IntOrString" },
  "io.k8s.apimachinery.pkg.runtime.RawExtension": { type: "Json", schema: "Free" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": { type: "Json", schema: "Free" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": { type: "Json", schema: "Free" },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": { type: "Json", schema: "Free" },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": { type: "Json", schema: "Free" },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": { type: "Json", schema: "Free" },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": { type: "Json", schema: "Free" }
}

/** `io.k8s.api.core.v1.Pod` is `Pod` of the file `core/v1.ts`. */
export interface Place {
  readonly folder: string
  readonly version: string
  readonly name: string
}
export const placeOf = (definition: string): Place => {
  const [name = "", version = "", folder = ""] = definition.split(".").reverse()
  return { folder: folder === "pkg" ? "meta" : folder, version: /^v\d/.test(version) ? version : "v1", name }
}
export const fileOf = ({ folder, version }: Place) => `${folder}/${version}.ts`
/** The name under which a file imports another, such as `coreV1`. */
export const aliasOf = ({ folder, version }: Place) => `${folder}${version.toUpperCase()}`
/** `core.v1.Pod`: the key of hand-written tables, and the name in shapes. */
export const shortOf = (definition: string) => {
  const { folder, name, version } = placeOf(definition)
  return `${folder}.${version}.${name}`
}

/** Beta versions that there are no stable ones of yet, of what is in use here. */
const early = new Set(["storagemigration/v1beta1"])

/** Other alpha and beta versions are off unless a cluster asks for them. */
const isServed = ({ folder, version }: Place) => /^v\d+$/.test(version) || early.has(`${folder}/${version}`)

/** What is written out: all that is served, but for lists, which have the form of every list. */
export const writtenOf = ({ definitions }: Description) =>
  Object.entries(definitions)
    .filter(([name, { properties }]) => !(name.endsWith("List") && properties?.["items"] !== undefined))
    .map(([name]) => name)
    .filter((name) => !(name in known) && isServed(placeOf(name)))

export const refOf = ({ $ref }: Property) => $ref?.slice("#/definitions/".length)

/** The definition that a property is of, or its items or values are. */
export const innermost = (property: Property): string | undefined => {
  const inner = property.items ?? property.additionalProperties
  return refOf(property) ?? (inner && innermost(inner))
}

export const gvkOf = (definition: Definition | undefined) => {
  const gvk = definition?.["x-kubernetes-group-version-kind"]?.[0]
  return gvk && `${gvk.group}/${gvk.version}/${gvk.kind}`
}
