/**
 * The words in which a kind's schema is written: Kubernetes' scalars, and lists and maps that say how they merge and who can
 * own their parts. What they add to an Effect Schema is the annotation `kubernetes`, which the internal form is made from.
 */
import { Schema } from "effect"

export interface TypeMeta {
  readonly apiVersion: string
  readonly kind: string
}

/** What a schema says beyond its type. `list` and `keys`: KEP-555; `patch` and `mergeKey`: strategic merge patch. */
export interface About {
  /** The name of the definition in API descriptions, such as `core.v1.Container`. */
  readonly definition?: string
  readonly format?: "int32" | "int64" | "double" | "byte" | "date-time" | "micro-time" | "quantity" | "int-or-string"
  readonly list?: "atomic" | "set" | "map"
  readonly keys?: ReadonlyArray<string>
  readonly patch?: ReadonlyArray<"merge" | "retainKeys" | "replace">
  readonly mergeKey?: string
  /** A map or struct whose fields are not owned one by one. */
  readonly atomic?: boolean
  /** JSON without a schema, which is not pruned. */
  readonly free?: boolean
  /** Fields of which an empty text, zero or false is as good as nothing: it is dropped, and a default takes its place. */
  readonly omitted?: ReadonlyArray<string>
  /** Fields that every such object has from its beginning, empty: nobody owns that they are there. */
  readonly parts?: ReadonlyArray<string>
  /** A whole object inside of another: it has these in front. */
  readonly typeMeta?: TypeMeta
}

/** A schema whose values are the wire's JSON as it stands, built at its first use. */
export type Lazy<A> = () => Schema.Codec<A>

const about = <S extends Schema.Top>(schema: S, kubernetes: About) => schema.annotate({ kubernetes })

export const Text = Schema.String
export const Bool = Schema.Boolean
export const Int32 = about(Schema.Int, { format: "int32" })
export const Int64 = about(Schema.Int, { format: "int64" })
export const Double = about(Schema.Finite, { format: "double" })
/** Base64. */
export const Byte = about(Schema.String, { format: "byte" })
/** RFC 3339, whole seconds, UTC. */
export const Time = about(Schema.String, { format: "date-time" })
/** RFC 3339 with six digits of a second. */
export const MicroTime = about(Schema.String, { format: "micro-time" })
/** An amount such as `100m` or `1Gi`; numbers are taken too, and become strings. */
export const Quantity = about(Schema.String, { format: "quantity" })
export const IntOrString = about(Schema.Union([Schema.Int, Schema.String]), { format: "int-or-string" })
/** Any JSON, kept as it is. */
export const Free = about(Schema.Json, { free: true })

export const optional: typeof Schema.optionalKey = Schema.optionalKey

/** A required field that is not zero when it is missing: the kind's own validation says that it is. */
export const pointer = <A>(schema: Schema.Codec<A>): Schema.Codec<A> => schema.annotateKey({ kubernetesPointer: true })

/** A field that the API fills in: readers always find it, writers may leave it out. */
export const defaulted = <A>(schema: Schema.Codec<A>, value: Schema.Json): Schema.Codec<A> =>
  schema.annotateKey({ kubernetesDefault: value })

export const list = <A>(item: Schema.Codec<A>, how: Pick<About, "list" | "keys" | "patch" | "mergeKey"> = {}) =>
  about(Schema.Array(item), how)

export const map = <A>(value: Schema.Codec<A>, how: Pick<About, "atomic"> = {}) =>
  about(Schema.Record(Schema.String, value), how)

export const { Struct: struct } = Schema

/** A kind's schema as the API's door sees it: JSON in, JSON out, which every schema of this module is; hence the cast. */
export const asJson = <A>(schema: Lazy<A>) => schema as unknown as Lazy<Schema.Json>

/** A field of another definition that says more than that definition does. */
export const patched = <A>(schema: Schema.Codec<A>, how: About): Schema.Codec<A> =>
  schema.annotate({ kubernetes: { ...aboutOf(schema.ast), ...how } })

/** A kind inside of another, such as a claim in a template. */
export const embedded = <A>(schema: Schema.Codec<A>, typeMeta: TypeMeta): Schema.Codec<A> =>
  schema.annotate({ kubernetes: { ...aboutOf(schema.ast), typeMeta } })

/** A field of another definition that may lead back here. */
export const suspended = <A>(schema: Lazy<A>): Schema.Codec<A> => Schema.suspend(schema)

/** Names a definition, and builds it once, at its first use. */
export const define = <A>(definition: string, build: () => Schema.Codec<A>, more: About = {}): Lazy<A> => {
  let built: Schema.Codec<A> | undefined
  return () => (built ??= build().annotate({ kubernetes: { definition, ...more } }))
}

interface Annotated {
  readonly annotations?: { readonly [key: string]: unknown } | undefined
}

/**
 * What a schema says of itself. Only the functions of this module write the annotation, hence the cast. On a schema with checks
 * (an integer's) Effect keeps annotations with the last of them.
 */
export const aboutOf = ({
  annotations,
  checks
}: Annotated & { readonly checks?: ReadonlyArray<Annotated> | undefined }): About =>
  ((checks?.at(-1) ?? { annotations }).annotations?.["kubernetes"] as About | undefined) ?? {}
