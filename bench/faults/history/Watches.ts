/**
 * What each watcher got, beside the log. Where it goes on it gets every entry, once and in order. Where it begins anew it gets all
 * that lives, so that what had been replaced or deleted by then may be left out; and from then on every entry.
 */
import type { Record, Tagged } from "./History.ts"
import type { Entry, Truth } from "./Truth.ts"
import type { Violation } from "./Violation.ts"

type Event = Tagged<"Began" | "Resumed" | "Gone" | "Saw" | "UpTo" | "Ended">

const isEvent = (record: Record): record is Event => "watcher" in record

/** From one beginning to the next, over as many resumptions as there were. */
interface Part {
  readonly watcher: string
  /** When it began anew; absent if it goes on after `after`. */
  readonly began: number | undefined
  readonly after: number
  readonly events: ReadonlyArray<Event>
}

const partsOf = (watcher: string, events: ReadonlyArray<Event>): ReadonlyArray<Part> => {
  const parts: Array<Part & { readonly events: Event[] }> = []
  for (const event of events) {
    const last = parts.at(-1)
    if (event._tag === "Began") parts.push({ watcher, began: event.time, after: 0, events: [] })
    else if (last === undefined) {
      const after = event._tag === "Resumed" ? event.after : 0
      parts.push({ watcher, began: undefined, after, events: [event] })
    } else last.events.push(event)
  }
  return parts
}

const show = ({ action, key, seq }: { readonly action: string; readonly key: string; readonly seq: number }) =>
  `${action} ${key} at ${seq}`

/** Order within a part: how far it has come, and what it saw on its way. */
const walk = ({ after, events, watcher }: Part) => {
  const violations: Violation[] = []
  const seen = new Set<number>()
  let at = after
  let upTo = after
  for (const event of events) {
    if (event._tag === "Saw") {
      if (event.seq <= at) {
        const why = seen.has(event.seq) ? "a second time" : `when it had come to ${at}`
        violations.push({ rule: "order", message: `${watcher} gets ${show(event)} ${why}` })
      }
      seen.add(event.seq)
      at = Math.max(at, event.seq)
    } else if (event._tag === "UpTo") {
      if (event.seq < at) violations.push({ rule: "backwards", message: `${watcher} is told of ${event.seq}, after ${at}` })
      at = Math.max(at, event.seq)
      upTo = Math.max(upTo, event.seq)
    } else if (event._tag === "Resumed") {
      // What came after it was last told how far it goes is told again.
      if (event.after < upTo || event.after > at) {
        violations.push({ rule: "order", message: `${watcher} resumes at ${event.after}, and had come to ${at}` })
      }
      at = event.after
    }
  }
  return { violations, seen, upTo }
}

/** What a part that began anew need not have got: replaced or deleted before, and nothing that it believes to live. */
const leftOut = (entries: ReadonlyArray<Entry>, seen: ReadonlySet<number>, isOld: (entry: Entry) => boolean) => {
  const wrong: Entry[] = []
  for (const [index, entry] of entries.entries()) {
    if (seen.has(entry.seq)) continue
    const rest = entries.slice(index + 1)
    const isReplaced = rest.some(({ seq }) => seen.has(seq))
    const last = entries.at(-1)
    const isGone = last?.action === "delete" && !entries.some(({ seq }) => seen.has(seq))
    if (!isOld(entry) || !(isReplaced || isGone)) wrong.push(entry)
  }
  return wrong
}

const checkPart = (part: Part, { askedAt, byKey, entries }: Truth): ReadonlyArray<Violation> => {
  const { after, began, watcher } = part
  const { seen, upTo, violations } = walk(part)
  const missing =
    began === undefined
      ? entries.filter(({ seq }) => seq > after && seq <= upTo && !seen.has(seq))
      : [...byKey.values()].flatMap((all) =>
          leftOut(
            all.filter(({ seq }) => seq <= upTo),
            seen,
            ({ seq }) => (askedAt.get(seq) ?? 0) <= began
          )
        )
  const gaps = missing.map(
    (entry): Violation => ({ rule: "gap", message: `${watcher} came to ${upTo} without ${show(entry)}` })
  )
  return [...violations, ...gaps]
}

const checkEnd = (watcher: string, parts: ReadonlyArray<Part>, { writes }: Truth): ReadonlyArray<Violation> => {
  const last = parts.at(-1)
  const end = last?.events.findLast((event) => event._tag === "Ended")
  if (last === undefined || end === undefined) return []
  const { upTo } = walk(last)
  const acknowledged = writes.flatMap(({ answer }) =>
    answer?._tag === "Written" && answer.time < end.asked && answer.seq !== undefined ? [answer.seq] : []
  )
  const head = acknowledged.reduce((most, seq) => Math.max(most, seq), 0)
  return upTo < head ? [{ rule: "stuck", message: `${watcher} ended at ${upTo}, when ${head} had been acknowledged` }] : []
}

export const check = (history: ReadonlyArray<Record>, truth: Truth): ReadonlyArray<Violation> =>
  [...Map.groupBy(history.filter(isEvent), ({ watcher }) => watcher)].flatMap(([watcher, events]) => {
    const parts = partsOf(watcher, events)
    return [...parts.flatMap((part) => checkPart(part, truth)), ...checkEnd(watcher, parts, truth)]
  })
