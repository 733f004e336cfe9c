/**
 * Points in time as clients write them, RFC 3339, and what is wrong with one that is none, in the words of upstream's reader of times,
 * which says how far it came. Source: RFC 3339; Go's package time, "Parse".
 */
const anyTime = /^(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** The instant in UTC to the second, and the digits after it. `undefined` also for February 30th. */
const instant = (text: string) => {
  const [, seconds, digits = "", zone] = anyTime.exec(text) ?? []
  if (seconds === undefined || zone === undefined) return undefined
  const local = new Date(`${seconds}Z`)
  // Days that do not exist are moved into the next month.
  if (Number.isNaN(local.getTime()) || !local.toISOString().startsWith(seconds)) return undefined
  return { utc: zone === "Z" ? seconds : new Date(seconds + zone).toISOString().slice(0, 19), digits }
}

/** A year's days that every month has, to the second and in UTC: nearly all times, and nothing to do for them. */
const plain = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

/** To the second; `undefined`: it is none. */
export const time = (text: string): string | undefined => {
  if (plain.test(text)) return text
  const found = instant(text)
  return found && `${found.utc}Z`
}

/** With six digits after the second, which have to be there. */
export const microTime = (text: string): string | undefined => {
  const found = instant(text)
  return found?.digits.length === 6 ? `${found.utc}.${found.digits}Z` : undefined
}

interface Part {
  /** As the layout shows it. */
  readonly sign: string
  readonly form: RegExp
  /** What its number is of, and which numbers there are. */
  readonly range?: readonly [name: string, least: number, most: number]
}

const parts = (isMicro: boolean): ReadonlyArray<Part> => [
  { sign: "2006", form: /^\d{4}/ },
  { sign: "-", form: /^-/ },
  { sign: "01", form: /^\d\d/, range: ["month", 1, 12] },
  { sign: "-", form: /^-/ },
  { sign: "02", form: /^\d\d/ },
  { sign: "T", form: /^T/ },
  { sign: "15", form: /^\d\d?/, range: ["hour", 0, 23] },
  { sign: ":", form: /^:/ },
  { sign: "04", form: /^\d\d/, range: ["minute", 0, 59] },
  { sign: ":", form: /^:/ },
  { sign: "05", form: isMicro ? /^\d\d/ : /^\d\d(?:\.\d+)?/, range: ["second", 0, 60 - Number.EPSILON] },
  ...(isMicro ? [{ sign: ".000000", form: /^\.\d{6}/ }] : []),
  { sign: "Z07:00", form: /^(?:Z|[+-]\d\d:\d\d)/ }
]

/** Why a text is none. */
export const unreadable = (text: string, isMicro = false): string => {
  const quoted = JSON.stringify(text)
  const all = parts(isMicro)
  let rest = text
  for (const { form, range, sign } of all) {
    const [found] = form.exec(rest) ?? []
    if (found === undefined) {
      const layout = JSON.stringify(all.map((part) => part.sign).join(""))
      return `parsing time ${quoted} as ${layout}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(sign)}`
    }
    if (range !== undefined && (Number(found) < range[1] || Number(found) > range[2]))
      return `parsing time ${quoted}: ${range[0]} out of range`
    rest = rest.slice(found.length)
  }
  if (rest !== "") return `parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`
  const isFar = /[+-](\d\d):\d\d$/.test(text) && Number(text.slice(-5, -3)) > 24
  return `parsing time ${quoted}: ${isFar ? "time zone offset hour" : "day"} out of range`
}
