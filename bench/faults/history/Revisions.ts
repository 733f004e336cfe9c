/** Revisions over all keys: they only grow, for everybody, and nobody is shown less than what was acknowledged to them. */
import type { Record, Tagged } from "./History.ts"
import type { Truth } from "./Truth.ts"
import type { Violation } from "./Violation.ts"

interface Question {
  readonly question: Tagged<"Write" | "Read">
  readonly seq: number
  readonly time: number
}

/** Every answer with a revision, by the time of its question and by that of the answer. */
const answersOf = ({ byWrite, reads, writes }: Truth): ReadonlyArray<Question> => [
  ...writes.flatMap(({ answer, question }) => {
    if (answer?._tag !== "Written") return []
    const seq = answer.seq ?? byWrite.get(question.writeId)?.seq
    return seq === undefined ? [] : [{ question, seq, time: answer.time }]
  }),
  ...reads.flatMap(({ answer, question }) =>
    answer?._tag === "Found" ? [{ question, seq: Math.max(answer.at, answer.seq), time: answer.time }] : []
  )
]

/** What was known to all, and to each process, before a moment. */
const walk = (answers: ReadonlyArray<Question>, visit: (asked: Question, all: number, own: number) => void) => {
  const asked = answers.toSorted((one, other) => one.question.time - other.question.time)
  const told = answers.toSorted((one, other) => one.time - other.time)
  let at = 0
  let all = 0
  const own = new Map<string, number>()
  for (const one of asked) {
    for (let next = told[at]; next !== undefined && next.time < one.question.time; next = told[++at]) {
      const { process } = next.question
      own.set(process, Math.max(own.get(process) ?? 0, next.seq))
      // What a table shows is known to all: it was in the log before.
      all = Math.max(all, next.seq)
    }
    visit(one, all, own.get(one.question.process) ?? 0)
  }
}

const told = (truth: Truth): ReadonlyArray<Violation> => {
  const violations: Violation[] = []
  walk(answersOf(truth), ({ question, seq }, all, own) => {
    const who = `${question.process} (asked at ${question.time}, ${question.key})`
    if (question._tag === "Write") {
      if (seq <= all) violations.push({ rule: "backwards", message: `${who} wrote at ${seq}, when ${all} was known` })
    } else if (question.consistent) {
      if (seq < all) violations.push({ rule: "backwards", message: `${who} read at ${seq}, when ${all} was known` })
    } else if (seq < own) {
      violations.push({ rule: "stale", message: `${who} shows its table at ${seq}, and had shown ${own}` })
    }
  })
  return violations
}

/** An answer about one key that is behind the revision it claims: the log had a later entry by then. */
const behind = ({ byKey, reads }: Truth): ReadonlyArray<Violation> =>
  reads.flatMap(({ answer, question }): ReadonlyArray<Violation> => {
    if (answer?._tag !== "Found") return []
    const last = byKey.get(question.key)?.findLast(({ seq }) => seq <= Math.max(answer.at, answer.seq))
    const wanted = last?.action === "put" ? last.seq : 0
    if (wanted === answer.seq) return []
    const what = `${question.key} at ${answer.at}: it tells ${answer.seq}, and the log has ${wanted}`
    return [{ rule: answer.seq === 0 || wanted === 0 || answer.seq < wanted ? "stale" : "invented", message: what }]
  })

const future = (history: ReadonlyArray<Record>, { askedAt, reads }: Truth): ReadonlyArray<Violation> => {
  const shown = [
    ...history.flatMap((record) =>
      record._tag === "Saw" ? [{ by: record.watcher, seq: record.seq, time: record.time }] : []
    ),
    ...reads.flatMap(({ answer, question }) =>
      answer?._tag === "Found" ? [{ by: question.process, seq: answer.seq, time: answer.time }] : []
    )
  ]
  return shown
    .filter(({ seq, time }) => seq !== 0 && (askedAt.get(seq) ?? 0) > time)
    .map(({ by, seq }) => ({ rule: "invented", message: `${by} has ${seq} before anybody asked for it` }))
}

export const check = (history: ReadonlyArray<Record>, truth: Truth): ReadonlyArray<Violation> => [
  ...told(truth),
  ...behind(truth),
  ...future(history, truth)
]
