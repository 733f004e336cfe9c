/** Conditions as Gateway API wants them. Pure. */
import type { Condition } from "./Objects.ts"

export interface Wanted {
  readonly type: string
  readonly status: boolean
  readonly reason: string
  readonly message?: string
}

export const is = (type: string, reason = type): Wanted => ({ type, status: true, reason })
export const not = (type: string, reason: string, message = ""): Wanted => ({ type, status: false, reason, message })

/** Since when one is as it is stays, as long as it does. */
export const written = (
  wanted: ReadonlyArray<Wanted>,
  before: ReadonlyArray<Condition>,
  { generation, now }: { readonly generation: number; readonly now: string }
): ReadonlyArray<Condition> =>
  wanted.map(({ message = "", reason, status, type }) => {
    const word = status ? "True" : "False"
    const old = before.find((one) => one.type === type)
    const lastTransitionTime = old?.status === word ? old.lastTransitionTime : now
    return { type, status: word, reason, message, lastTransitionTime, observedGeneration: generation }
  })
