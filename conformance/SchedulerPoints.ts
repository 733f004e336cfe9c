/** The checks of the laws of `SchedulerPoints`. They make two nodes of their own in the API that the plugin follows, and take them back. */
import { Effect, Result } from "effect"
import type { Client } from "../kernel/client/Client.ts"
import { type Filtered, type Question, SchedulerPoints } from "../plugins/scheduler/contracts/SchedulerPoints.ts"
import { beyond } from "./scheduler-points/Beyond.ts"
import { asked, expect, pod, type Points, where, wireOf } from "./scheduler-points/Stage.ts"
import * as Suite from "./Suite.ts"

const has = (bits: Uint8Array, number: number) => ((bits[number >> 3] ?? 0) & (1 << (number & 7))) !== 0
const bitsOf = (numbers: ReadonlyArray<number>, length: number) => {
  const bits = new Uint8Array(Math.ceil(length / 8))
  for (const number of numbers) bits[number >> 3] = (bits[number >> 3] ?? 0) | (1 << (number & 7))
  return bits
}
const sameAs = (a: Filtered, b: Filtered) =>
  JSON.stringify([...a.refused, a.refusals, ...a.which, a.whole]) ===
  JSON.stringify([...b.refused, b.refusals, ...b.which, b.whole])

const nothing = {
  isSilent: false,
  asked: new Uint8Array(0),
  refused: new Uint8Array(0),
  refusals: [],
  which: new Uint8Array(0)
}
let turn = 0
const refusing =
  (isRefused: (question: Question) => boolean): Points["filter"] =>
  (question) =>
    Effect.sync(() => ({
      ...nothing,
      epoch: "e",
      asked: new Uint8Array(64).fill(255),
      refused: new Uint8Array(64).fill(isRefused(question) ? 255 : 0)
    }))
/** Never forgets. */
const mindful = () => {
  let told = 0
  return refusing(({ assumed }) => (told += assumed.length) > 0)
}

export const suite = Suite.make<SchedulerPoints, Points, typeof SchedulerPoints.laws, SchedulerPoints | Client>(
  SchedulerPoints,
  {
    "describe/points": {
      holds: Effect.gen(function* () {
        const points = yield* SchedulerPoints
        const [first, second] = [yield* points.describe(), yield* points.describe()]
        yield* expect(first.points.length > 0, "it has no point")
        yield* expect(JSON.stringify(first) === JSON.stringify(second), "it describes itself otherwise the second time")
      }),
      saboteur: () => ({
        describe: () => Effect.sync(() => ({ name: `p${turn++}`, weight: 1, points: ["filter" as const], isLocal: false }))
      })
    },
    "filter/all": {
      holds: where(
        "filter",
        Effect.gen(function* () {
          const { numbers, points, question } = yield* asked
          const answer = yield* points.filter(question)
          if (answer.isSilent || answer.whole !== undefined) return
          for (const number of numbers) yield* expect(has(answer.asked, number), `node number ${number} was not looked at`)
        })
      ),
      saboteur: () => ({ filter: () => Effect.succeed({ ...nothing, epoch: "e" }) })
    },
    "filter/same": {
      holds: where(
        "filter",
        Effect.gen(function* () {
          const { points, question } = yield* asked
          const [first, second] = [yield* points.filter(question), yield* points.filter(question)]
          yield* expect(sameAs(first, second), "it says something else the second time")
        })
      ),
      saboteur: () => ({ filter: refusing(() => turn++ % 2 === 0) })
    },
    "filter/lasting": {
      holds: where(
        "filter",
        Effect.gen(function* () {
          const { points, question } = yield* asked
          const { isLasting } = yield* points.describe()
          if (isLasting !== true) return
          const other = yield* pod
          const pods = Number(other.metadata.resourceVersion)
          const first = yield* points.filter(question)
          const next = { ...question, pod: wireOf(other), generation: { ...question.generation, pods } }
          yield* expect(sameAs(first, yield* points.filter(next)), "it says something else of a Pod that is like the first")
        })
      ),
      saboteur: () => ({
        describe: () => Effect.succeed({ name: "p", weight: 1, points: ["filter"], isLocal: false, isLasting: true }),
        filter: refusing(() => turn++ % 2 === 0)
      })
    },
    "filter/assumed": {
      holds: where(
        "filter",
        Effect.gen(function* () {
          const { points, question } = yield* asked
          const other = wireOf(yield* pod)
          const before = yield* points.filter(question)
          yield* points.filter({ ...question, assumed: [{ pod: other, node: "laws-1" }] })
          const after = yield* points.filter({ ...question, forgotten: [other] })
          yield* expect(sameAs(before, after), "what was forgotten still counts")
        })
      ),
      saboteur: () => ({ filter: mindful() })
    },
    "score/range": {
      holds: where(
        "score",
        Effect.gen(function* () {
          const { numbers, points, question, told } = yield* asked
          const { isSilent, scores } = yield* points.score({ ...question, nodes: bitsOf(numbers, told) })
          if (isSilent) return
          yield* expect(scores.length === numbers.length, `${scores.length} scores of ${numbers.length} nodes`)
          yield* expect(
            scores.every((score) => score <= 100),
            "a score is above 100"
          )
        })
      ),
      saboteur: () => ({ score: () => Effect.succeed({ epoch: "e", isSilent: false, scores: Uint8Array.of(255) }) })
    },
    "score/lasting": {
      holds: where(
        "score",
        Effect.gen(function* () {
          const { numbers, points, question, told } = yield* asked
          const of = (some: ReadonlyArray<number>) => points.score({ ...question, nodes: bitsOf(some, told) })
          const { isLasting, scores } = yield* of(numbers)
          if (isLasting !== true) return
          for (const [at, number] of numbers.toSorted((a, b) => a - b).entries()) {
            const [alone] = (yield* of([number])).scores
            yield* expect(
              alone === scores[at],
              `node number ${number} has ${scores[at]} among others and ${alone} by itself`
            )
          }
        })
      ),
      saboteur: () => ({
        score: ({ nodes }) =>
          Effect.sync(() => {
            const count = nodes.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0)
            return { epoch: "e", isSilent: false, isLasting: true, scores: new Uint8Array(count).fill(count) }
          })
      })
    },
    ...beyond,
    "epoch/told": {
      holds: Effect.gen(function* () {
        const points = yield* SchedulerPoints
        const told = yield* Effect.result(points.nodes({ generation: { nodes: 0, pods: 0 }, epoch: "another", known: 0 }))
        yield* expect(Result.isFailure(told) && told.failure._tag === "Restarted", "it takes any epoch for its own")
      }),
      saboteur: () => ({ nodes: () => Effect.succeed({ epoch: "e", names: [] }) })
    }
  }
)
