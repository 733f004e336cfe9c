/** Right histories: what a log would have told that makes no mistakes, whichever way it was asked and whatever was cut off. */
import * as fc from "fast-check"
import { merge, type Record } from "../../bench/faults/history/History.ts"

interface Asked {
  readonly key: string
  readonly process: string
  readonly kind: "put" | "delete" | "read" | "table"
  /** How far the writer is behind with what it replaces: 0 knows the last entry when it takes effect. */
  readonly behind: number
  readonly start: number
  readonly before: number
  readonly after: number
  /** Whether an answer comes, and if not, whether the write took effect. */
  readonly fate: "answered" | "lost" | "never" | "failed"
}

interface Watched {
  readonly steps: ReadonlyArray<{ readonly wait: number; readonly how: "goes on" | "resumes" | "begins" }>
}

const asked: fc.Arbitrary<Asked> = fc.record({
  key: fc.constantFrom("a", "b", "c"),
  process: fc.constantFrom("one", "two", "three"),
  kind: fc.constantFrom("put", "put", "put", "delete", "read", "table"),
  behind: fc.constantFrom(0, 0, 0, 1, 2),
  start: fc.integer({ min: 0, max: 1000 }),
  before: fc.integer({ min: 1, max: 50 }),
  after: fc.integer({ min: 1, max: 50 }),
  fate: fc.constantFrom("answered", "answered", "answered", "lost", "never", "failed")
})
const watched: fc.Arbitrary<Watched> = fc.record({
  steps: fc.array(
    fc.record({ wait: fc.integer({ min: 1, max: 400 }), how: fc.constantFrom("goes on", "goes on", "resumes", "begins") }),
    { minLength: 1, maxLength: 6 }
  )
})

interface Kept {
  readonly seq: number
  readonly prev: number
  readonly time: number
  readonly key: string
  readonly action: "put" | "delete"
  readonly writeId: string
  readonly value: string
}

/** A log that only this file uses: entries in order, each at the moment it took effect. */
class Entries {
  readonly all: Kept[] = []
  of(key: string) {
    return this.all.filter((entry) => entry.key === key)
  }
  readonly last = () => this.all.at(-1)?.seq ?? 0
}

const ask = (entries: Entries, one: Asked, op: string): ReadonlyArray<Record> => {
  const { after, before, fate, key, kind, process, start } = one
  const [at, end] = [start + before, start + before + after]
  const question = { time: start, process, op, key }
  const answer = { time: end, process, op }
  const mine = entries.of(key)
  const now = mine.at(-1)
  if (kind === "read" || kind === "table") {
    const read: Record = { ...question, _tag: "Read", consistent: kind === "read" }
    if (fate === "failed") return [read, { ...answer, _tag: "Failed", why: "no quorum" }]
    if (fate !== "answered") return [read]
    const { seq, value, writeId } = now?.action === "put" ? now : { seq: 0, value: "", writeId: "" }
    return [read, { ...answer, _tag: "Found", seq, value, writeId, at: entries.last() }]
  }
  const prev = mine.at(-1 - one.behind)?.seq ?? 0
  const value = `${op}'s`
  const write: Record = { ...question, _tag: "Write", action: kind, prev, writeId: `w ${op}`, value }
  if (fate === "never") return [write, { ...answer, _tag: "Unknown", why: "the answer was lost" }]
  if (fate === "failed") return [write, { ...answer, _tag: "Failed", why: "no quorum" }]
  const seq = entries.last() + 1 + (Math.floor(start) % 3)
  const isApplied = prev === (now?.seq ?? 0)
  if (isApplied) entries.all.push({ seq, prev, time: at, key, action: kind, writeId: `w ${op}`, value })
  if (fate === "lost") return [write]
  return [write, isApplied ? { ...answer, _tag: "Written", seq } : { ...answer, _tag: "Conflicted", last: now?.seq ?? 0 }]
}

const isLast = (entries: ReadonlyArray<Kept>, { key, seq }: Kept) =>
  !entries.some((other) => other.key === key && other.seq > seq)

const watch = ({ all }: Entries, watcher: string, { steps }: Watched): ReadonlyArray<Record> => {
  const records: Record[] = []
  let [time, at, begun] = [0, 0, false]
  for (const [index, { how, wait }] of [...steps, { how: "goes on", wait: 2000 } as const].entries()) {
    const who = { time: (time += wait), process: "one", watcher }
    const isAnew = how === "begins" || !begun
    begun = true
    if (isAnew) {
      if (index > 0) records.push({ ...who, _tag: "Gone" })
      records.push({ ...who, _tag: "Began", epoch: "e" })
      at = 0
    } else if (how === "resumes") records.push({ ...who, _tag: "Resumed", after: at })
    const there = all.filter((entry) => entry.time < time)
    const news = there.filter((entry) => (isAnew ? isLast(there, entry) && entry.action === "put" : entry.seq > at))
    for (const { prev: _, time: _time, ...entry } of news) records.push({ ...who, _tag: "Saw", ...entry })
    at = Math.max(at, there.at(-1)?.seq ?? 0)
    records.push({ ...who, _tag: "UpTo", seq: at })
  }
  records.push({ time, process: "one", watcher, _tag: "Ended", asked: 2000 })
  return records
}

export const history: fc.Arbitrary<ReadonlyArray<Record>> = fc
  .record({ questions: fc.array(asked, { maxLength: 60 }), watches: fc.array(watched, { maxLength: 3 }) })
  .map(({ questions, watches }) => {
    const entries = new Entries()
    const told = questions
      .map((one, index) => ({ one: { ...one, start: one.start + index / 100 }, op: `${index}` }))
      // Each takes effect at its moment: so they are told in that order.
      .toSorted((a, b) => a.one.start + a.one.before - b.one.start - b.one.before)
      .map(({ one, op }) => ask(entries, one, op).toSorted((a, b) => timeOf(a) - timeOf(b)))
    const seen = watches.map((one, index) => watch(entries, `watcher ${index}`, one))
    const kept = entries.all.map(({ time: _, ...entry }): Record => ({ _tag: "Kept", ...entry }))
    return merge([...told, ...seen, [...kept, { _tag: "Head", last: entries.last(), compacted: 0 }]])
  })

const timeOf = (record: Record) => ("time" in record ? record.time : 0)
