/** How long ago, as kubectl's tables say it: two units at most, coarser the longer it is. Source: apimachinery `duration`. */

const minute = 60
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

const both = (total: number, unit: number, word: string, smaller: number, smallerWord: string) => {
  const rest = Math.floor((total % unit) / smaller)
  const whole = `${Math.floor(total / unit)}${word}`
  return rest === 0 ? whole : `${whole}${rest}${smallerWord}`
}

const human = (seconds: number): string => {
  if (seconds < -1) return "<invalid>"
  if (seconds < 0) return "0s"
  if (seconds < 2 * minute) return `${Math.floor(seconds)}s`
  if (seconds < 10 * minute) return both(seconds, minute, "m", 1, "s")
  if (seconds < 3 * hour) return `${Math.floor(seconds / minute)}m`
  if (seconds < 8 * hour) return both(seconds, hour, "h", minute, "m")
  if (seconds < 2 * day) return `${Math.floor(seconds / hour)}h`
  if (seconds < 8 * day) return both(seconds, day, "d", hour, "h")
  if (seconds < 2 * year) return `${Math.floor(seconds / day)}d`
  if (seconds < 8 * year) return both(seconds, year, "y", day, "d")
  return `${Math.floor(seconds / year)}y`
}

/** `since` in RFC 3339, `now` in milliseconds. */
export const of = (since: string | undefined, now: number): string => {
  const then = since === undefined ? Number.NaN : Date.parse(since)
  return Number.isNaN(then) ? "<unknown>" : human((now - then) / 1000)
}
