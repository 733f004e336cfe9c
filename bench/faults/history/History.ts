/**
 * What happened while faults were made, as lines of JSON: what each client asked and was told, what each watcher saw, and what the
 * log holds in the end. Times are microseconds of the machine's monotonic clock, which no fault moves and all processes share.
 */
import { Result, Schema } from "effect"

const Time = Schema.Number
/** The API process or driver that was asked. */
const Process = Schema.String
/** Whose answer it is: no two questions of a history share it. */
const Op = Schema.String
const Seq = Schema.Int

export const Change = Schema.Literals(["put", "delete"])
export type Change = typeof Change.Type

const invoke = { time: Time, process: Process, op: Op, key: Schema.String }
const answer = { time: Time, process: Process, op: Op }
const watch = { time: Time, process: Process, watcher: Schema.String }
const content = { key: Schema.String, action: Change, writeId: Schema.String, value: Schema.String }

export const Record = Schema.TaggedUnion({
  /** A write replaces the entry `prev`, 0 for a key that never had one; without it, it creates what is not there. */
  Write: { ...invoke, action: Change, prev: Schema.optionalKey(Seq), writeId: Schema.String, value: Schema.String },
  /** A read that has to tell what was acknowledged before it was asked; a table's may be old. */
  Read: { ...invoke, consistent: Schema.Boolean },
  /** What a write got; an API's answer to a delete has no seq. */
  Written: { ...answer, seq: Schema.optionalKey(Seq) },
  /** Seq 0: there is nothing. `at`: the revision of the whole answer. */
  Found: { ...answer, seq: Seq, at: Seq, writeId: Schema.String, value: Schema.String },
  /** Another write was there before: this one is not applied. */
  Conflicted: { ...answer, last: Schema.optionalKey(Seq) },
  /** It is not applied. */
  Failed: { ...answer, why: Schema.String },
  /** It may be applied, now or later. The same holds for what has no answer at all. */
  Unknown: { ...answer, why: Schema.String },
  /** What a watcher gets from here on is all that lives, and then all that happens. */
  Began: { ...watch, epoch: Schema.String },
  /** It goes on after this seq, perhaps at another process. */
  Resumed: { ...watch, after: Seq },
  /** Its history is gone (410): what follows is Began. */
  Gone: watch,
  Saw: { ...watch, seq: Seq, ...content },
  /** There is nothing else up to this seq. */
  UpTo: { ...watch, seq: Seq },
  /** It was ended when all was healed, after all that was acknowledged before `asked`. */
  Ended: { ...watch, asked: Time },
  Restarted: { time: Time, process: Process },
  Fault: { time: Time, kind: Schema.String, target: Schema.String, phase: Schema.Literals(["begin", "end"]) },
  /** An entry of the log in the end. */
  Kept: { seq: Seq, prev: Seq, ...content },
  /** The log in the end: its last seq, from where on it keeps every entry, and how many of one key at most, the newest. */
  Head: { last: Seq, compacted: Seq, versions: Schema.optionalKey(Schema.Int) },
  /** The replicas beside one another in the end; `wrong` if they are not the same. */
  Compared: { servers: Schema.Int, messages: Schema.Int, wrong: Schema.optionalKey(Schema.String) }
})
export type Record = typeof Record.Type
export type Tagged<Tag extends Record["_tag"]> = Extract<Record, { readonly _tag: Tag }>

export class BadHistory extends Schema.TaggedError<BadHistory>()("BadHistory", {
  line: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `line ${this.line} is no record of a history: ${this.reason}`
  }
}

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Record))

/** A process that was killed may have left half a line at the end of its file. */
export const parse = (text: string): Result.Result<ReadonlyArray<Record>, BadHistory> => {
  const lines = text.split("\n")
  lines.pop()
  const records: Record[] = []
  for (const [index, line] of lines.entries()) {
    const record = decode(line)
    if (Result.isFailure(record)) return Result.fail(new BadHistory({ line: index + 1, reason: record.failure.message }))
    records.push(record.success)
  }
  return Result.succeed(records)
}

export const line = (record: Record) => `${JSON.stringify(record)}\n`

const timeOf = (record: Record) => ("time" in record ? record.time : Number.POSITIVE_INFINITY)

/** One history of those of several processes; the order within one process stays. */
export const merge = (parts: ReadonlyArray<ReadonlyArray<Record>>): ReadonlyArray<Record> =>
  parts.flat().toSorted((one, other) => {
    const [a, b] = [timeOf(one), timeOf(other)]
    return a === b ? 0 : a - b
  })
