/** A history against all that must hold of it. */
import type { Record } from "./History.ts"
import * as Register from "./Register.ts"
import * as Revisions from "./Revisions.ts"
import * as Truth from "./Truth.ts"
import type { Violation } from "./Violation.ts"
import * as Watches from "./Watches.ts"
import * as Writes from "./Writes.ts"

const replicas = (history: ReadonlyArray<Record>): ReadonlyArray<Violation> =>
  history.flatMap((record) =>
    record._tag === "Compared" && record.wrong !== undefined ? [{ rule: "apart", message: record.wrong }] : []
  )

export const check = (history: ReadonlyArray<Record>): ReadonlyArray<Violation> => {
  const { truth, violations } = Truth.make(history)
  return [
    ...violations,
    ...Writes.check(truth),
    ...Register.check(truth),
    ...Revisions.check(history, truth),
    ...Watches.check(history, truth),
    ...replicas(history)
  ]
}
