/** The checker of histories: right ones pass, and of each rule one that breaks it is seen. */
import * as fc from "fast-check"
import { Result } from "effect"
import { assert, describe, it } from "@effect/vitest"
import { check } from "../../bench/faults/history/Check.ts"
import { line, merge, parse, type Record } from "../../bench/faults/history/History.ts"
import { type Rule, rules } from "../../bench/faults/history/Violation.ts"
import * as Right from "./Right.ts"

const process = "one"
const put = (op: string, time: number, prev: number, key = "a"): Record => ({
  _tag: "Write",
  time,
  process,
  op,
  key,
  action: "put",
  prev,
  writeId: `w${op}`,
  value: `v${op}`
})
const drop = (op: string, time: number, prev: number): Record => ({
  _tag: "Write",
  time,
  process,
  op,
  key: "a",
  action: "delete",
  prev,
  writeId: `w${op}`,
  value: `v${op}`
})
const written = (op: string, time: number, seq: number): Record => ({ _tag: "Written", time, process, op, seq })
const read = (op: string, time: number, consistent = true, by = process): Record => ({
  _tag: "Read",
  time,
  process: by,
  op,
  key: "a",
  consistent
})
const found = (op: string, time: number, seq: number, at: number, write: string, by = process): Record => ({
  _tag: "Found",
  time,
  process: by,
  op,
  seq,
  at,
  writeId: write === "" ? "" : `w${write}`,
  value: write === "" ? "" : `v${write}`
})
const entry = (seq: number, op: string, action: "put" | "delete" = "put", key = "a") => ({
  seq,
  key,
  action,
  writeId: `w${op}`,
  value: `v${op}`
})
const kept = (seq: number, prev: number, op: string, action?: "put" | "delete"): Record => ({
  _tag: "Kept",
  prev,
  ...entry(seq, op, action)
})
const head = (last: number) => ({ _tag: "Head" as const, last, compacted: 0 })
const who = { process, watcher: "W" }
const saw = (time: number, seq: number, op: string, action?: "put" | "delete"): Record => ({
  _tag: "Saw",
  time,
  ...who,
  ...entry(seq, op, action)
})
const began = (time: number): Record => ({ _tag: "Began", time, ...who, epoch: "e" })
const resumed = (time: number, after: number): Record => ({ _tag: "Resumed", time, ...who, after })
const upTo = (time: number, seq: number): Record => ({ _tag: "UpTo", time, ...who, seq })

/** Three writes of one key, one after another, and the log that they leave. */
const questions = [
  put("1", 10, 0),
  written("1", 20, 1),
  put("2", 30, 1),
  written("2", 40, 2),
  put("3", 50, 2),
  written("3", 60, 3)
]
const log = [kept(1, 0, "1"), kept(2, 1, "2"), kept(3, 2, "3"), head(3)]
const right = [...questions, ...log]

/** What must be seen, under which rule; `deleted` ends in a delete. */
const deleted = [put("1", 10, 0), written("1", 20, 1), drop("2", 30, 1), written("2", 40, 2)]
const afterwards = [kept(1, 0, "1"), kept(2, 1, "2", "delete"), head(2)]
const wrong: { readonly [what: string]: readonly [Rule, ReadonlyArray<Record>] } = {
  "an acknowledged write is nowhere": ["lost", [...questions, kept(1, 0, "1"), kept(2, 1, "2"), head(2)]],
  "an acknowledged write is elsewhere": ["lost", [...questions, kept(1, 0, "1"), kept(2, 1, "2"), kept(4, 2, "3"), head(4)]],
  "more than the oldest of a crowded key is gone": ["lost", [...questions, kept(3, 2, "3"), { ...head(3), versions: 2 }]],
  "what a watcher saw is not in the log": ["lost", [put("1", 10, 0), began(11), saw(12, 1, "1"), upTo(13, 1), head(0)]],
  "what a reader saw is not in the log": ["lost", [put("1", 10, 0), read("2", 20), found("2", 30, 1, 1, "1"), head(0)]],
  "a failed write is there": [
    "refused",
    [
      ...right.slice(0, -1),
      put("4", 70, 3),
      { _tag: "Failed", time: 80, process, op: "4", why: "no" },
      kept(4, 3, "4"),
      head(4)
    ]
  ],
  "a write that conflicted is there": [
    "refused",
    [...right.slice(0, -1), put("4", 70, 3), { _tag: "Conflicted", time: 80, process, op: "4" }, kept(4, 3, "4"), head(4)]
  ],
  "a write is there twice": ["twice", [...right.slice(0, -1), kept(4, 3, "3"), head(4)]],
  "two entries share a seq": ["twice", [...right, kept(3, 2, "3")]],
  "an entry is nobody's": ["stranger", [...right.slice(0, -1), kept(4, 3, "9"), head(4)]],
  "an entry has other bytes": [
    "stranger",
    [...questions, ...log.map((one) => (one._tag === "Kept" && one.seq === 2 ? { ...one, value: "rotten" } : one))]
  ],
  "two writes replace the same": ["swap", [...right.slice(0, -1), put("4", 70, 2), kept(4, 2, "4"), head(4)]],
  "an entry replaces another than its writer named": [
    "swap",
    [...right.slice(0, -1), put("4", 70, 2), kept(4, 3, "4"), head(4)]
  ],
  "two rivals both win": [
    "linearizable",
    [...right.slice(0, -1), put("4", 55, 2), written("4", 80, 4), kept(4, 2, "4"), head(4)]
  ],
  "a consistent read is old": ["linearizable", [...right, read("5", 70), found("5", 80, 2, 3, "2")]],
  "a consistent read finds nothing": ["linearizable", [...right, read("5", 70), found("5", 80, 0, 3, "")]],
  "a consistent read finds what was deleted": [
    "linearizable",
    [...deleted, ...afterwards, read("5", 70), found("5", 80, 1, 2, "1")]
  ],
  "a read sees what is undone after": [
    "linearizable",
    [
      ...questions.slice(0, 2),
      put("2", 30, 1),
      read("5", 40),
      found("5", 50, 2, 2, "2"),
      read("6", 60),
      found("6", 70, 1, 1, "1"),
      kept(1, 0, "1"),
      kept(2, 1, "2"),
      head(2)
    ]
  ],
  "a write conflicts with nothing": [
    "linearizable",
    [...right, put("4", 70, 3), { _tag: "Conflicted", time: 80, process, op: "4", last: 3 }]
  ],
  "a write applies before it was asked": [
    "linearizable",
    [
      put("1", 10, 0),
      written("1", 20, 1),
      read("5", 21),
      found("5", 25, 2, 2, "2"),
      put("2", 30, 1),
      written("2", 40, 2),
      kept(1, 0, "1"),
      kept(2, 1, "2"),
      head(2)
    ]
  ],
  "a write is not above one before": [
    "backwards",
    [
      put("1", 10, 0),
      written("1", 20, 5),
      put("2", 30, 0, "b"),
      written("2", 40, 3),
      kept(5, 0, "1"),
      { _tag: "Kept", prev: 0, ...entry(3, "2", "put", "b") },
      head(5)
    ]
  ],
  "a consistent read is below a write": ["backwards", [...right, read("5", 70), found("5", 80, 2, 2, "2")]],
  "a table goes back": [
    "stale",
    [
      ...right,
      read("5", 61, false, "two"),
      found("5", 62, 3, 3, "3", "two"),
      read("6", 70, false, "two"),
      found("6", 80, 2, 2, "2", "two")
    ]
  ],
  "a table does not have its own write": ["stale", [...right, read("5", 70, false), found("5", 80, 2, 2, "2")]],
  "a table is behind what it claims": ["stale", [...right, read("5", 70, false, "two"), found("5", 80, 2, 3, "2", "two")]],
  "a reader has what nobody wrote": [
    "stranger",
    [...questions, ...log, read("5", 70, false, "two"), found("5", 80, 4, 4, "9", "two")]
  ],
  "a reader has another entry than the log": [
    "invented",
    [...right, read("5", 70, false, "two"), found("5", 80, 3, 3, "2", "two")]
  ],
  "a watcher has another entry than the log": ["invented", [...right, began(5), saw(70, 3, "2"), upTo(71, 3)]],
  "a watcher knows beforehand": [
    "invented",
    [...right, began(5), saw(21, 1, "1"), saw(41, 2, "2"), saw(45, 3, "3"), upTo(71, 3)]
  ],
  "a watcher gets an entry twice": [
    "order",
    [...right, began(5), ...["1", "2", "2", "3"].map((op) => saw(70, Number(op), op)), upTo(71, 3)]
  ],
  "a watcher gets entries the wrong way round": [
    "order",
    [...right, began(5), ...["1", "3", "2"].map((op) => saw(70, Number(op), op)), upTo(71, 3)]
  ],
  "a watcher gets what it was told not to come": [
    "order",
    [...right, began(5), saw(21, 1, "1"), upTo(42, 2), saw(43, 2, "2"), saw(70, 3, "3"), upTo(71, 3)]
  ],
  "a watcher resumes before where it was": [
    "order",
    [
      ...right,
      began(5),
      saw(21, 1, "1"),
      saw(42, 2, "2"),
      upTo(43, 2),
      resumed(44, 1),
      saw(45, 2, "2"),
      saw(70, 3, "3"),
      upTo(71, 3)
    ]
  ],
  "a watcher misses an entry": ["gap", [...right, began(5), saw(21, 1, "1"), saw(70, 3, "3"), upTo(71, 3)]],
  "a watcher misses an entry as it resumes": [
    "gap",
    [...right, began(5), saw(21, 1, "1"), upTo(22, 1), resumed(61, 1), saw(70, 3, "3"), upTo(71, 3)]
  ],
  "a watcher begins anew without what lives": ["gap", [...right, began(65), upTo(71, 3)]],
  "a watcher begins anew with what was replaced only": ["gap", [...right, began(65), saw(66, 2, "2"), upTo(71, 3)]],
  "a watcher that begins anew misses a delete": [
    "gap",
    [...deleted, ...afterwards, began(65), saw(66, 1, "1"), upTo(71, 2)]
  ],
  "a watcher misses an entry after it began anew": [
    "gap",
    [...right, began(21), saw(25, 1, "1"), upTo(26, 1), saw(70, 3, "3"), upTo(71, 3)]
  ],
  "a watcher's bookmark goes back": [
    "backwards",
    [...right, began(5), ...["1", "2", "3"].map((op) => saw(70, Number(op), op)), upTo(71, 3), upTo(72, 2)]
  ],
  "a replica has lost an entry": [
    "apart",
    [...right, { _tag: "Compared", servers: 3, messages: 3, wrong: "store-2 has 1 entries wrong: objects 2 (a)" }]
  ],
  "a watcher stands still": [
    "stuck",
    [...right, began(5), saw(21, 1, "1"), upTo(22, 1), { _tag: "Ended", time: 90, asked: 80, ...who }]
  ]
}

const rulesOf = (history: ReadonlyArray<Record>) => new Set(check(merge([history])).map(({ rule }) => rule))
const explained = (history: ReadonlyArray<Record>) => check(history).map(({ message, rule }) => `${rule}: ${message}`)

describe("the checker of histories", () => {
  it("passes one that is right", () => {
    assert.deepStrictEqual(explained(right), [])
  })
  it("lets go of the oldest of a key that has more entries than the log keeps of one", () => {
    assert.deepStrictEqual(explained([...questions, kept(2, 1, "2"), kept(3, 2, "3"), { ...head(3), versions: 2 }]), [])
  })
  it.each(Object.entries(wrong))("sees that %s", (_, [rule, history]) => {
    assert.include([...rulesOf(history)], rule)
  })
  it("has a wrong history for each of its rules", () => {
    const tried = new Set(Object.values(wrong).map(([rule]) => rule))
    assert.deepStrictEqual([...tried].toSorted(), Object.keys(rules).toSorted())
  })
  it("passes whatever a right log tells", () => {
    fc.assert(
      fc.property(Right.history, (history) => assert.deepStrictEqual(explained(history), [])),
      { numRuns: 1000 }
    )
  })
  it("sees an entry that is missing in the log, or in a watch that never began anew", () => {
    const once = Right.history.filter((history) => history.some(({ _tag }) => _tag === "Saw"))
    fc.assert(
      fc.property(once, fc.nat(), (history, which) => {
        const begins = history.filter(({ _tag }) => _tag === "Began").length
        const watchers = new Set(history.flatMap((record) => ("watcher" in record ? [record.watcher] : []))).size
        const seen = history.flatMap((record, index) => (record._tag === "Saw" ? [index] : []))
        fc.pre(begins === watchers)
        const victim = seen[which % seen.length] ?? 0
        const [one] = history.slice(victim, victim + 1)
        const before = history.slice(0, victim)
        // What was asked for before it began may have been replaced by then.
        fc.pre(one?._tag === "Saw")
        const began = before.find((other) => other._tag === "Began" && other.watcher === one.watcher)
        const write = history.find((other) => other._tag === "Write" && other.writeId === one.writeId)
        fc.pre(began?._tag === "Began" && write?._tag === "Write" && write.time > began.time)
        assert.include([...rulesOf(history.filter((_, index) => index !== victim))], "gap")
      }),
      { numRuns: 300 }
    )
  })
  it("reads what it has written, and half a line at the end is none", () => {
    fc.assert(
      fc.property(Right.history, (history) => {
        const text = `${history.map(line).join("")}{"_tag":"Wri`
        assert.deepStrictEqual(Result.getOrThrow(parse(text)), history)
      }),
      { numRuns: 100 }
    )
  })
  it("says which line is none", () => {
    const bad = parse(`${line(head(3))}{"_tag":"Head"}\n`)
    assert.match(Result.isFailure(bad) ? bad.failure.message : "", /^line 2 is no record/)
  })
})
