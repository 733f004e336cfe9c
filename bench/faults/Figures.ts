/** A history in numbers: what was asked and told, what went wrong meanwhile, and for how long nobody could write or read. */
import type { Record } from "./history/History.ts"

const tally = (words: ReadonlyArray<string>) => {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].toSorted(([, one], [, other]) => other - one)
}
const list = (counts: ReadonlyArray<readonly [string, number]>) =>
  counts.length === 0 ? "none" : counts.map(([word, count]) => `${word} ${count}`).join(", ")

/** The longest time between two that came through, in seconds; starts of a run that was interrupted are not counted as one. */
const longest = (times: ReadonlyArray<number>, pauses: ReadonlyArray<number>) => {
  const marks = times.toSorted((one, other) => one - other)
  let most = 0
  for (const [index, time] of marks.entries()) {
    const before = marks[index - 1]
    if (before === undefined || pauses.some((pause) => pause > before && pause < time)) continue
    most = Math.max(most, time - before)
  }
  return (most / 1e6).toFixed(1)
}

export const lines = (history: ReadonlyArray<Record>): ReadonlyArray<string> => {
  const kinds = new Map<string, string>()
  for (const record of history) {
    if (record._tag === "Write") kinds.set(record.op, record.action)
    if (record._tag === "Read") kinds.set(record.op, record.consistent ? "consistent read" : "table read")
  }
  const isTold = /^(Written|Found|Conflicted|Failed|Unknown)$/
  const answers = history.flatMap((record) => ("op" in record && isTold.test(record._tag) ? [record] : []))
  const outcome = { Written: "done", Found: "done", Conflicted: "conflict", Failed: "refused", Unknown: "unknown" } as const
  const wordOf = (tag: string) => Object.entries(outcome).find(([name]) => name === tag)?.[1] ?? "unknown"
  const told = Map.groupBy(answers, ({ op }) => kinds.get(op) ?? "?")
  const asked = tally([...kinds.values()])
  const each = asked.map(([kind, count]) => {
    const some = told.get(kind) ?? []
    const silent = count - some.length
    const counts = tally(some.map(({ _tag }) => wordOf(_tag)))
    return `  ${kind}: ${count} (${list(counts)}${silent === 0 ? "" : `, no answer ${silent}`})`
  })
  const faults = history.flatMap((record) => (record._tag === "Fault" && record.phase === "begin" ? [record.kind] : []))
  const starts = history.flatMap((record) => (record._tag === "Fault" && record.kind === "start" ? [record.time] : []))
  const of = (kind: string | undefined, tag: Record["_tag"]) =>
    answers.filter((one) => one._tag === tag && (kind === undefined || kinds.get(one.op) === kind)).map(({ time }) => time)
  const watched = tally(
    history.flatMap(({ _tag }) =>
      _tag === "Saw" ? ["entries"] : _tag === "Resumed" ? ["resumptions"] : _tag === "Began" ? ["beginnings"] : []
    )
  )
  return [
    `${kinds.size} operations`,
    ...each,
    `watchers: ${list(watched)}`,
    `faults: ${list(tally(faults.filter((kind) => kind !== "start")))}`,
    ...history.flatMap((record) =>
      record._tag === "Compared" ? [`replicas: ${record.messages} messages compared on ${record.servers} servers`] : []
    ),
    `longest without a write that came through: ${longest(of(undefined, "Written"), starts)} s`,
    `longest without a consistent read: ${longest(of("consistent read", "Found"), starts)} s`,
    `longest without a table read: ${longest(of("table read", "Found"), starts)} s`
  ]
}
