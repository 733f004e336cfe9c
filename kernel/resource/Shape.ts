/**
 * The one internal form of a kind: plain data that every walker runs on - decoding, defaults, pruning, patches, ownership and
 * API descriptions. Built-in kinds come to it from their Effect Schema (`of`), custom ones from OpenAPI (`fromOpenApi`).
 *
 * Shapes are compared by identity, and a recursive kind's shape contains itself: a walker that compiles must remember what it
 * has begun (`WeakMap<Shape, …>`), one that follows a value needs nothing, because values end.
 */
import { Schema, type SchemaAST } from "effect"
import { type About, aboutOf, type TypeMeta } from "./Field.ts"

/** What any shape may say. `patch` and `mergeKey` are strategic merge patch's; on a list they speak of its items. */
interface Common {
  readonly patch?: ReadonlyArray<"merge" | "retainKeys" | "replace">
  readonly mergeKey?: string
  /** Of a custom kind: what is wrong with its values is said after admission, by its own schema, and decoding keeps them. */
  readonly custom?: boolean
  /** Custom resources only: `null` is a value; otherwise a `null` is as good as nothing. */
  readonly nullable?: boolean
  readonly enum?: ReadonlyArray<Schema.Json>
  readonly description?: string
}

export interface FieldShape {
  readonly shape: Shape
  /** Nobody may leave it out. Never together with `default`. */
  readonly required: boolean
  /** What the API fills in. The walkers fill in what is missing inside of it too. */
  readonly default?: Schema.Json
  /** An empty text, zero or false is as good as nothing. */
  readonly omitted?: boolean
  /** Built-in kinds only, of a required field: it is not zero when it is missing, but missing. */
  readonly pointer?: boolean
  /** It is there from the beginning, empty. */
  readonly part?: boolean
}

export interface ObjectShape extends Common {
  readonly type: "object"
  /** The name of the definition in API descriptions, such as `core.v1.Container`. Two shapes may be of one definition. */
  readonly definition?: string
  readonly fields: ReadonlyMap<string, FieldShape>
  /** Owned, applied and merged by `apply` as one value. */
  readonly atomic: boolean
  /** Custom resources only: what `fields` does not know is kept, as JSON. */
  readonly preserveUnknown?: boolean
  /** Custom resources only: a whole object, with `apiVersion`, `kind` and `metadata`. */
  readonly embedded?: boolean
}

/** Keys that users choose. */
export interface MapShape extends Common {
  readonly type: "map"
  readonly value: Shape
  readonly atomic: boolean
  readonly minProperties?: number
  readonly maxProperties?: number
}

export interface ListShape extends Common {
  readonly type: "list"
  readonly item: Shape
  /** How its items are owned and applied: as one value, as a set of scalars, or each under the values of its `keys`. */
  readonly list: "atomic" | "set" | "map"
  /** Empty unless `list` is `map`. */
  readonly keys: ReadonlyArray<string>
  readonly minItems?: number
  readonly maxItems?: number
}

/** `quantity`: numbers are taken too. `byte`: base64. */
export interface StringShape extends Common {
  readonly type: "string"
  readonly format?: "byte" | "date-time" | "micro-time" | "quantity"
  /** Custom resources only: a format that is described and checked by name, such as `uuid`. */
  readonly customFormat?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
}

export interface NumberShape extends Common {
  readonly type: "integer" | "number"
  readonly format?: "int32" | "int64" | "double"
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
}

export interface BooleanShape extends Common {
  readonly type: "boolean"
}
export interface IntOrStringShape extends Common {
  readonly type: "int-or-string"
}
/** Any JSON, kept as it is, owned as one value. */
export interface FreeShape extends Common {
  readonly type: "free"
}

export type Shape =
  | ObjectShape
  | MapShape
  | ListShape
  | StringShape
  | NumberShape
  | BooleanShape
  | IntOrStringShape
  | FreeShape

const shapes = new WeakMap<SchemaAST.AST, Shape>()
/** By the properties' array, which an annotated copy of a schema shares with it. */
const objects = new WeakMap<object, ObjectShape>()

/** The shape of a schema that is written in the words of `Field.ts`; always the same one for the same schema. */
export const of = ({ ast }: Pick<Schema.Codec<unknown>, "ast">): Shape => fromAst(ast)

/** What stands for a shape where a kind's schema belongs: `of` gives the shape again. */
export const asSchema = (shape: Shape): Schema.Codec<Schema.Json> => {
  const schema = Schema.Json.annotate({})
  shapes.set(schema.ast, shape)
  return schema
}

const fromAst = (ast: SchemaAST.AST): Shape => {
  const before = shapes.get(ast)
  if (before !== undefined) return before
  const shape = ast._tag === "Suspend" ? suspended(ast) : compile(ast, aboutOf(ast))
  shapes.set(ast, shape)
  return shape
}

/** `patched` may stand around the suspension, and then says more than what is inside. */
const suspended = (ast: SchemaAST.Suspend): Shape => {
  const inner = fromAst(ast.thunk())
  const about = mergeOf(aboutOf(ast))
  return Object.keys(about).length === 0 ? inner : { ...inner, ...about }
}

const mergeOf = ({ mergeKey, patch }: About): Pick<Common, "patch" | "mergeKey"> => ({
  ...(patch !== undefined && { patch }),
  ...(mergeKey !== undefined && { mergeKey })
})

const compile = (ast: SchemaAST.AST, about: About): Shape => {
  const merge = mergeOf(about)
  if (about.free) return { type: "free", ...merge }
  switch (ast._tag) {
    case "String":
      return { type: "string", ...stringFormat(about.format), ...merge }
    case "Number":
      return number(about, merge)
    case "Boolean":
      return { type: "boolean", ...merge }
    case "Literal":
      return literals([ast])
    case "Union":
      return about.format === "int-or-string" ? { type: "int-or-string", ...merge } : literals(ast.types)
    case "Arrays":
      return list(ast, about, merge)
    case "Objects":
      return ast.indexSignatures[0] === undefined
        ? object(ast, about, merge)
        : { type: "map", value: fromAst(ast.indexSignatures[0].type), atomic: about.atomic ?? false, ...merge }
    default:
      throw new Error(`a kind's schema has no ${ast._tag}: use the words of kernel/resource/Field.ts`)
  }
}

const stringFormat = (format: About["format"]): Pick<StringShape, "format"> =>
  format === "byte" || format === "date-time" || format === "micro-time" || format === "quantity" ? { format } : {}

const number = ({ format }: About, merge: Common): Shape => {
  if (format === "int32" || format === "int64") return { type: "integer", format, ...merge }
  return { type: "number", ...(format === "double" && { format }), ...merge }
}

const list = ({ rest }: SchemaAST.Arrays, about: About, merge: Common): Shape => {
  const [item] = rest
  if (item === undefined) throw new Error("a kind's schema has no tuples")
  return { type: "list", item: fromAst(item), list: about.list ?? "atomic", keys: about.keys ?? [], ...merge }
}

const literals = (types: ReadonlyArray<SchemaAST.AST>): Shape => {
  const words = types.map((type) => (type._tag === "Literal" ? type.literal : undefined))
  if (!words.every((word) => typeof word === "string")) throw new Error("a kind's schema has no unions but of words")
  return { type: "string", enum: words }
}

/** One shape for all uses of a definition, but for those that say more of it. */
const object = (ast: SchemaAST.Objects, about: About, merge: Common): ObjectShape => {
  const { atomic = false, typeMeta } = about
  const plain = objects.get(ast.propertySignatures) ?? build(ast, about)
  if (typeMeta !== undefined) return { ...plain, fields: new Map([...typeMetaFields(typeMeta), ...plain.fields]) }
  return plain.atomic === atomic && Object.keys(merge).length === 0 ? plain : { ...plain, atomic, ...merge }
}

const typeMetaFields = (typeMeta: TypeMeta) =>
  Object.entries(typeMeta).map(([name, value]): [string, FieldShape] => [
    name,
    { shape: { type: "string" }, required: false, default: value }
  ])

const build = ({ propertySignatures }: SchemaAST.Objects, about: About): ObjectShape => {
  const { atomic = false, definition, omitted = [], parts = [] } = about
  const fields = new Map<string, FieldShape>()
  const shape: ObjectShape = { type: "object", ...(definition !== undefined && { definition }), fields, atomic }
  // Before the fields are made, because they may lead back here.
  objects.set(propertySignatures, shape)
  for (const { name, type } of propertySignatures) {
    const zero = {
      ...(omitted.includes(String(name)) && { omitted: true }),
      ...(parts.includes(String(name)) && { part: true })
    }
    fields.set(String(name), { ...field(type), ...zero })
  }
  return shape
}

const field = (ast: SchemaAST.AST): FieldShape => {
  // Only `Field.defaulted` writes this annotation, and it takes nothing but JSON, hence the cast.
  const value = ast.context?.annotations?.["kubernetesDefault"] as Schema.Json | undefined
  const shape = fromAst(ast)
  if (value !== undefined) return { shape, required: false, default: value }
  const isPointer = ast.context?.annotations?.["kubernetesPointer"] === true
  return { shape, required: ast.context?.isOptional !== true, ...(isPointer && { pointer: true }) }
}

/** `Container` of `core.v1.Container`. */
export const shortName = (definition: string) => definition.slice(definition.lastIndexOf(".") + 1)

/** What Go calls the type, which is how Kubernetes words mistakes. */
export const goType = (shape: Shape): string => {
  switch (shape.type) {
    case "object":
      return shape.definition === undefined ? "object" : shape.definition.split(".").slice(-2).join(".")
    case "map":
      return `map[string]${goType(shape.value)}`
    case "list":
      return `[]${goType(shape.item)}`
    case "integer":
      return shape.format ?? "int64"
    case "number":
      return "float64"
    case "boolean":
      return "bool"
    case "int-or-string":
      return "intstr.IntOrString"
    case "free":
      return "interface {}"
    case "string":
      return shape.format === "quantity" ? "resource.Quantity" : shape.format === "byte" ? "[]uint8" : "string"
  }
}
