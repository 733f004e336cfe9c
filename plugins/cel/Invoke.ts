/** Calls: the arguments are evaluated, and the first overload that fits them is called and paid. */
import { costOf } from "./Costs.ts"
import { type Frame, pay, type Step } from "./Frame.ts"
import { fits, type Overload } from "./library/Function.ts"
import { Failure, fail, noOverload, typeName, type Value } from "./Values.ts"

interface Priced {
  readonly overload: Overload
  readonly cost: ReturnType<typeof costOf>
}

const accepts = ({ args }: Overload, values: ReadonlyArray<Value>): boolean => {
  for (let index = 0; index < values.length; index++) {
    const [type, value] = [args[index], values[index]]
    if (type === undefined || value === undefined || !fits(type, value)) return false
  }
  return true
}

const call = (frame: Frame, { cost, overload }: Priced, values: ReadonlyArray<Value>): Value => {
  const result = overload.call(...values)
  pay(frame, cost(values, result))
  return result
}

/** `name` is for the complaint; operators have none. */
export const invoke = (overloads: ReadonlyArray<Overload>, steps: ReadonlyArray<Step>, name: string): Step => {
  const priced = overloads.map((overload): Priced => ({ overload, cost: costOf(overload) }))
  /** Mostly it is the same one again. Which one is asked first makes no difference, as no two fit the same values. */
  let last = priced[0]
  return (frame) => {
    const values: Array<Value> = []
    let failure: Failure | undefined
    for (const step of steps) {
      const value = step(frame)
      if (value instanceof Failure) failure ??= value
      values.push(value)
    }
    if (failure !== undefined) {
      pay(frame, 1)
      return failure
    }
    if (last !== undefined && accepts(last.overload, values)) return call(frame, last, values)
    const found = priced.find(({ overload }) => accepts(overload, values))
    if (found !== undefined) {
      last = found
      return call(frame, found, values)
    }
    pay(frame, 1)
    return name === "" ? noOverload : fail(`no such overload: ${name}(${values.map(typeName).join(", ")})`)
  }
}
