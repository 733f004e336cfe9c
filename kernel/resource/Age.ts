/** How long ago, as tables say it: two units at most, and coarser the longer it is. Source: the output of `kubectl get`. */

const minute = 60
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

const both = (seconds: number, unit: number, name: string, smaller: number, smallerName: string) => {
  const rest = Math.floor((seconds % unit) / smaller)
  return `${Math.floor(seconds / unit)}${name}${rest === 0 ? "" : `${rest}${smallerName}`}`
}

export const human = (millis: number): string => {
  const seconds = Math.trunc(millis / 1000)
  if (seconds < -1) return "<invalid>"
  if (seconds < 0) return "0s"
  if (seconds < 2 * minute) return `${seconds}s`
  if (seconds < 10 * minute) return both(seconds, minute, "m", 1, "s")
  if (seconds < 3 * hour) return `${Math.floor(seconds / minute)}m`
  if (seconds < 8 * hour) return both(seconds, hour, "h", minute, "m")
  if (seconds < 2 * day) return `${Math.floor(seconds / hour)}h`
  if (seconds < 8 * day) return both(seconds, day, "d", hour, "h")
  if (seconds < 2 * year) return `${Math.floor(seconds / day)}d`
  if (seconds < 8 * year) return both(seconds, year, "y", day, "d")
  return `${Math.floor(seconds / year)}y`
}

/** Since an instant in RFC 3339; `now` in milliseconds. */
export const since = (time: string | undefined, now: number): string => {
  const then = time === undefined ? Number.NaN : Date.parse(time)
  return Number.isNaN(then) ? "<unknown>" : human(now - then)
}
