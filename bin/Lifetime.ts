/** How long something lasts, as people write it in settings and flags. */

/** Such as `24h`, `1h30m`, or `0` for ever; in milliseconds. */
export const lifetime = (text: string): number | undefined => {
  const [, hours, minutes, seconds] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? []
  if (text === "0") return 0
  if (hours === undefined && minutes === undefined && seconds === undefined) return undefined
  return ((Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0)) * 1000
}
