/**
 * What a decoder finds wrong, on its way out to where its path is known. Mistakes are rare, so paths are put together on the
 * way out of an object and not on the way in. Wording: Kubernetes' field errors, and Go's of a body that does not decode.
 */
import type { Cause } from "../client/Errors.ts"
import { shortName } from "./Shape.ts"

type Where = Pick<Mistake, "path" | "struct">
type Detail = (where: Where) => string

export interface Mistake {
  /** `type`: the body is no such object at all. `unknown`: a field that was pruned. */
  readonly what: "type" | "unknown" | "value"
  readonly type: Cause["type"]
  readonly detail: Detail
  /** From here down, in Kubernetes' notation. */
  field: string
  /** The same without indices, and the definition around it, as Go words them. */
  path: string
  struct: string | undefined
}

export class Mistakes {
  readonly all: Array<Mistake> = []
  readonly reportUnknown: boolean
  constructor(reportUnknown: boolean) {
    this.reportUnknown = reportUnknown
  }

  private add(what: Mistake["what"], type: Cause["type"], detail: Detail, field = ""): undefined {
    this.all.push({ what, type, detail, field, path: "", struct: undefined })
  }

  unknown(field: string): void {
    if (this.reportUnknown) this.add("unknown", "FieldValueInvalid", () => "", field)
  }
  required(field: string): void {
    this.add("value", "FieldValueRequired", () => "Required value", field)
  }
  invalid(value: unknown, why: string): undefined {
    return this.add("value", "FieldValueInvalid", () => `Invalid value: ${shown(value)}: ${why}`)
  }
  unsupported(value: unknown, words: ReadonlyArray<unknown>): undefined {
    const detail = () => `Unsupported value: ${shown(value)}: supported values: ${words.map(shown).join(", ")}`
    return this.add("value", "FieldValueNotSupported", detail)
  }
  /** A value of another JSON type than `expected`, a type in Go's words. */
  mismatch(value: unknown, expected: string): undefined {
    return this.add("type", "FieldValueTypeInvalid", ({ path, struct }) => {
      const where = struct === undefined ? "Go value" : `Go struct field ${shortName(struct)}.${path}`
      return `json: cannot unmarshal ${goKind(value, expected)} into ${where} of type ${expected}`
    })
  }
  /** A string that its own parser refuses; Go ends there with the parser's message. */
  malformed(detail: string): undefined {
    return this.add("type", "FieldValueTypeInvalid", () => detail)
  }

  /** What was added since `from` happened in this field of an object. */
  inField(from: number, name: string, struct: string | undefined): void {
    for (const mistake of this.since(from)) {
      mistake.field = join(name, mistake.field)
      mistake.path = mistake.path === "" ? name : `${name}.${mistake.path}`
      mistake.struct ??= struct
    }
  }
  /** Go knows fields only by the names of its structs, and Kubernetes writes a map's key like an index. */
  inKey(from: number, key: string): void {
    for (const mistake of this.since(from)) {
      mistake.field = mistake.what === "unknown" ? join(key, mistake.field) : join(`[${key}]`, mistake.field)
    }
  }
  /** Of a custom object Go knows nothing but its metadata, which it reads by itself. */
  inCustom(from: number, name: string): void {
    for (const mistake of this.since(from)) mistake.field = join(name, mistake.field)
  }
  inItem(from: number, index: number): void {
    for (const mistake of this.since(from)) mistake.field = join(`[${index}]`, mistake.field)
  }

  private since(from: number) {
    return from === 0 ? this.all : this.all.slice(from)
  }
}

const join = (name: string, rest: string) => (rest === "" || rest.startsWith("[") ? name + rest : `${name}.${rest}`)

const shown = (value: unknown) => JSON.stringify(value) ?? "null"

/** What Go calls a JSON value in its messages; a number is shown where another number was expected. */
const goKind = (value: unknown, expected: string) => {
  if (Array.isArray(value)) return "array"
  if (typeof value === "boolean") return "bool"
  if (typeof value === "number") return /^(int|float)\d/.test(expected) ? `number ${value}` : "number"
  return typeof value
}

export const causeOf = (mistake: Mistake): Cause => ({
  field: mistake.field,
  type: mistake.type,
  detail: mistake.detail(mistake)
})
export const unknownField = ({ field }: Mistake) => `unknown field ${JSON.stringify(field)}`
