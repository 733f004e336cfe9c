/**
 * Type checking: what type each part of an expression has, and which overloads of a function can be meant. Words its complaints
 * as cel-go does. Source: the language definition of CEL, "Gradual type checking".
 */
import { byKeyword } from "./Escape.ts"
import type { Call, Comprehension, Expression, ListOf, MapOf, Struct } from "./Expression.ts"
import { qualifiedName } from "./Expression.ts"
import type { Issue } from "./Issues.ts"
import { literalIssues } from "./Literals.ts"
import type { Functions } from "./library/Library.ts"
import { types as typeNames } from "./library/Library.ts"
import type { Overload } from "./library/Function.ts"
import * as Type from "./Types.ts"
import { typeName, type Value } from "./Values.ts"

export interface Scope {
  readonly variables: ReadonlyMap<string, Type.Type>
  readonly functions: Functions
  /** Types of objects that can be written down, such as `Object.spec`; one without fields takes any. */
  readonly structs?: (name: string) => Type.Type | undefined
}

export interface Checked {
  readonly type: Type.Type
  readonly issues: ReadonlyArray<Issue>
  readonly typeOf: (expression: Expression) => Type.Type
  /** The overloads that a call may mean. */
  readonly overloadsOf: (call: Call) => ReadonlyArray<Overload>
  /** A name with dots that is one variable or type, or a call of a function whose name has dots. */
  readonly resolved: ReadonlyMap<number, string>
  readonly variables: ReadonlySet<string>
}

export const check = (expression: Expression, scope: Scope): Checked => {
  const checker = new Checker(scope)
  const type = checker.check(expression)
  const typeOf = ({ id }: Expression) => Type.substitute(checker.mapping, checker.types.get(id) ?? Type.dyn, true)
  return {
    type: Type.substitute(checker.mapping, type, true),
    issues: checker.issues.length > 0 ? checker.issues : literalIssues(expression, typeOf),
    typeOf,
    overloadsOf: ({ id }) => checker.overloads.get(id) ?? [],
    resolved: checker.resolved,
    variables: checker.used
  }
}

class Checker {
  mapping: Type.Mapping = new Map()
  readonly issues: Array<Issue> = []
  readonly types = new Map<number, Type.Type>()
  readonly overloads = new Map<number, ReadonlyArray<Overload>>()
  readonly resolved = new Map<number, string>()
  readonly used = new Set<string>()
  private readonly scope: Scope
  private locals: ReadonlyMap<string, Type.Type> = new Map()
  private count = 0

  constructor(scope: Scope) {
    this.scope = scope
  }

  private report(at: number, message: string) {
    this.issues.push({ at, message })
    return Type.error
  }
  private fresh() {
    return Type.param(`_var${this.count++}`)
  }
  private assignable(to: Type.Type, from: Type.Type) {
    const mapping = Type.assign(this.mapping, to, from)
    if (mapping !== undefined) this.mapping = mapping
    return mapping !== undefined
  }
  private resolve(type: Type.Type) {
    return Type.substitute(this.mapping, type, false)
  }
  private mismatch(at: number, expected: Type.Type, found: Type.Type) {
    const shown = (type: Type.Type) => Type.format(this.resolve(type))
    return this.report(at, `expected type '${shown(expected)}' but found '${shown(found)}'`)
  }
  private lookup(name: string): Type.Type | undefined {
    const local = this.locals.get(name)
    if (local !== undefined) return local
    const plain = name.startsWith(".") ? name.slice(1) : name
    const variable = this.scope.variables.get(plain)
    if (variable !== undefined) this.used.add(plain)
    return variable ?? typeNames.get(plain)?.type
  }

  check(expression: Expression): Type.Type {
    const type = this.typed(expression)
    this.types.set(expression.id, type)
    return type
  }

  private typed(expression: Expression): Type.Type {
    switch (expression._tag) {
      case "Literal":
        return typeOfLiteral(expression.value)
      case "Ident":
        return this.lookup(expression.name) ?? this.undeclared(expression.at, expression.name)
      case "Select": {
        const name = qualifiedName(expression)
        const variable = name === undefined ? undefined : this.lookup(name)
        if (variable !== undefined && name !== undefined) {
          this.resolved.set(expression.id, name)
          return variable
        }
        const type = this.field(expression.at, expression.operand, expression.field, false)
        return expression.testOnly ? Type.bool : this.resolve(type)
      }
      case "Call":
        return this.call(expression)
      case "List":
        return this.list(expression)
      case "Map":
        return this.map(expression)
      case "Struct":
        return this.struct(expression)
      case "Comprehension":
        return this.comprehension(expression)
    }
  }

  private undeclared(at: number, name: string) {
    return this.report(at, `undeclared reference to '${name}' (in container '')`)
  }

  private field(at: number, operand: Expression, field: string, asOptional: boolean): Type.Type {
    const [target, isOptional] = Type.unwrapOptional(this.resolve(this.check(operand)))
    const type = this.fieldOf(at, target, field)
    return isOptional || asOptional ? Type.optional(type) : type
  }
  private fieldOf(at: number, target: Type.Type, field: string): Type.Type {
    switch (target.kind) {
      case "map":
        return target.params[1] ?? Type.dyn
      case "object":
        if (target.fields === undefined) return Type.dyn
        return byKeyword(target.fields, field) ?? this.report(at, `undefined field '${field}'`)
      case "param":
        this.assignable(Type.dyn, target)
        return Type.dyn
      default:
        if (!Type.isDynOrError(target)) this.report(at, `type '${Type.format(target)}' does not support field selection`)
        return Type.dyn
    }
  }

  private call(call: Call): Type.Type {
    if (call.name === "_?._") return this.optionalField(call)
    const args = call.args.map((arg) => this.check(arg))
    const { target } = call
    if (target !== undefined) {
      const prefix = qualifiedName(target)
      const name = prefix === undefined ? undefined : `${prefix}.${call.name}`
      const found = name === undefined ? undefined : this.scope.functions.get(name)
      if (found !== undefined && name !== undefined) {
        this.resolved.set(call.id, name)
        return this.overload(call, name, found, args, false)
      }
    }
    const types = target === undefined ? args : [this.check(target), ...args]
    const name = call.name.replace(/^\./, "")
    const overloads = this.scope.functions.get(name)
    if (overloads === undefined) return this.undeclared(call.at, call.name)
    return this.overload(call, name, overloads, types, target !== undefined)
  }

  private optionalField(call: Call): Type.Type {
    const [operand, field] = call.args
    if (operand === undefined || field?._tag !== "Literal" || typeof field.value !== "string")
      return this.report(call.at, "unsupported optional field selection")
    this.overloads.set(call.id, this.scope.functions.get(call.name) ?? [])
    this.types.set(field.id, Type.string)
    return this.resolve(this.field(call.at, operand, field.value, true))
  }

  private overload(
    call: Call,
    name: string,
    overloads: ReadonlyArray<Overload>,
    args: ReadonlyArray<Type.Type>,
    isMember: boolean
  ): Type.Type {
    if (name === "_&&_" || name === "_||_") return this.logical(call, overloads, args)
    const found: Array<Overload> = []
    let result: Type.Type | undefined
    for (const overload of overloads) {
      if (overload.isMember !== isMember || overload.args.length !== args.length) continue
      const [type, wanted] = this.instantiate(overload)
      const mapping = Type.assignAll(this.mapping, args, wanted)
      if (mapping === undefined) continue
      this.mapping = mapping
      found.push(overload)
      const one = this.resolve(type)
      if (result === undefined) result = one
      else if (!Type.isDynOrError(result) && !Type.same(one, result)) result = Type.dyn
    }
    this.overloads.set(call.id, found)
    if (result !== undefined) return result
    const shown = args.map((arg) => Type.substitute(this.mapping, arg, true))
    return this.report(call.at, `found no matching overload for '${name}' applied to '${Type.formatCall(shown, isMember)}'`)
  }

  private logical(call: Call, overloads: ReadonlyArray<Overload>, args: ReadonlyArray<Type.Type>): Type.Type {
    this.overloads.set(call.id, overloads)
    let isBad = false
    args.forEach((type, index) => {
      if (this.assignable(type, Type.bool)) return
      isBad = true
      this.mismatch(call.args[index]?.at ?? call.at, Type.bool, type)
    })
    return isBad ? Type.error : Type.bool
  }

  /** With type parameters of its own. */
  private instantiate({ args, result }: Overload): readonly [Type.Type, ReadonlyArray<Type.Type>] {
    const fresh = new Map<string, Type.Type>()
    const rename = (type: Type.Type): Type.Type => {
      if (type.kind !== "param") return type.params.length === 0 ? type : { ...type, params: type.params.map(rename) }
      const renamed = fresh.get(type.name) ?? this.fresh()
      fresh.set(type.name, renamed)
      return renamed
    }
    return [rename(result), args.map(rename)]
  }

  /** Of different types nothing is known; that they differ is a mistake, told if there is no other (`Literals.ts`). */
  private join(before: Type.Type | undefined, type: Type.Type): Type.Type {
    if (before === undefined) return type
    return this.assignable(before, type) ? Type.mostGeneral(before, type) : Type.dyn
  }
  private present(of: Expression, type: Type.Type): Type.Type {
    const [inner, isOptional] = Type.unwrapOptional(type)
    if (!isOptional && !Type.isDynOrError(type)) this.mismatch(of.at, Type.optional(inner), type)
    return inner
  }

  private list({ items, optional }: ListOf): Type.Type {
    let type: Type.Type | undefined
    items.forEach((item, index) => {
      const found = this.check(item)
      type = this.join(type, optional.has(index) ? this.present(item, found) : found)
    })
    return Type.list(type ?? this.fresh())
  }

  private map({ entries }: MapOf): Type.Type {
    let [keys, values]: [Type.Type | undefined, Type.Type | undefined] = [undefined, undefined]
    for (const { key, optional, value } of entries) {
      keys = this.join(keys, this.check(key))
      const found = this.check(value)
      values = this.join(values, optional ? this.present(value, found) : found)
    }
    return Type.map(keys ?? this.fresh(), values ?? this.fresh())
  }

  private struct({ at, fields, name }: Struct): Type.Type {
    const type = this.scope.structs?.(name)
    if (type === undefined) return this.undeclared(at, name)
    for (const { at, name: field, optional, value } of fields) {
      const found = this.check(value)
      const given = optional ? this.present(value, found) : found
      const wanted = type.fields === undefined ? Type.dyn : type.fields.get(field)
      if (wanted === undefined) this.report(at, `undefined field '${field}'`)
      else if (!this.assignable(wanted, given)) {
        const shown = [wanted, given].map((one) => Type.format(this.resolve(one)))
        this.report(at, `expected type of field '${field}' is '${shown[0]}' but provided type is '${shown[1]}'`)
      }
    }
    return type
  }

  private comprehension(fold: Comprehension): Type.Type {
    const range = this.resolve(this.check(fold.range))
    const accumulated = this.check(fold.init)
    const [first, second] = this.iterated(fold.range.at, range, fold.second !== undefined)
    const outer = this.locals
    const withResult = new Map(outer).set(fold.accumulator, accumulated)
    const inside = new Map(withResult).set(fold.first, first)
    if (fold.second !== undefined) inside.set(fold.second, second)
    this.locals = inside
    this.expect(fold.condition, Type.bool)
    this.expect(fold.step, accumulated)
    this.locals = withResult
    const result = this.check(fold.result)
    this.locals = outer
    return this.resolve(result)
  }
  private iterated(at: number, range: Type.Type, isPair: boolean): readonly [Type.Type, Type.Type] {
    const [first = Type.dyn, second = Type.dyn] = range.params
    switch (range.kind) {
      case "list":
        return isPair ? [Type.int, first] : [first, Type.dyn]
      case "map":
        return [first, second]
      case "dyn":
      case "error":
      case "param":
        this.assignable(Type.dyn, range)
        return [Type.dyn, Type.dyn]
      default:
        this.report(
          at,
          `expression of type '${Type.format(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`
        )
        return [Type.error, Type.error]
    }
  }
  private expect(expression: Expression, type: Type.Type) {
    const found = this.check(expression)
    if (!this.assignable(type, found)) this.mismatch(expression.at, type, found)
  }
}

const literals = new Map<string, Type.Type>([
  ["bool", Type.bool],
  ["int", Type.int],
  ["uint", Type.uint],
  ["double", Type.double],
  ["string", Type.string],
  ["bytes", Type.bytes],
  ["null_type", Type.nothing]
])
const typeOfLiteral = (value: Value): Type.Type => literals.get(typeName(value)) ?? Type.dyn
