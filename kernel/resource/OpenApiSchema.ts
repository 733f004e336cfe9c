/** Shapes as schemas of OpenAPI v3, with Kubernetes' extensions: each definition once, and references to it. */
import type { Schema } from "effect"
import type { FieldShape, ListShape, MapShape, NumberShape, ObjectShape, Shape, StringShape } from "./Shape.ts"

type JsonObject = Schema.JsonObject

export const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` })

/** Where the Go packages of definitions live, which is what published names are made of. */
const packages: { readonly [folder: string]: string } = {
  meta: "io.k8s.apimachinery.pkg.apis.meta",
  apiextensions: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
  apiregistration: "io.k8s.kube-aggregator.pkg.apis.apiregistration"
}
const published = (definition: string) => {
  const dot = definition.indexOf(".")
  const folder = definition.slice(0, dot)
  return `${packages[folder] ?? `io.k8s.api.${folder}`}${definition.slice(dot)}`
}

/** Scalars that have a name of their own, by which clients show them. */
const named = {
  quantity: {
    name: "io.k8s.apimachinery.pkg.api.resource.Quantity",
    schema: { oneOf: [{ type: "string" }, { type: "number" }] }
  },
  "int-or-string": {
    name: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    schema: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] }
  },
  "date-time": { name: published("meta.v1.Time"), schema: { type: "string", format: "date-time" } },
  "micro-time": { name: published("meta.v1.MicroTime"), schema: { type: "string", format: "date-time" } }
} as const

const text = { type: "string" }
const typeMeta = { apiVersion: text, kind: text }
/** The same for those who read of a kind that is not built in. */
const explained = {
  apiVersion: { description: "APIVersion defines in which version of its group the object is written.", type: "string" },
  kind: { description: "Kind is the name of the object's type.", type: "string" }
}
const listMeta: JsonObject = {
  type: "object",
  properties: {
    continue: text,
    remainingItemCount: { type: "integer", format: "int64" },
    resourceVersion: text,
    selfLink: text
  }
}

export interface Gvk {
  readonly group: string
  readonly version: string
  readonly kind: string
}
const gvkExtension = ({ group, kind, version }: Gvk) => ({ "x-kubernetes-group-version-kind": [{ group, kind, version }] })

/** What somebody has written about a definition, or a field of it. */
export type Describe = (definition: string, field?: string) => string | undefined
/** What a field may be, where that is one of a few words; `field[]` is asked for what its items may be. */
export type Enumerate = (definition: string, field: string) => ReadonlyArray<string> | undefined

/** The definitions of one document, each put into it when something first refers to it. */
export class Components {
  private readonly schemas = new Map<string, JsonObject>()
  private readonly describe: Describe
  private readonly enumerate: Enumerate

  constructor(describe: Describe = () => undefined, enumerate: Enumerate = () => undefined) {
    this.describe = describe
    this.enumerate = enumerate
  }

  all(): JsonObject {
    return Object.fromEntries([...this.schemas].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** A kind that brings its description: shown as it was written, with what all kinds have. */
  described(schema: JsonObject, shape: ObjectShape, gvk: Gvk): string {
    const name = nameOf(shape, gvk)
    const metadata = shape.fields.get("metadata")
    const { properties, ...rest } = schema
    const own = typeof properties === "object" && properties !== null ? properties : {}
    const all = { ...own, ...explained, ...(metadata !== undefined && { metadata: this.of(metadata.shape) }) }
    this.schemas.set(name, { ...rest, properties: all, ...gvkExtension(gvk) })
    return name
  }

  /** A kind: its shape, and what all kinds have in front. */
  kind(shape: ObjectShape, gvk: Gvk): string {
    const name = nameOf(shape, gvk)
    // Also if another kind has referred to it, because then it was none.
    const { properties, ...rest } = this.object(shape)
    this.schemas.set(name, { ...rest, properties: { ...this.typeMeta(), ...properties }, ...gvkExtension(gvk) })
    return name
  }

  private typeMeta(): JsonObject {
    return Object.fromEntries(
      Object.entries(typeMeta).map(([name, schema]) => {
        const description = this.describe("", name)
        return [name, description === undefined ? schema : { description, ...schema }]
      })
    )
  }

  list(item: string, gvk: Gvk): string {
    const name = `${item}List`
    this.put(published("meta.v1.ListMeta"), () => listMeta)
    this.put(name, () => ({
      type: "object",
      required: ["items"],
      properties: {
        ...typeMeta,
        items: { type: "array", items: { allOf: [ref(item)], default: {} } },
        metadata: { allOf: [ref(published("meta.v1.ListMeta"))], default: {} }
      },
      ...gvkExtension({ ...gvk, kind: `${gvk.kind}List` })
    }))
    return name
  }

  private put(name: string, make: () => JsonObject): string {
    if (!this.schemas.has(name)) {
      // Something stands there before it is made, because it may refer to itself.
      this.schemas.set(name, {})
      this.schemas.set(name, make())
    }
    return name
  }

  private of(shape: Shape): JsonObject {
    return { ...this.typed(shape), ...commonOf(shape) }
  }

  private typed(shape: Shape): JsonObject {
    switch (shape.type) {
      case "object": {
        const { definition } = shape
        if (definition === undefined) return this.object(shape)
        const atomic = shape.atomic ? { "x-kubernetes-map-type": "atomic" } : {}
        return { allOf: [ref(this.put(published(definition), () => this.object(shape)))], ...atomic }
      }
      case "map":
        return { type: "object", additionalProperties: this.of(shape.value), ...mapWords(shape) }
      case "list":
        return { type: "array", items: this.item(shape.item), ...listWords(shape) }
      case "string":
        return shape.format === undefined || shape.format === "byte" ? stringWords(shape) : this.scalar(shape.format)
      case "integer":
      case "number":
        return numberWords(shape)
      case "boolean":
        return { type: "boolean" }
      case "int-or-string":
        return this.scalar("int-or-string")
      case "free":
        return { "x-kubernetes-preserve-unknown-fields": true }
    }
  }

  private scalar(format: keyof typeof named): JsonObject {
    const { name, schema } = named[format]
    return { allOf: [ref(this.put(name, () => schema))] }
  }

  /** With what stands for a `null` in a list, where that is not nothing. */
  private item(shape: Shape): JsonObject {
    if (shape.type === "object") return { ...this.of(shape), default: {} }
    return shape.type === "string" ? { ...this.of(shape), default: "" } : this.of(shape)
  }

  private object(shape: ObjectShape): JsonObject & { readonly properties?: JsonObject } {
    const { atomic, definition = "", fields, preserveUnknown } = shape
    const all = Array.from(fields)
    const description = shape.description ?? this.describe(definition)
    const required = all.filter(([, field]) => field.required).map(([name]) => name)
    return {
      ...(description !== undefined && { description }),
      type: "object",
      // None rather than empty, which Go's types could not tell from none.
      ...(all.length > 0 && {
        properties: Object.fromEntries(all.map(([name, field]) => [name, this.field(field, definition, name)]))
      }),
      ...(required.length > 0 && { required }),
      ...(atomic && { "x-kubernetes-map-type": "atomic" }),
      ...(preserveUnknown && { "x-kubernetes-preserve-unknown-fields": true })
    }
  }

  private itemWords(shape: Shape, definition: string, name: string): JsonObject {
    const words = this.enumerate(definition, `${name}[]`)
    return words === undefined || shape.type !== "list" ? {} : { items: { ...this.item(shape.item), enum: words } }
  }

  private field({ default: value, shape }: FieldShape, definition: string, name: string): JsonObject {
    const description = shape.description ?? this.describe(definition, name)
    const words = this.enumerate(definition, name)
    return {
      ...this.of(shape),
      ...this.itemWords(shape, definition, name),
      ...(words !== undefined && { enum: words }),
      ...(description !== undefined && { description }),
      ...(value !== undefined && { default: value })
    }
  }
}

/** Kinds without a definition of their own, such as custom ones, are named by their group in reverse. */
const nameOf = (shape: ObjectShape, { group, kind, version }: Gvk) =>
  shape.definition !== undefined ? published(shape.definition) : [...group.split(".").toReversed(), version, kind].join(".")

const present = (words: { readonly [word: string]: Schema.Json | undefined }): JsonObject =>
  Object.fromEntries(Object.entries(words).filter((entry): entry is [string, Schema.Json] => entry[1] !== undefined))

const commonOf = ({ description, enum: words, mergeKey, nullable, patch }: Shape) =>
  present({
    description,
    enum: words,
    nullable: nullable ? true : undefined,
    "x-kubernetes-patch-merge-key": mergeKey,
    "x-kubernetes-patch-strategy": patch?.join(",")
  })

const stringWords = ({ customFormat, format, maxLength, minLength, pattern }: StringShape) =>
  present({ type: "string", format: format ?? customFormat, maxLength, minLength, pattern })

const numberWords = ({ type, format, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: NumberShape) =>
  present({ type, format, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf })

const listWords = ({ keys, list, maxItems, minItems }: ListShape) =>
  present({
    maxItems,
    minItems,
    "x-kubernetes-list-map-keys": keys.length > 0 ? keys : undefined,
    "x-kubernetes-list-type": list
  })

const mapWords = ({ atomic, maxProperties, minProperties }: MapShape) =>
  present({ maxProperties, minProperties, "x-kubernetes-map-type": atomic ? "atomic" : undefined })
