/**
 * What an expression is after parsing: a tree whose nodes have numbers, by which the checker and the estimate of costs remember
 * what they found, and places in the source for messages. Macros have been expanded to comprehensions.
 */
import type { Value } from "./Values.ts"

interface Node {
  readonly id: number
  /** Where it begins, in code points from the start of the source. */
  readonly at: number
}
export interface Literal extends Node {
  readonly _tag: "Literal"
  readonly value: Value
}
export interface Ident extends Node {
  readonly _tag: "Ident"
  readonly name: string
}
export interface Select extends Node {
  readonly _tag: "Select"
  readonly operand: Expression
  readonly field: string
  /** `has(operand.field)` */
  readonly testOnly: boolean
}
/** Operators are calls too, such as `_+_`. */
export interface Call extends Node {
  readonly _tag: "Call"
  readonly name: string
  readonly target?: Expression
  readonly args: ReadonlyArray<Expression>
}
export interface ListOf extends Node {
  readonly _tag: "List"
  readonly items: ReadonlyArray<Expression>
  /** Indices of items written with a question mark: left out if they are empty. */
  readonly optional: ReadonlySet<number>
}
export interface Entry {
  readonly key: Expression
  readonly value: Expression
  readonly optional: boolean
}
export interface MapOf extends Node {
  readonly _tag: "Map"
  readonly entries: ReadonlyArray<Entry>
}
export interface FieldInit {
  readonly name: string
  readonly at: number
  readonly value: Expression
  readonly optional: boolean
}
/** `Object.spec{replicas: 3}` */
export interface Struct extends Node {
  readonly _tag: "Struct"
  readonly name: string
  readonly fields: ReadonlyArray<FieldInit>
}
/** Folds a list's items or a map's keys. With `second`, `first` is the index or key, and `second` the value. */
export interface Comprehension extends Node {
  readonly _tag: "Comprehension"
  readonly range: Expression
  readonly first: string
  readonly second?: string
  readonly accumulator: string
  readonly init: Expression
  readonly condition: Expression
  readonly step: Expression
  readonly result: Expression
}
export type Expression = Literal | Ident | Select | Call | ListOf | MapOf | Struct | Comprehension

/** `a.b.c` of an expression that is nothing else. */
export const qualifiedName = (expression: Expression): string | undefined => {
  if (expression._tag === "Ident") return expression.name
  if (expression._tag !== "Select" || expression.testOnly) return undefined
  const prefix = qualifiedName(expression.operand)
  return prefix === undefined ? undefined : `${prefix}.${expression.field}`
}
