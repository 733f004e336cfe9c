/** Kubernetes' two forms of an instant, from and to milliseconds since the epoch. */

/** RFC 3339, whole seconds, UTC: `Time`. */
export const time = (millis: number) => new Date(millis).toISOString().replace(/\.\d+Z$/, "Z")

/** RFC 3339 with six digits of a second: `MicroTime`. */
export const microTime = (millis: number) => new Date(millis).toISOString().replace("Z", "000Z")

/** Milliseconds of either form; of what is absent or no time, 0. */
export const millisOf = (text: string | undefined) => {
  const millis = text === undefined ? 0 : Date.parse(text)
  return Number.isNaN(millis) ? 0 : millis
}
