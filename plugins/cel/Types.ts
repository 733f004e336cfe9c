/**
 * The types of expressions: simple ones, lists, maps, optionals, objects with declared fields, and type parameters that the
 * checker solves. Source: the language definition of CEL, "Gradual type checking".
 */

export type Kind =
  | "bool"
  | "int"
  | "uint"
  | "double"
  | "string"
  | "bytes"
  | "null"
  | "timestamp"
  | "duration"
  | "dyn"
  | "error"
  | "list"
  | "map"
  | "object"
  | "opaque"
  | "type"
  | "param"

export interface Type {
  readonly kind: Kind
  /** As messages show it. */
  readonly name: string
  readonly params: ReadonlyArray<Type>
  /** Of an object, by the name that expressions use. */
  readonly fields?: ReadonlyMap<string, Type>
}

const simple = (kind: Kind, name: string = kind): Type => ({ kind, name, params: [] })

export const bool = simple("bool")
export const int = simple("int")
export const uint = simple("uint")
export const double = simple("double")
export const string = simple("string")
export const bytes = simple("bytes")
export const nothing = simple("null", "null")
export const timestamp = simple("timestamp", "timestamp")
export const duration = simple("duration", "duration")
export const dyn = simple("dyn")
export const error = simple("error", "!error!")

export const list = (item: Type): Type => ({ kind: "list", name: "list", params: [item] })
export const map = (key: Type, value: Type): Type => ({ kind: "map", name: "map", params: [key, value] })
export const optional = (value: Type): Type => ({ kind: "opaque", name: "optional_type", params: [value] })
export const type = (of?: Type): Type => ({ kind: "type", name: "type", params: of === undefined ? [] : [of] })
export const param = (name: string): Type => simple("param", name)
export const object = (name: string, fields: ReadonlyMap<string, Type>): Type => ({
  kind: "object",
  name,
  params: [],
  fields
})
/** A type of a library, compared by its name. */
export const opaque = (name: string): Type => simple("opaque", name)
/** The same, for those that upstream declares as messages; they are compared by name too, but cost differently. */
export const struct = (name: string): Type => object(name, new Map())

export const format = (type: Type): string =>
  type.params.length === 0 ? type.name : `${type.name}(${type.params.map(format).join(", ")})`

/** As in `found no matching overload for '_+_' applied to '(int, string)'`. */
export const formatCall = (args: ReadonlyArray<Type>, isMember: boolean): string => {
  const [target, ...rest] = args
  return isMember && target !== undefined
    ? `${format(target)}.(${rest.map(format).join(", ")})`
    : `(${args.map(format).join(", ")})`
}

export const isDynOrError = ({ kind }: Type) => kind === "dyn" || kind === "error"

/** What is inside of an optional, and whether it is one. */
export const unwrapOptional = (type: Type): readonly [Type, boolean] =>
  type.kind === "opaque" && type.name === "optional_type" ? [type.params[0] ?? dyn, true] : [type, false]

export const same = (a: Type, b: Type): boolean =>
  a === b ||
  (a.kind === b.kind &&
    a.name === b.name &&
    a.params.length === b.params.length &&
    a.params.every((one, index) => same(one, b.params[index] ?? error)))

/** What type parameters stand for. Immutable, so that a failed attempt leaves nothing behind. */
export type Mapping = ReadonlyMap<string, Type>

export const substitute = (mapping: Mapping, of: Type, paramsToDyn: boolean): Type => {
  if (of.kind === "param") {
    const found = mapping.get(of.name)
    if (found !== undefined) return substitute(mapping, found, paramsToDyn)
    return paramsToDyn ? dyn : of
  }
  if (of.params.length === 0) return of
  return { ...of, params: of.params.map((one) => substitute(mapping, one, paramsToDyn)) }
}

/** The mapping under which `from` can be used where `to` is wanted, or nothing. */
export const assign = (mapping: Mapping, to: Type, from: Type): Mapping | undefined => {
  const draft = new Map(mapping)
  return unify(draft, to, from) ? draft : undefined
}
export const assignAll = (mapping: Mapping, to: ReadonlyArray<Type>, from: ReadonlyArray<Type>): Mapping | undefined => {
  const draft = new Map(mapping)
  return unifyAll(draft, to, from) ? draft : undefined
}

type Draft = Map<string, Type>

const unifyAll = (draft: Draft, a: ReadonlyArray<Type>, b: ReadonlyArray<Type>) =>
  a.length === b.length && a.every((one, index) => unify(draft, one, b[index] ?? error))

const unify = (draft: Draft, a: Type, b: Type): boolean => {
  if (b.kind === "param") {
    const known = same(a, b) || draft.has(b.name)
    if (bind(draft, a, b)) return true
    if (known) return false
  }
  if (a.kind === "param") return bind(draft, b, a)
  if (isDynOrError(a) || isDynOrError(b)) return true
  if (a.kind === "null") return isNullable(b)
  if (b.kind === "null") return isNullable(a)
  switch (a.kind) {
    case "list":
    case "map":
    case "opaque":
      return a.kind === b.kind && a.name === b.name && unifyAll(draft, a.params, b.params)
    case "type":
      return b.kind === "type"
    default:
      return a.kind === b.kind && a.name === b.name
  }
}

const isNullable = ({ kind }: Type) =>
  kind === "null" || kind === "opaque" || kind === "object" || kind === "duration" || kind === "timestamp"

/** Whether the parameter can stand for `value`, which it does from now on. */
const bind = (draft: Draft, value: Type, parameter: Type): boolean => {
  if (same(value, parameter)) return true
  const before = draft.get(parameter.name)
  if (before === undefined) {
    if (occurs(draft, parameter, value)) return false
    draft.set(parameter.name, value)
    return true
  }
  if (same(value, before)) return true
  if (!unify(draft, value, before)) return false
  const general = mostGeneral(value, before)
  if (!occurs(draft, parameter, general)) draft.set(parameter.name, general)
  return true
}

const occurs = (draft: Draft, parameter: Type, within: Type): boolean => {
  if (same(parameter, within)) return true
  if (within.kind === "param") {
    const found = draft.get(within.name)
    return found !== undefined && occurs(draft, parameter, found)
  }
  return within.params.some((one) => occurs(draft, parameter, one))
}

/** Of two types that unify. */
export const mostGeneral = (a: Type, b: Type): Type => (isEqualOrLessSpecific(a, b) ? a : b)

const isEqualOrLessSpecific = (a: Type, b: Type): boolean => {
  if (isDynOrError(a) || a.kind === "param") return true
  if (isDynOrError(b) || b.kind === "param") return false
  if (a.kind !== b.kind) return false
  if (a.kind === "type") return true
  if (a.name !== b.name || a.params.length !== b.params.length) return false
  return a.params.length === 0 || a.params.every((one, index) => isEqualOrLessSpecific(one, b.params[index] ?? error))
}
