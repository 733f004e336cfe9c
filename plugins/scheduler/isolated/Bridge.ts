/**
 * A scheduling plugin of another isolate, as the scheduler sees it: before it decides it asks once, about all nodes, and then looks up
 * what was said. It tells the isolate which Pods it has assumed, since the API does not show these yet.
 */
import { Effect } from "effect"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import type { Plugin, Refusal } from "../contracts/Framework.ts"
import type { NodeInfo, PodInfo, View } from "../contracts/Nodes.ts"
import type { Behind, Description, Filtered, Question, Restarted, SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import * as Bits from "./Bits.ts"
import { inTime, type Options } from "./Guarded.ts"
import { hintsOf } from "./Hints.ts"
import { placing, type Run } from "./Placing.ts"
import { queueing } from "./Queueing.ts"
import { remedies } from "./Remedies.ts"
import { Told, uidOf } from "./Told.ts"

type Points = SchedulerPoints["Service"]
type Failure = Restarted | Behind | Unavailable

const refusalsOf = ({ refusals, refused, which }: Filtered) => {
  const all = new Map<number, Refusal>()
  let at = 0
  for (const number of Bits.numbers(refused)) {
    const refusal = refusals[(which[at] ?? 0) | ((which[at + 1] ?? 0) << 8)]
    at += 2
    if (refusal !== undefined) all.set(number, refusal)
  }
  return all
}

const unseen: Refusal = { reasons: ["node(s) that a plugin has not seen yet"], isUnresolvable: false }

interface Verdict {
  readonly uid: string
  /** Nothing: it has no say. */
  readonly said: { readonly filtered: Filtered; readonly refusals: ReadonlyMap<number, Refusal> } | undefined
}
interface Scores {
  readonly uid: string
  readonly byNode: ReadonlyMap<string, number>
}

/** What the isolate says of Pods, each asked for once. */
const asking = (points: Points, told: Told) => {
  const ask = <A extends { readonly epoch: string }>(
    question: Question,
    call: (question: Question) => Effect.Effect<A, Failure>
  ) => Effect.tap(call(question), ({ epoch }) => Effect.sync(() => told.heard(question, epoch)))
  const learn = (question: Question, nodes: ReadonlyArray<NodeInfo>, least = 0) =>
    told.known >= least && nodes.every(({ name }) => told.number(name) !== undefined)
      ? Effect.void
      : Effect.flatMap(points.nodes({ generation: question.generation, epoch: told.epoch, known: told.known }), (answer) =>
          Effect.sync(() => {
            told.epoch = answer.epoch
            told.learn(answer.names)
          })
        )
  /** Once more, with all that it has to know, if it has begun anew. */
  const again = <A>(effect: Effect.Effect<A, Failure>) =>
    Effect.catchTag(effect, "Restarted", ({ epoch }) => {
      told.reset(epoch)
      return effect
    })
  const filter = Effect.fnUntraced(function* (info: PodInfo, view: View) {
    const question = told.question(info, view)
    const { epoch: _, ...filtered } = yield* ask(question, points.filter)
    if (filtered.isSilent) return undefined
    // Of the last byte only the first bit is sure to stand for a node.
    yield* learn(question, view.nodes, filtered.asked.length * 8 - 7)
    return { filtered, refusals: refusalsOf(filtered) }
  })
  const score = Effect.fnUntraced(function* (info: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>) {
    const question = told.question(info, view)
    yield* learn(question, nodes)
    const known = nodes
      .flatMap(({ name }) => {
        const number = told.number(name)
        return number === undefined ? [] : [{ name, number }]
      })
      .toSorted((a, b) => a.number - b.number)
    const bits = Bits.make(
      known.map(({ number }) => number),
      told.known
    )
    const answer = yield* ask({ ...question, epoch: told.epoch }, (asked) => points.score({ ...asked, nodes: bits }))
    if (answer.isSilent) return undefined
    return new Map(known.map(({ name }, index) => [name, answer.scores[index] ?? 0]))
  })
  return {
    filter: (info: PodInfo, view: View) => again(Effect.suspend(() => filter(info, view))),
    score: (info: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>) =>
      again(Effect.suspend(() => score(info, view, nodes)))
  }
}

export const make = (points: Points, described: Description, options: Options, run: Run): Plugin => {
  const { name } = described
  const guarded = inTime(name, options)
  const told = new Told()
  const { filter, score } = asking(points, told)
  const has = (point: Description["points"][number]) => described.points.includes(point)
  let verdict: Verdict | undefined
  let scores: Scores | undefined

  const filtering: Pick<Plugin, "prepare" | "preFilter"> = {
    prepare: (info, view) =>
      Effect.map(guarded(filter(info, view)), (said) => {
        verdict = { uid: uidOf(info), said }
      }),
    preFilter: (info) => {
      if (verdict?.uid !== uidOf(info)) return { reasons: [`${name} was not asked`], isUnresolvable: false }
      const { said } = verdict
      if (said === undefined) return undefined
      if (said.filtered.whole !== undefined) return said.filtered.whole
      return {
        filter: (node) => {
          const number = told.number(node.name)
          if (number === undefined || !Bits.has(said.filtered.asked, number)) return unseen
          return said.refusals.get(number)
        }
      }
    }
  }
  const scoring: Pick<Plugin, "prepareScore" | "preScore"> = {
    prepareScore: (info, view, nodes) =>
      Effect.map(guarded(score(info, view, nodes)), (byNode) => {
        scores = byNode && { uid: uidOf(info), byNode }
      }),
    preScore: (info) => {
      if (scores?.uid !== uidOf(info)) return undefined
      const { byNode } = scores
      return { score: (node) => byNode.get(node.name) ?? 0 }
    }
  }
  const hints = hintsOf(described)
  return {
    name,
    ...(hints && { hints }),
    ...(has("filter") && filtering),
    ...(has("score") && scoring),
    ...queueing(points, described, guarded),
    ...(has("postFilter") && remedies(points, told, guarded)),
    ...placing(points, described, told, options, run)
  }
}
