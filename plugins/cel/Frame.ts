/** What steps of an evaluation share: what was paid, what variables stand for, and how both kinds of stop are told. */
import type { Value } from "./Values.ts"

/** One evaluation. */
export interface Frame {
  cost: number
  readonly limit: number
  /** Variables of comprehensions, by their place. */
  readonly locals: Array<Value>
  readonly variable: (name: string) => Value | undefined
}
export type Step = (frame: Frame) => Value

/** Thrown through all steps, and caught by whoever began. */
export class Exhausted {
  readonly cost: number
  constructor(cost: number) {
    this.cost = cost
  }
}
/** Thrown by `plan`: a conversion of a constant that cannot be made. */
export class Unplannable {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}
export const pay = (frame: Frame, cost: number) => {
  frame.cost += cost
  if (frame.cost > frame.limit) throw new Exhausted(frame.cost)
}
