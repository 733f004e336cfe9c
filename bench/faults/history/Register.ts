/**
 * Each key is a register with compare-and-swap. Whether some order of the questions explains the answers, where each takes effect
 * at one moment between question and answer, is searched for as Wing and Gong, and Lowe, do: along the history, with the set of
 * states that the register can be in. A write without an answer takes effect at some later moment if anybody saw it, else never.
 */
import type { Tagged } from "./History.ts"
import type { Answered, Truth } from "./Truth.ts"
import type { Violation } from "./Violation.ts"

/** The register's value: the seq of its entry, and whether that one deleted it. */
interface State {
  readonly seq: number
  readonly isThere: boolean
}

interface Step {
  readonly op: string
  readonly from: number
  /** Infinite if it never was answered. */
  readonly to: number
  readonly told: string
  /** What the register becomes. Absent if it stays as it is. */
  readonly becomes: State | undefined
  readonly fits: (state: State) => boolean
}

/** Where the register can be: its state, and which of the open steps have taken effect. */
interface Place {
  readonly state: State
  readonly done: ReadonlySet<Step>
}

/** A delete that is forgotten leaves a key that never was; when exactly it was forgotten, nobody says. */
const isForgotten = ({ head }: Truth, { isThere, seq }: State) => !isThere && seq <= (head?.compacted ?? 0)

const replaces = (truth: Truth, prev: number | undefined) => (state: State) =>
  prev === undefined ? !state.isThere : prev === state.seq || (prev === 0 && isForgotten(truth, state))

const conflicts = (truth: Truth, prev: number | undefined) => (state: State) =>
  prev === undefined ? state.isThere : prev !== state.seq || (state.seq !== 0 && isForgotten(truth, state))

const writeStep = ({ answer, question }: Answered<Tagged<"Write">>, truth: Truth): ReadonlyArray<Step> => {
  const { action, op, prev, time: from, writeId } = question
  const asked = `${action} on ${prev ?? "nothing"} (${writeId}, asked at ${from})`
  if (answer?._tag === "Failed") return []
  if (answer?._tag === "Conflicted") {
    const told = `${asked} conflicts, said at ${answer.time}`
    return [{ op, from, to: answer.time, told, becomes: undefined, fits: conflicts(truth, prev) }]
  }
  const written = answer?._tag === "Written" ? answer : undefined
  const seq = written?.seq ?? truth.byWrite.get(writeId)?.seq
  // Nobody ever saw it: without an answer it never happened, and with one its loss is reported elsewhere.
  if (seq === undefined) return []
  const becomes = { seq, isThere: action === "put" }
  const told = `${asked} became ${seq}${written === undefined ? ", unanswered" : `, said at ${written.time}`}`
  return [{ op, from, to: written?.time ?? Number.POSITIVE_INFINITY, told, becomes, fits: replaces(truth, prev) }]
}

const readStep = ({ answer, question }: Answered<Tagged<"Read">>): ReadonlyArray<Step> => {
  if (answer?._tag !== "Found" || !question.consistent) return []
  const { seq } = answer
  const fits = (state: State) => (seq === 0 ? !state.isThere : state.isThere && state.seq === seq)
  const told = `a read (asked at ${question.time}) tells ${seq}, said at ${answer.time}`
  return [{ op: question.op, from: question.time, to: answer.time, told, becomes: undefined, fits }]
}

/** What only looks takes effect as soon as it fits: that rules nothing out. */
const look = ({ done, state }: Place, open: ReadonlySet<Step>): Place => {
  const more = [...open].filter((step) => step.becomes === undefined && !done.has(step) && step.fits(state))
  return more.length === 0 ? { done, state } : { state, done: new Set([...done, ...more]) }
}

const nameOf = ({ done, state }: Place) =>
  `${state.seq} ${[...done]
    .map(({ op }) => op)
    .toSorted()
    .join(" ")}`

/** All places in which `answered` has taken effect, from one in which it may not have. */
const reach = (places: ReadonlyArray<Place>, open: ReadonlySet<Step>, answered: Step): ReadonlyArray<Place> => {
  const reached: Place[] = []
  const seen = new Set<string>()
  const waiting = [...places]
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const here = look(place, open)
    const name = nameOf(here)
    if (seen.has(name)) continue
    seen.add(name)
    if (here.done.has(answered)) {
      reached.push(here)
      continue
    }
    for (const step of open) {
      if (step.becomes === undefined || here.done.has(step) || !step.fits(here.state)) continue
      waiting.push({ state: step.becomes, done: new Set([...here.done, step]) })
    }
  }
  return reached
}

const without = ({ done, state }: Place, step: Step): Place => {
  const rest = new Set(done)
  rest.delete(step)
  return { state, done: rest }
}

/** What could not be explained, or nothing. */
const search = (steps: ReadonlyArray<Step>): { readonly step: Step; readonly states: ReadonlyArray<number> } | undefined => {
  const moments = steps
    .flatMap((step) => [
      { time: step.from, step, isAnswer: false },
      ...(Number.isFinite(step.to) ? [{ time: step.to, step, isAnswer: true }] : [])
    ])
    .toSorted((one, other) => one.time - other.time || Number(one.isAnswer) - Number(other.isAnswer))
  const open = new Set<Step>()
  let places: ReadonlyArray<Place> = [{ state: { seq: 0, isThere: false }, done: new Set() }]
  for (const { isAnswer, step } of moments) {
    if (!isAnswer) {
      open.add(step)
      continue
    }
    const reached = reach(places, open, step)
    if (reached.length === 0) return { step, states: places.map(({ state }) => state.seq) }
    open.delete(step)
    const distinct = new Map(reached.map((place) => without(place, step)).map((place) => [nameOf(place), place]))
    places = [...distinct.values()]
  }
  return undefined
}

export const check = (truth: Truth): ReadonlyArray<Violation> => {
  const steps = Map.groupBy(
    [
      ...truth.writes.map((write) => ({ key: write.question.key, steps: writeStep(write, truth) })),
      ...truth.reads.map((read) => ({ key: read.question.key, steps: readStep(read) }))
    ],
    ({ key }) => key
  )
  return [...steps].flatMap(([key, all]): ReadonlyArray<Violation> => {
    const found = search(all.flatMap(({ steps }) => steps))
    if (found === undefined) return []
    const states = [...new Set(found.states)].join(" or ")
    return [
      {
        rule: "linearizable",
        message: `${key}: ${found.step.told}; before that its last entry can only have been ${states}`
      }
    ]
  })
}
