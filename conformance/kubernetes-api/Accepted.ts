/** Differences that are meant, each with its reason. What is in no line here is a defect of one of both. */
import type { Difference } from "./Differences.ts"

export interface Accepted {
  /** Of the scenario and the step: `reads/pages: first`. */
  readonly step?: RegExp
  readonly aspect?: Difference["aspect"]
  readonly path?: RegExp
  /** What both answered, `ours | theirs`. */
  readonly values?: RegExp
  readonly reason: string
}

export const accepted: ReadonlyArray<Accepted> = []

export const reasonOf = (name: string, { aspect, ours, path, theirs }: Difference) =>
  accepted.find(
    (one) =>
      (one.aspect === undefined || one.aspect === aspect) &&
      (one.step?.test(name) ?? true) &&
      (one.path?.test(path) ?? true) &&
      (one.values?.test(`${ours} | ${theirs}`) ?? true)
  )?.reason
