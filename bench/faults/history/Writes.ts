/** Whether the log has every write that was acknowledged, none that was refused, each once, and each in the place it claims. */
import type { Entry, Truth } from "./Truth.ts"
import type { Violation } from "./Violation.ts"

/** Compaction may have dropped what was replaced since, and the newest entries of a key those that are too old: it has later ones. */
const mayBeDropped = ({ byKey, head, kept }: Truth, key: string, seq: number) => {
  if (head === undefined) return true
  const entries = byKey.get(key) ?? []
  if (seq <= head.compacted && isReplaced(entries, kept, seq)) return true
  return isCrowded(
    head,
    entries.filter((one) => one.seq > seq && kept.has(one.seq))
  )
}

/** Whether a key has as many entries as the log keeps of one. */
const isCrowded = ({ versions }: { readonly versions?: number }, entries: ReadonlyArray<Entry>) =>
  versions !== undefined && entries.length >= versions

/** A deleted key leaves nothing behind. */
const isReplaced = (entries: ReadonlyArray<Entry>, kept: ReadonlySet<number>, seq: number) =>
  entries.some((one) => one.seq >= seq && (one.action === "delete" || (one.seq > seq && kept.has(one.seq))))

const acknowledged = (truth: Truth): ReadonlyArray<Violation> =>
  truth.writes.flatMap(({ answer, question }): ReadonlyArray<Violation> => {
    if (answer?._tag !== "Written") return []
    const { action, key, process, writeId } = question
    const entry = truth.byWrite.get(writeId)
    const write = `${action} ${key} (write ${writeId}), acknowledged by ${process} at ${answer.seq ?? "an unknown seq"},`
    if (entry === undefined) {
      const dropped = answer.seq !== undefined && mayBeDropped(truth, key, answer.seq)
      return dropped ? [] : [{ rule: "lost", message: `${write} is nowhere` }]
    }
    if (answer.seq !== undefined && entry.seq !== answer.seq) {
      return [{ rule: "lost", message: `${write} is at ${entry.seq} instead` }]
    }
    return []
  })

/** What was there once and is there no more, though nobody dropped it. */
const vanished = (truth: Truth): ReadonlyArray<Violation> =>
  truth.head === undefined
    ? []
    : truth.entries
        .filter(({ key, seq }) => !truth.kept.has(seq) && !mayBeDropped(truth, key, seq))
        .map(({ key, seq, writeId }) => ({
          rule: "lost",
          message: `${key} at ${seq} (write ${writeId}) was seen, and is not in the log`
        }))

const refused = ({ byWrite, writes }: Truth): ReadonlyArray<Violation> =>
  writes.flatMap(({ answer, question }): ReadonlyArray<Violation> => {
    if (answer?._tag !== "Failed" && answer?._tag !== "Conflicted") return []
    const entry = byWrite.get(question.writeId)
    if (entry === undefined) return []
    const how = answer._tag === "Failed" ? answer.why : "a conflict"
    return [
      {
        rule: "refused",
        message: `write ${question.writeId} of ${question.key} was refused (${how}), and is at ${entry.seq}`
      }
    ]
  })

const strangers = ({ entries, writes }: Truth): ReadonlyArray<Violation> => {
  const written = new Map(writes.map(({ question }) => [question.writeId, question]))
  return entries.flatMap((entry): ReadonlyArray<Violation> => {
    const write = written.get(entry.writeId)
    const isAsWritten = write?.key === entry.key && write.action === entry.action && write.value === entry.value
    if (isAsWritten) return []
    const what = `${entry.action} ${entry.key} at ${entry.seq} (write ${entry.writeId})`
    return [{ rule: "stranger", message: write === undefined ? `nobody wrote ${what}` : `${what} is not as it was written` }]
  })
}

/** Each entry replaces the one before it of its key, and the one that its writer named. */
const swaps = ({ byKey, head, kept, writes }: Truth): ReadonlyArray<Violation> => {
  const violations: Violation[] = []
  const named = new Map(writes.map(({ question }) => [question.writeId, question.prev]))
  for (const [key, entries] of byKey) {
    const chain = entries.filter(({ seq }) => kept.has(seq))
    for (const [index, { prev, seq, writeId }] of chain.entries()) {
      const before = chain[index - 1]?.seq ?? 0
      const isFirst = index === 0 && head !== undefined && isCrowded(head, chain)
      const isKnown = !isFirst && (before > (head?.compacted ?? 0) || head?.compacted === 0)
      const wanted = named.get(writeId)
      if ((isKnown && prev !== before) || (wanted !== undefined && wanted !== prev)) {
        violations.push({
          rule: "swap",
          message: `${key} at ${seq} replaces ${prev}; before it comes ${before}, and its writer named ${wanted ?? "none"}`
        })
      }
    }
  }
  return violations
}

export const check = (truth: Truth): ReadonlyArray<Violation> => [
  ...acknowledged(truth),
  ...vanished(truth),
  ...refused(truth),
  ...strangers(truth),
  ...swaps(truth)
]
