/**
 * From a checked expression to a function that evaluates it. Every step pays its cost before the next; who runs out of budget is
 * stopped (`Exhausted`). What a part costs follows upstream's planner: names and fields one unit each, a condition nothing itself.
 */
import type { Checked } from "./Checker.ts"
import { listBase, mapBase, structBase } from "./Costs.ts"
import type { Call, Comprehension, Expression, ListOf, MapOf, Struct } from "./Expression.ts"
import { type Frame, pay, type Step, Unplannable } from "./Frame.ts"
import { invoke } from "./Invoke.ts"
import { find, get } from "./library/Arithmetic.ts"
import { type Functions, types as typeNames } from "./library/Library.ts"
import {
  Dict,
  entries,
  Failure,
  fail,
  Items,
  items,
  List,
  noOverload,
  none,
  Optional,
  typeName,
  type Value
} from "./Values.ts"

export interface Making {
  readonly checked: Checked
  readonly functions: Functions
  /** How an object that is written down becomes a value. */
  readonly struct?: (name: string, fields: ReadonlyArray<readonly [string, Value]>) => Value
}
type Places = ReadonlyMap<string, number>

export const plan = (expression: Expression, making: Making): Step => new Planner(making).step(expression, new Map())

/** A constant's step is known by its value, so that what is made of constants is one, too. */
const constants = new WeakMap<Step, Value>()
const constant = (value: Value): Step => {
  const step: Step = () => value
  constants.set(step, value)
  return step
}

const conversions = new Set(["bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"])
const attributes = new Set(["_[_]", "_[?_]", "_?._", "_?_:_"])

class Planner {
  private readonly making: Making
  private depth = 0
  constructor(making: Making) {
    this.making = making
  }

  step(expression: Expression, places: Places): Step {
    switch (expression._tag) {
      case "Literal":
        return constant(expression.value)
      case "Ident":
      case "Select":
        return this.attribute(expression, places, 1)
      case "Call":
        return attributes.has(expression.name) ? this.attribute(expression, places, 1) : this.call(expression, places)
      case "List":
        return this.list(expression, places)
      case "Map":
        return this.map(expression, places)
      case "Struct":
        return this.struct(expression, places)
      case "Comprehension":
        return this.fold(expression, places)
    }
  }

  /** Names, fields and places in lists. `root` is what the name at its root costs: 1, or nothing where it is part of another. */
  private attribute(expression: Expression, places: Places, root: 0 | 1): Step {
    const name = this.nameOf(expression)
    if (name !== undefined) return this.ident(name, places, root)
    if (expression._tag === "Select") {
      const { field, testOnly } = expression
      const operand = this.operand(expression.operand, places, root)
      return testOnly ? has(operand, field) : select(operand, field)
    }
    if (expression._tag !== "Call") return this.step(expression, places)
    const [first, second, third] = expression.args
    if (first === undefined || second === undefined) return this.step(expression, places)
    if (third !== undefined) return this.conditional(first, second, third, places)
    const operand = this.operand(first, places, root)
    const index = this.isAttribute(second) ? this.attribute(second, places, 0) : this.step(second, places)
    return indexed(operand, index, expression.name === "_[_]" ? get : find)
  }

  private nameOf(expression: Expression): string | undefined {
    if (expression._tag === "Ident") return expression.name
    return expression._tag === "Select" ? this.making.checked.resolved.get(expression.id) : undefined
  }
  private isAttribute(expression: Expression): boolean {
    const name = this.nameOf(expression)
    if (name !== undefined) return !typeNames.has(name)
    return expression._tag === "Select" || (expression._tag === "Call" && attributes.has(expression.name))
  }
  private operand(expression: Expression, places: Places, root: 0 | 1): Step {
    if (this.isAttribute(expression)) return this.attribute(expression, places, root)
    const inner = this.step(expression, places)
    if (root === 0) return inner
    return (frame) => {
      const value = inner(frame)
      pay(frame, 1)
      return value
    }
  }

  private ident(written: string, places: Places, root: 0 | 1): Step {
    const place = places.get(written)
    if (place !== undefined)
      return (frame) => {
        pay(frame, root)
        return frame.locals[place] ?? null
      }
    const name = written.replace(/^\./, "")
    const type = typeNames.get(name)
    if (type !== undefined && !this.making.checked.variables.has(name)) return constant(type.value)
    const missing = fail(`no such attribute(s): ${name}`)
    return (frame) => {
      pay(frame, root)
      return frame.variable(name) ?? missing
    }
  }

  private conditional(test: Expression, yes: Expression, no: Expression, places: Places): Step {
    const condition = this.step(test, places)
    const branch = (one: Expression) => (this.isAttribute(one) ? this.attribute(one, places, 0) : this.step(one, places))
    const [first, second] = [branch(yes), branch(no)]
    return (frame) => {
      const value = condition(frame)
      if (value === true) return first(frame)
      if (value === false) return second(frame)
      return value instanceof Failure ? value : noOverload
    }
  }

  private call(call: Call, places: Places): Step {
    const name = this.making.checked.resolved.get(call.id) ?? call.name.replace(/^\./, "")
    const isMember = call.target !== undefined && !this.making.checked.resolved.has(call.id)
    const given = isMember && call.target !== undefined ? [call.target, ...call.args] : call.args
    const steps = given.map((arg) => this.step(arg, places))
    const [first, second] = steps
    if (first !== undefined && second !== undefined) {
      if (name === "_&&_") return logical(first, second, false)
      if (name === "_||_") return logical(first, second, true)
      if (name === "@in" && constants.has(second)) return this.membership(call, first, second, steps)
      if (isMember && steps.length === 2 && (name === "or" || name === "orValue")) return otherwise(first, second, name)
    }
    if (first !== undefined && name === "@not_strictly_false")
      return (frame) => {
        const value = first(frame)
        pay(frame, 1)
        return value !== false
      }
    return this.apply(call, name, isMember, steps)
  }

  private apply(call: Call, name: string, isMember: boolean, steps: ReadonlyArray<Step>): Step {
    const all = this.making.functions.get(name) ?? []
    const fitting = all.filter((one) => one.isMember === isMember && one.args.length === steps.length)
    const chosen = this.making.checked.overloadsOf(call)
    const overloads = [...chosen, ...fitting.filter((one) => !chosen.includes(one))]
    const isOperator = /^[^a-z]/.test(name)
    const step = invoke(overloads, steps, isOperator ? "" : name)
    const folded = conversions.has(name) && steps.length === 1 && steps.every((one) => constants.has(one))
    if (!folded) return step
    const value = step({ cost: 0, limit: Number.POSITIVE_INFINITY, locals: [], variable: () => undefined })
    if (value instanceof Failure) throw new Unplannable(value.message)
    return constant(value)
  }

  /** In a list of constants a value is looked up, which is free. */
  private membership(call: Call, value: Step, list: Step, steps: ReadonlyArray<Step>): Step {
    const values = constants.get(list)
    if (!(values instanceof List) || ![...values].every(isPrimitive)) return this.apply(call, "@in", false, steps)
    if (values.size === 0) return constant(false)
    const known = entries([...values].map((one) => [one, true] as const))
    return (frame) => {
      const one = value(frame)
      return one instanceof Failure ? one : known.find(one) === true
    }
  }

  private list({ items: written, optional }: ListOf, places: Places): Step {
    const steps = written.map((item) => this.step(item, places))
    const known = steps.map((step) => constants.get(step))
    if (optional.size === 0 && steps.every((step) => constants.has(step)))
      return constant(items(known.map((one) => one ?? null)))
    return (frame) => {
      const values: Array<Value> = []
      for (const [index, step] of steps.entries()) {
        const value = step(frame)
        if (value instanceof Failure) return value
        if (!optional.has(index)) values.push(value)
        else if (!(value instanceof Optional)) return fail(`cannot initialize optional list element from non-optional value`)
        else if (value.value !== undefined) values.push(value.value)
      }
      pay(frame, listBase)
      return new Items(values)
    }
  }

  private map({ entries: written }: MapOf, places: Places): Step {
    const steps = written.map(({ key, optional, value }) => ({
      key: this.step(key, places),
      value: this.step(value, places),
      optional
    }))
    const isConstant = steps.every(({ key, optional, value }) => !optional && constants.has(key) && constants.has(value))
    const make = (frame: Frame): Value => {
      const pairs: Array<readonly [Value, Value]> = []
      for (const { key, optional, value } of steps) {
        const [name, inner] = [key(frame), value(frame)]
        if (name instanceof Failure) return name
        if (inner instanceof Failure) return inner
        if (!optional) pairs.push([name, inner])
        else if (inner instanceof Optional && inner.value !== undefined) pairs.push([name, inner.value])
      }
      return entries(pairs)
    }
    if (isConstant) return constant(make({ cost: 0, limit: 0, locals: [], variable: () => undefined }))
    return (frame) => {
      const value = make(frame)
      pay(frame, mapBase)
      return value
    }
  }

  private struct({ fields, name }: Struct, places: Places): Step {
    const steps = fields.map((field) => ({ ...field, step: this.step(field.value, places) }))
    const make = this.making.struct
    return (frame) => {
      const values: Array<readonly [string, Value]> = []
      for (const { name, optional, step } of steps) {
        const value = step(frame)
        if (value instanceof Failure) return value
        if (!optional) values.push([name, value])
        else if (value instanceof Optional && value.value !== undefined) values.push([name, value.value])
      }
      pay(frame, structBase)
      return make === undefined ? noOverload : make(name, values)
    }
  }

  private fold(of: Comprehension, places: Places): Step {
    const base = this.depth
    this.depth += 3
    const withResult = new Map(places).set(of.accumulator, base)
    const inside = new Map(withResult).set(of.first, base + 1)
    if (of.second !== undefined) inside.set(of.second, base + 2)
    const range = this.step(of.range, places)
    const init = this.step(of.init, places)
    const condition = this.step(of.condition, inside)
    const next = this.step(of.step, inside)
    const result = this.step(of.result, withResult)
    this.depth = base
    const isPair = of.second !== undefined
    return (frame) => {
      const values = range(frame)
      if (values instanceof Failure) return values
      if (!(values instanceof List) && !(values instanceof Dict))
        return fail(`got '${typeName(values)}', expected iterable type`)
      const { locals } = frame
      locals[base] = init(frame)
      for (const [first, second] of values instanceof List ? ofList(values, isPair) : ofMap(values)) {
        locals[base + 1] = first
        locals[base + 2] = second
        if (condition(frame) !== true) break
        locals[base] = next(frame)
      }
      return result(frame)
    }
  }
}

function* ofList(list: List, isPair: boolean): Generator<readonly [Value, Value]> {
  let index = 0n
  for (const item of list) yield isPair ? [index++, item] : [item, null]
}
function* ofMap(map: Dict): Generator<readonly [Value, Value]> {
  for (const key of map.keys()) yield [key, map.find(key) ?? null]
}

const isPrimitive = (value: Value) =>
  typeof value === "string" || typeof value === "bigint" || typeof value === "boolean" || typeof value === "number"

/** `&&` ends with false, `||` with true, also if the other side failed. */
const logical =
  (left: Step, right: Step, absorbing: boolean): Step =>
  (frame) => {
    const first = left(frame)
    if (first === absorbing) return absorbing
    const second = right(frame)
    if (second === absorbing) return absorbing
    if (first === !absorbing && second === !absorbing) return !absorbing
    return first instanceof Failure ? first : second instanceof Failure ? second : noOverload
  }

/** What is there, or else the other, which is asked for only then. Neither costs anything itself. */
const otherwise =
  (optional: Step, other: Step, name: "or" | "orValue"): Step =>
  (frame) => {
    const first = optional(frame)
    if (first instanceof Failure) return first
    if (!(first instanceof Optional)) return noOverload
    if (first.value === undefined) return other(frame)
    return name === "or" ? first : first.value
  }

const select =
  (operand: Step, field: string): Step =>
  (frame) => {
    const value = operand(frame)
    if (value instanceof Failure || value === none) return value
    pay(frame, 1)
    if (value instanceof Dict) return value.find(field) ?? fail(`no such key: ${field}`)
    return value instanceof Optional ? optionalField(value, field) : fail(`no such key: ${field}`)
  }
const optionalField = ({ value }: Optional, field: string): Value => (value === undefined ? none : find(value, field))

const has =
  (operand: Step, field: string): Step =>
  (frame) => {
    const value = operand(frame)
    if (value instanceof Failure) return value
    if (value instanceof Dict) return value.find(field) !== undefined
    if (!(value instanceof Optional)) return noOverload
    return value.value instanceof Dict && value.value.find(field) !== undefined
  }

const indexed =
  (operand: Step, index: Step, read: (from: Value, key: Value) => Value): Step =>
  (frame) => {
    const value = operand(frame)
    if (value instanceof Failure || value === none) return value
    const key = index(frame)
    const found = key instanceof Failure ? key : read(value, key)
    if (found !== none) pay(frame, 1)
    return found
  }
