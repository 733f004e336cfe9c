/** When a plugin that dies again and again is left alone. Decisions only: the supervisor acts on them. */
import type { Life } from "./Plugin.ts"

export interface Circuit {
  /** A death at this time; whether it is one too many. */
  readonly died: (at: number) => boolean
  /** How long it is left alone, in milliseconds. */
  readonly rest: number
  readonly words: (reason: string) => string
}

const minute = 60_000

/** Without a limit it never opens. After its rest one more death within the time opens it again. */
export const make = ({ circuit }: Life): Circuit => {
  const { deaths = Number.POSITIVE_INFINITY, restMillis = minute, withinMillis = minute } = circuit ?? {}
  let times: ReadonlyArray<number> = []
  return {
    died: (at) => {
      times = [...times.filter((time) => at - time < withinMillis + restMillis), at].slice(-deaths)
      const [first = at] = times
      return times.length >= deaths && at - first < withinMillis + restMillis
    },
    rest: restMillis,
    words: (reason) => `the circuit is open: it died ${times.length} times in a row, at last: ${reason}`
  }
}
