/**
 * The log as it was, from all that anybody saw of it: the entries that are kept in the end, those that compaction has dropped
 * since and watchers saw, and what was read. Who wrote what stands beside it.
 */
import type { Change, Record, Tagged } from "./History.ts"
import type { Violation } from "./Violation.ts"

export interface Entry {
  readonly seq: number
  readonly key: string
  readonly action: Change
  readonly writeId: string
  readonly value: string
  readonly prev: number | undefined
}

export interface Answered<Question> {
  readonly question: Question
  readonly answer: Tagged<"Written" | "Found" | "Conflicted" | "Failed" | "Unknown"> | undefined
}

export interface Truth {
  readonly head: Tagged<"Head"> | undefined
  /** In the order of the log. */
  readonly entries: ReadonlyArray<Entry>
  readonly byKey: ReadonlyMap<string, ReadonlyArray<Entry>>
  readonly bySeq: ReadonlyMap<number, Entry>
  readonly byWrite: ReadonlyMap<string, Entry>
  readonly kept: ReadonlySet<number>
  /** When the write of an entry was asked for, by its seq. */
  readonly askedAt: ReadonlyMap<number, number>
  readonly writes: ReadonlyArray<Answered<Tagged<"Write">>>
  readonly reads: ReadonlyArray<Answered<Tagged<"Read">>>
}

/** Questions with their answers. An answer without a question is none: its process wrote the question down first. */
const answered = (history: ReadonlyArray<Record>) => {
  const answers = new Map<string, NonNullable<Answered<unknown>["answer"]>>()
  const writes: Array<Tagged<"Write">> = []
  const reads: Array<Tagged<"Read">> = []
  for (const record of history) {
    if (record._tag === "Write") writes.push(record)
    else if (record._tag === "Read") reads.push(record)
    else if ("op" in record) answers.set(record.op, record)
  }
  const withAnswer = <Question extends { readonly op: string }>(question: Question) => ({
    question,
    answer: answers.get(question.op)
  })
  return { writes: writes.map(withAnswer), reads: reads.map(withAnswer) }
}

const isSame = (one: Entry, other: Entry) =>
  one.key === other.key && one.action === other.action && one.writeId === other.writeId && one.value === other.value

const show = ({ action, key, seq, writeId }: Entry) => `${action} ${key} at ${seq} (write ${writeId})`

/** The log, and where those who saw it disagree. */
export const make = (
  history: ReadonlyArray<Record>
): { readonly truth: Truth; readonly violations: ReadonlyArray<Violation> } => {
  const violations: Violation[] = []
  const bySeq = new Map<number, Entry>()
  const kept = new Set<number>()
  let head: Tagged<"Head"> | undefined
  const { reads, writes } = answered(history)
  const add = (entry: Entry, by: string) => {
    const known = bySeq.get(entry.seq)
    if (known === undefined) bySeq.set(entry.seq, entry)
    else if (!isSame(known, entry)) {
      violations.push({ rule: "invented", message: `${by} has ${show(entry)}, where others have ${show(known)}` })
    }
  }
  for (const record of history) {
    if (record._tag === "Head") head = record
    if (record._tag !== "Kept") continue
    if (kept.has(record.seq)) violations.push({ rule: "twice", message: `two entries of the log are at ${record.seq}` })
    kept.add(record.seq)
    add(record, "the log")
  }
  for (const record of history) if (record._tag === "Saw") add({ ...record, prev: undefined }, record.watcher)
  for (const { answer, question } of reads) {
    if (answer?._tag !== "Found" || answer.seq === 0) continue
    const { seq, value, writeId } = answer
    add({ seq, key: question.key, action: "put", writeId, value, prev: undefined }, `a read of ${question.process}`)
  }
  const entries = [...bySeq.values()].toSorted((one, other) => one.seq - other.seq)
  const byWrite = new Map<string, Entry>()
  for (const entry of entries) {
    const first = byWrite.get(entry.writeId)
    if (first === undefined) byWrite.set(entry.writeId, entry)
    else violations.push({ rule: "twice", message: `${show(entry)} was written at ${first.seq} before` })
  }
  const byKey = Map.groupBy(entries, ({ key }) => key)
  const askedAt = new Map(writes.map(({ question }) => [byWrite.get(question.writeId)?.seq ?? 0, question.time]))
  return { truth: { head, entries, byKey, bySeq, byWrite, kept, askedAt, writes, reads }, violations }
}
