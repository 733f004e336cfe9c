/**
 * Macros: what looks like a call and is turned into comprehensions, with the same steps as upstream's, because costs are counted
 * by them. Source: the language definition of CEL, "Macros"; cel-go's extensions for two variables, optionals and `sortBy`.
 */
import type { Expression } from "./Expression.ts"
import type { Value } from "./Values.ts"

export interface Maker {
  readonly id: () => number
  readonly report: (at: number, message: string) => Expression
}

export const accumulator = "__result__"
/** The variable of a comprehension that only gives a name to a value. */
export const unused = "#unused"

type Target = Expression | undefined
type Args = ReadonlyArray<Expression>

/** The expansion, or nothing if it is an ordinary call. */
export const expand = (make: Maker, name: string, target: Target, args: Args, at: number): Expression | undefined => {
  const key = `${target === undefined ? "" : "."}${name}/${args.length}`
  return macros[key]?.(new Builder(make, at), target ?? absent, args)
}
const absent: Expression = { _tag: "Literal", id: 0, at: 0, value: null }

/** Makes nodes that stand where the macro's call stands. */
class Builder {
  readonly make: Maker
  private readonly at: number
  constructor(make: Maker, at: number) {
    this.make = make
    this.at = at
  }
  literal(value: Value): Expression {
    return { _tag: "Literal", id: this.make.id(), at: this.at, value }
  }
  ident(name: string): Expression {
    return { _tag: "Ident", id: this.make.id(), at: this.at, name }
  }
  call(name: string, ...args: Args): Expression {
    return { _tag: "Call", id: this.make.id(), at: this.at, name, args }
  }
  method(name: string, target: Expression, ...args: Args): Expression {
    return { _tag: "Call", id: this.make.id(), at: this.at, name, target, args }
  }
  list(...items: Args): Expression {
    return { _tag: "List", id: this.make.id(), at: this.at, items, optional: new Set() }
  }
  map(): Expression {
    return { _tag: "Map", id: this.make.id(), at: this.at, entries: [] }
  }
  presence(operand: Expression, field: string): Expression {
    return { _tag: "Select", id: this.make.id(), at: this.at, operand, field, testOnly: true }
  }
  fold(range: Expression, names: Names, init: Expression, condition: Expression, step: Expression, result: Expression) {
    const about = { _tag: "Comprehension", id: this.make.id(), at: this.at, range, accumulator } as const
    return { ...about, ...names, init, condition, step, result } satisfies Expression
  }
  /** `result`, in which `name` stands for `value`. */
  bind(name: string, value: Expression, result: Expression): Expression {
    const about = { _tag: "Comprehension", id: this.make.id(), at: this.at, range: this.list(), accumulator: name } as const
    return { ...about, first: unused, init: value, condition: this.literal(false), step: this.ident(name), result }
  }
  get result() {
    return this.ident(accumulator)
  }
  /** The same expression again, with numbers of its own. */
  copy(of: Expression): Expression {
    const again = (one: Expression) => this.copy(one)
    const id = this.make.id()
    switch (of._tag) {
      case "Select":
        return { ...of, id, operand: again(of.operand) }
      case "Call":
        return { ...of, id, ...(of.target && { target: again(of.target) }), args: of.args.map(again) }
      case "List":
        return { ...of, id, items: of.items.map(again) }
      case "Map":
        return {
          ...of,
          id,
          entries: of.entries.map((entry) => ({ ...entry, key: again(entry.key), value: again(entry.value) }))
        }
      case "Struct":
        return { ...of, id, fields: of.fields.map((field) => ({ ...field, value: again(field.value) })) }
      case "Comprehension": {
        const { condition, init, range, result, step } = of
        const parts = { range: again(range), init: again(init), condition: again(condition) }
        return { ...of, id, ...parts, step: again(step), result: again(result) }
      }
      default:
        return { ...of, id }
    }
  }
}

interface Names {
  readonly first: string
  readonly second?: string
}
type Macro = (build: Builder, target: Expression, args: Args) => Expression

const quantifiers = {
  all: (build: Builder, range: Expression, names: Names, predicate: Expression) =>
    build.fold(
      range,
      names,
      build.literal(true),
      build.call("@not_strictly_false", build.result),
      build.call("_&&_", build.result, predicate),
      build.result
    ),
  exists: (build: Builder, range: Expression, names: Names, predicate: Expression) =>
    build.fold(
      range,
      names,
      build.literal(false),
      build.call("@not_strictly_false", build.call("!_", build.result)),
      build.call("_||_", build.result, predicate),
      build.result
    ),
  existsOne: (build: Builder, range: Expression, names: Names, predicate: Expression) =>
    build.fold(
      range,
      names,
      build.literal(0n),
      build.literal(true),
      build.call("_?_:_", predicate, build.call("_+_", build.result, build.literal(1n)), build.result),
      build.call("_==_", build.result, build.literal(1n))
    )
}
type Quantifier = keyof typeof quantifiers

const overwrites = "iteration variable overwrites accumulator variable"

/** With the name of the first argument, which must be one. */
const withName = (
  build: Builder,
  args: Args,
  wanted: string,
  then: (first: string, rest: Args) => Expression
): Expression => {
  const [variable, ...rest] = args
  if (variable?._tag !== "Ident") return build.make.report(variable?.at ?? 0, wanted)
  if (variable.name === accumulator) return build.make.report(variable.at, overwrites)
  return then(variable.name, rest)
}

const withNames = (build: Builder, args: Args, then: (names: Names, rest: Args) => Expression): Expression => {
  const wanted = "argument must be a simple variable name"
  return withName(build, args, wanted, (first, others) =>
    withName(build, others, wanted, (second, rest) => {
      if (first === second) return build.make.report(others[0]?.at ?? 0, `duplicate variable name: ${first}`)
      return then({ first, second }, rest)
    })
  )
}

const quantify =
  (kind: Quantifier): Macro =>
  (build, target, args) =>
    withName(build, args, "argument must be a simple name", (first, [predicate = absent]) =>
      quantifiers[kind](build, target, { first }, predicate)
    )
const quantifyPairs =
  (kind: Quantifier): Macro =>
  (build, target, args) =>
    withNames(build, args, (names, [predicate = absent]) => quantifiers[kind](build, target, names, predicate))

/** Folds into what `init` makes, by `step`, with those for which the predicate holds if there is one. */
const collect = (
  build: Builder,
  target: Expression,
  names: Names,
  rest: Args,
  init: () => Expression,
  step: (transform: Expression) => Expression
) => {
  const [predicate, transform] = rest.length === 2 ? rest : [undefined, rest[0]]
  const start = init()
  const always = build.literal(true)
  const one = step(transform ?? absent)
  const step_ = predicate === undefined ? one : build.call("_?_:_", predicate, one, build.result)
  return build.fold(target, names, start, always, step_, build.result)
}
const append = (build: Builder) => (transform: Expression) => build.call("_+_", build.result, build.list(transform))
const identifier = "argument is not an identifier"

const mapped: Macro = (build, target, args) =>
  withName(build, args, identifier, (first, rest) =>
    collect(build, target, { first }, rest, () => build.list(), append(build))
  )
const transformList: Macro = (build, target, args) =>
  withNames(build, args, (names, rest) => collect(build, target, names, rest, () => build.list(), append(build)))
const transformMap: Macro = (build, target, args) =>
  withNames(build, args, (names, rest) =>
    collect(
      build,
      target,
      names,
      rest,
      () => build.map(),
      (transform) => build.call("cel.@mapInsert", build.result, build.ident(names.first), transform)
    )
  )
const transformMapEntry: Macro = (build, target, args) =>
  withNames(build, args, (names, rest) =>
    collect(
      build,
      target,
      names,
      rest,
      () => build.map(),
      (transform) => build.call("cel.@mapInsert", build.result, transform)
    )
  )

const whenPresent =
  (name: string, wrap: boolean): Macro =>
  (build, target, args) =>
    withName(build, args, `${name}() variable name must be a simple identifier`, (variable, [mapping = absent]) => {
      const bound = build.bind(variable, build.method("value", build.copy(target)), mapping)
      const some = wrap ? build.call("optional.of", bound) : bound
      return build.call("_?_:_", build.method("hasValue", target), some, build.call("optional.none"))
    })

const sortInput = "@__sortBy_input__"

const macros: { readonly [key: string]: Macro } = {
  "has/1": (build, _target, [field = absent]) =>
    field._tag === "Select" && !field.testOnly
      ? build.presence(field.operand, field.field)
      : build.make.report(field.at, "invalid argument to has() macro"),
  ".all/2": quantify("all"),
  ".exists/2": quantify("exists"),
  ".exists_one/2": quantify("existsOne"),
  ".all/3": quantifyPairs("all"),
  ".exists/3": quantifyPairs("exists"),
  ".exists_one/3": quantifyPairs("existsOne"),
  ".existsOne/3": quantifyPairs("existsOne"),
  ".map/2": mapped,
  ".map/3": mapped,
  ".filter/2": (build, target, args) =>
    withName(build, args, identifier, (first, [predicate = absent]) =>
      collect(build, target, { first }, [predicate, args[0] ?? absent], () => build.list(), append(build))
    ),
  ".transformList/3": transformList,
  ".transformList/4": transformList,
  ".transformMap/3": transformMap,
  ".transformMap/4": transformMap,
  ".transformMapEntry/3": transformMapEntry,
  ".transformMapEntry/4": transformMapEntry,
  ".optMap/2": whenPresent("optMap", true),
  ".optFlatMap/2": whenPresent("optFlatMap", false),
  ".sortBy/2": (build, target, args) =>
    withName(build, args, identifier, (first, rest) => {
      const keys = collect(build, build.ident(sortInput), { first }, rest, () => build.list(), append(build))
      return build.bind(sortInput, target, build.method("@sortByAssociatedKeys", build.ident(sortInput), keys))
    })
}
