/**
 * What an expression can cost at most, before anything is there: by walking it once with what is known of sizes. Follows upstream's
 * estimate step by step, because whether a definition is accepted depends on it.
 */
import { type CallEstimate, type Node, callEstimate } from "./CallEstimates.ts"
import type { Checked } from "./Checker.ts"
import { listBase, mapBase, structBase } from "./Costs.ts"
import type { Declared } from "./Declared.ts"
import { byKeyword } from "./Escape.ts"
import type { Call, Comprehension, Expression, ListOf, MapOf, Select } from "./Expression.ts"
import { accumulator } from "./Macros.ts"
import { add, fixed, multiply, type Range, sum, union, unknown } from "./Ranges.ts"
import type { Type } from "./Types.ts"
import { sizeOf } from "./Values.ts"

export type { Range } from "./Ranges.ts"

/** The declaration that every path begins in. */
export type Sizes = Declared | undefined

type Path = ReadonlyArray<string>
interface EntrySize {
  readonly kind: "list" | "map"
  readonly key: Range
  readonly value: Range
}
interface Local {
  readonly path: Path
  readonly size: Range | undefined
  readonly entry: EntrySize | undefined
}

export const estimate = (expression: Expression, checked: Checked, sizes: Sizes): Range =>
  new Estimator(checked, sizes).cost(expression)

class Estimator {
  private readonly checked: Checked
  private readonly root: Sizes
  private readonly paths = new Map<number, Path>()
  private readonly sizes = new Map<number, Range>()
  private readonly entries = new Map<number, EntrySize>()
  private locals: ReadonlyMap<string, Local> = new Map()

  constructor(checked: Checked, root: Sizes) {
    this.checked = checked
    this.root = root
  }

  cost(expression: Expression): Range {
    switch (expression._tag) {
      case "Literal":
        return fixed(0)
      case "Ident":
        return this.ident(expression.id, expression.name)
      case "Select": {
        const name = this.checked.resolved.get(expression.id)
        return name === undefined ? this.select(expression) : this.ident(expression.id, name)
      }
      case "Call":
        return this.call(expression)
      case "List":
        return this.list(expression)
      case "Map":
        return this.map(expression)
      case "Struct":
        return add(sum(expression.fields.map(({ value }) => this.cost(value))), fixed(structBase))
      case "Comprehension":
        return isBinding(expression) ? this.binding(expression) : this.fold(expression)
    }
  }

  private ident(id: number, name: string): Range {
    this.paths.set(id, this.locals.get(name)?.path ?? [name])
    return fixed(1)
  }

  private select({ field, id, operand, testOnly }: Select): Range {
    const cost = this.cost(operand)
    if (testOnly) return cost
    const { kind } = this.checked.typeOf(operand)
    this.paths.set(id, [...this.pathOf(operand), field])
    return kind === "map" || kind === "object" || kind === "param" ? add(cost, fixed(1)) : cost
  }

  private call(call: Call): Range {
    const { args } = call
    const [first] = args
    if (call.name === "dyn" && first !== undefined) {
      const cost = this.cost(first)
      this.copySizes(call, first)
      return add(fixed(1), cost)
    }
    const costs = args.map((arg) => this.cost(arg))
    const nodes = args.map((arg) => this.node(arg))
    const overloads = this.checked.overloadsOf(call)
    if (overloads.length === 0) return fixed(0)
    const isMember = call.target !== undefined && !this.checked.resolved.has(call.id)
    const target = isMember ? call.target : undefined
    const ofTarget = target === undefined ? fixed(0) : this.cost(target)
    let cost: Range = { min: Number.POSITIVE_INFINITY, max: 0 }
    let size: Range | undefined
    for (const overload of overloads) {
      const targetNode = target === undefined ? undefined : this.node(target)
      const special = this.special(call, overload.id, nodes, costs)
      const one = special ?? callEstimate(overload, targetNode, nodes)
      cost = union(cost, special?.cost ?? add(one.cost, sum(costs)))
      if (one.size !== undefined) size = size === undefined ? one.size : union(size, one.size)
      if (overload.id === "index_list" || overload.id === "index_map") {
        if (first !== undefined) {
          size = this.entryOf(first)?.value
          this.paths.set(call.id, [...this.pathOf(first), overload.id === "index_list" ? "@items" : "@values"])
        }
      }
      size ??= this.sizeOf(call)
    }
    if (size !== undefined) this.sizes.set(call.id, size)
    return add(ofTarget, cost)
  }

  /** Those calls whose cost is not that of all their arguments and something for the call: here it is all of it. */
  private special(
    call: Call,
    id: string,
    nodes: ReadonlyArray<Node>,
    costs: ReadonlyArray<Range>
  ): CallEstimate | undefined {
    const [a = fixed(0), b = fixed(0), c = fixed(0)] = costs
    const [, second, third] = call.args
    switch (id) {
      case "logical_and":
      case "logical_or":
        return { cost: { min: a.min, max: add(a, b).max } }
      case "conditional": {
        this.setEntry(call.id, unionEntries(second && this.entryOf(second), third && this.entryOf(third)))
        const size = union(nodes[1]?.size ?? unknown, nodes[2]?.size ?? unknown)
        return { cost: add(a, union(b, c)), size }
      }
      case "add_list":
      case "add_string":
      case "add_bytes": {
        const [first] = call.args
        this.setEntry(call.id, unionEntries(first && this.entryOf(first), second && this.entryOf(second)))
        return undefined
      }
      default:
        return undefined
    }
  }

  private list(list: ListOf): Range {
    const cost = sum(list.items.map((item) => this.cost(item)))
    this.setEntry(list.id, { kind: "list", key: fixed(1), value: this.widest(list.items) })
    return add(cost, fixed(listBase))
  }
  private map(map: MapOf): Range {
    const cost = sum(map.entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)]))
    const key = this.widest(map.entries.map((entry) => entry.key))
    this.setEntry(map.id, { kind: "map", key, value: this.widest(map.entries.map((entry) => entry.value)) })
    return add(cost, fixed(mapBase))
  }
  private widest(all: ReadonlyArray<Expression>): Range {
    return all.length === 0 ? fixed(0) : all.map((one) => this.sizeOf(one) ?? unknown).reduce(union)
  }

  private fold(fold: Comprehension): Range {
    const before = add(this.cost(fold.range), this.cost(fold.init))
    const outer = this.locals
    const withResult = new Map(outer).set(fold.accumulator, this.bound(fold.init))
    const inside = new Map(withResult)
    if (fold.second === undefined) inside.set(fold.first, this.iterated(fold.range, "single"))
    else inside.set(fold.first, this.iterated(fold.range, "key")).set(fold.second, this.iterated(fold.range, "value"))
    this.locals = inside
    const loop = this.cost(fold.condition)
    const step = this.cost(fold.step)
    this.locals = withResult
    const result = this.cost(fold.result)
    this.locals = outer
    const count = this.sizeOf(fold.range) ?? unknown
    this.sizeFold(fold, count)
    return add(add(before, result), multiply(count, add(step, loop)))
  }
  private sizeFold(fold: Comprehension, count: Range) {
    if (fold.init._tag === "Literal") {
      const size = this.sizeOf(fold.init)
      if (size !== undefined) this.sizes.set(fold.id, size)
    } else if (fold.init._tag === "List" || fold.init._tag === "Map") {
      this.sizes.set(fold.id, count)
      this.setEntry(fold.id, this.entryOf(fold.step))
    }
  }

  private binding(fold: Comprehension): Range {
    const before = add(this.cost(fold.range), this.cost(fold.init))
    const outer = this.locals
    this.locals = new Map(outer).set(fold.accumulator, this.bound(fold.init))
    const result = this.cost(fold.result)
    this.copySizes(fold, fold.result)
    this.locals = outer
    return add(before, result)
  }

  private bound(init: Expression): Local {
    return { path: this.pathOf(init), size: this.sizeOf(init), entry: this.entryOf(init) }
  }
  /** What a loop's variable is known to be: a list's item, a map's key, or one of both. */
  private iterated(range: Expression, part: "single" | "key" | "value"): Local {
    const entry = this.entryOf(range)
    const isList = (entry?.kind ?? this.checked.typeOf(range).kind) === "list"
    const isValue = part === "value" || (part === "single" && isList)
    const step = isValue ? (isList ? "@items" : "@values") : isList ? "@indices" : "@keys"
    return { path: [...this.pathOf(range), step], size: isValue ? entry?.value : entry?.key, entry: undefined }
  }

  private pathOf(expression: Expression): Path {
    const local = expression._tag === "Ident" ? this.locals.get(expression.name) : undefined
    return local?.path ?? this.paths.get(expression.id) ?? []
  }

  private node(expression: Expression): Node {
    const path = this.pathOf(expression)
    const known = path[0] === accumulator ? [] : path
    const type = this.checked.typeOf(expression)
    const size = this.sizeOf(expression)
    return {
      type,
      size: size ?? this.bySchema(known),
      computed: size,
      item: type.kind === "list" ? { type: type.params[0], size: this.bySchema([...known, "@items"], known) } : undefined,
      literal: expression._tag === "Literal" ? expression.value : undefined
    }
  }

  private setEntry(id: number, entry: EntrySize | undefined) {
    if (entry !== undefined) this.entries.set(id, entry)
  }
  private copySizes(to: Expression, from: Expression) {
    const size = this.sizeOf(from)
    if (size !== undefined) this.sizes.set(to.id, size)
    this.setEntry(to.id, this.entryOf(from))
  }

  private sizeOf(expression: Expression): Range | undefined {
    const known = this.sizes.get(expression.id) ?? sizeOfLiteral(expression)
    if (known !== undefined) return known
    const declared = this.bySchema(this.pathOf(expression))
    if (declared !== undefined) {
      this.sizes.set(expression.id, declared)
      return declared
    }
    if (isScalar(this.checked.typeOf(expression))) return fixed(1)
    return expression._tag === "Ident" ? this.locals.get(expression.name)?.size : undefined
  }
  private entryOf(expression: Expression): EntrySize | undefined {
    const local = expression._tag === "Ident" ? this.locals.get(expression.name) : undefined
    return this.entries.get(expression.id) ?? local?.entry
  }

  /** Nothing for a path that the schema does not know; an item's path is nothing if its list's is. */
  private bySchema(path: Path, of: Path = path): Range | undefined {
    if (path.length === 0 || of.length === 0 || this.root === undefined) return undefined
    let at: Declared = this.root
    for (const name of path.slice(1)) {
      const next =
        name === "@items" || name === "@values"
          ? at.item
          : name === "@keys"
            ? keyOf(at)
            : byKeyword(at.fields, name)?.declared
      if (next === undefined) return undefined
      at = next
    }
    return { min: 0, max: isSized(at) ? at.maxElements : 0 }
  }
}

/** Keys are texts of which nothing is known but that they fit into a request. */
const keyOf = ({ item, type }: Declared): Declared | undefined =>
  type.kind === "map" && item !== undefined ? { type: type.params[0] ?? type, maxElements: 0, minSize: 2 } : undefined
/** What has no length of its own is not limited by one. */
const isSized = ({ type: { kind } }: Declared) => kind !== "bool" && kind !== "int" && kind !== "double" && kind !== "object"

const isBinding = ({ accumulator: name, condition, range }: Comprehension) =>
  range._tag === "List" &&
  range.items.length === 0 &&
  condition._tag === "Literal" &&
  condition.value === false &&
  name !== accumulator

const unionEntries = (a: EntrySize | undefined, b: EntrySize | undefined): EntrySize | undefined =>
  a === undefined || b === undefined ? undefined : { kind: a.kind, key: union(a.key, b.key), value: union(a.value, b.value) }

const sizeOfLiteral = (expression: Expression): Range | undefined => {
  if (expression._tag === "Literal") return fixed(sizeOf(expression.value))
  if (expression._tag === "List") return fixed(expression.items.length)
  return expression._tag === "Map" ? fixed(expression.entries.length) : undefined
}

const scalars = new Set(["bool", "double", "duration", "int", "timestamp", "uint"])
const isScalar = ({ kind, name, params }: Type): boolean =>
  scalars.has(kind) || (kind === "opaque" && name === "optional_type" && params[0] !== undefined && isScalar(params[0]))
