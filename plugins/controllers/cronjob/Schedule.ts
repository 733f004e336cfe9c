/** When a CronJob is due: five fields of cron, a name for them, or an interval. Pure. Source: "CronJob" of the Kubernetes documentation. */
import { Cron, Result } from "effect"

/** In milliseconds since the epoch. */
export interface Schedule {
  /** The first time after. */
  readonly next: (after: number) => number | undefined
  /** The last time after one and not after another. */
  readonly last: (after: number, until: number) => number | undefined
}

const names: { readonly [name: string]: string } = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *"
}

const units: { readonly [unit: string]: number } = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** A duration as Go writes it, such as `1h30m`, in milliseconds. */
const durationOf = (text: string) => {
  if (!/^(?:\d+(?:\.\d*)?(?:ms|h|m|s))+$/.test(text)) return undefined
  const parts = [...text.matchAll(/([\d.]+)(ms|h|m|s)/g)]
  return parts.reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (units[unit] ?? 0), 0)
}

/** In whole seconds, one at least. */
const interval = (millis: number): Schedule => {
  const step = Math.max(1000, Math.floor(millis / 1000) * 1000)
  return {
    next: (after) => after + step,
    last: (after, until) => (until < after + step ? undefined : after + Math.floor((until - after) / step) * step)
  }
}

/** A date that never comes, such as the 30th of February, is searched for in vain. */
const search = (find: () => Date) => Result.getOrUndefined(Result.try(() => find().getTime()))

const calendar = (cron: Cron.Cron): Schedule => ({
  next: (after) => search(() => Cron.next(cron, after)),
  last: (after, until) => {
    const last = search(() => Cron.prev(cron, until + 1))
    return last !== undefined && last > after ? last : undefined
  }
})

/** Fails with what is wrong. */
export const parse = (text: string, timeZone = "UTC"): Result.Result<Schedule, string> => {
  const trimmed = text.trim().toLowerCase()
  if (trimmed.startsWith("@every ")) {
    const millis = durationOf(trimmed.slice("@every ".length).trim())
    return millis === undefined ? Result.fail(`failed to parse duration ${text}`) : Result.succeed(interval(millis))
  }
  const fields = (names[trimmed] ?? trimmed).replaceAll("?", "*")
  if (fields.split(/\s+/).length !== 5) return Result.fail(`expected exactly 5 fields: ${text}`)
  return Cron.parse(fields, timeZone).pipe(
    Result.map(calendar),
    Result.mapError(({ message }) => message)
  )
}
