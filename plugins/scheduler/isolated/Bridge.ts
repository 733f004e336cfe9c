/**
 * A scheduling plugin of another isolate, as the scheduler sees it: asked about the nodes that all others take, a block at a time, and
 * looked up what was said. It tells the isolate which Pods it has assumed, since the API does not show these yet.
 */
import { Effect } from "effect"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { type Plugin, type Refusal, unasked, unschedulable } from "../contracts/Framework.ts"
import type { NodeInfo, PodInfo, View } from "../contracts/Nodes.ts"
import type { Behind, Description, Filtered, Question, Restarted, SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import * as Bits from "./Bits.ts"
import { inTime, type Options } from "./Guarded.ts"
import { hintsOf } from "./Hints.ts"
import { Lasting } from "./Lasting.ts"
import { placing, type Run } from "./Placing.ts"
import { queueing } from "./Queueing.ts"
import { remedies } from "./Remedies.ts"
import { scoresOf, scoring } from "./Scoring.ts"
import { Told, uidOf } from "./Told.ts"
import { type Verdict, Verdicts } from "./Verdicts.ts"

type Points = SchedulerPoints["Service"]
type Failure = Restarted | Behind | Unavailable

const unseen: Refusal = unschedulable("node(s) that a plugin has not seen yet")

/** Of each of the nodes that it was asked about. */
const refusalsOf = (
  told: Told,
  nodes: ReadonlyArray<NodeInfo>,
  { asked, refusals, refused, which }: Pick<Filtered, "asked" | "refusals" | "refused" | "which">
): ReadonlyArray<Refusal | undefined> => {
  const byNumber = new Map<number, Refusal>()
  let at = 0
  for (const number of Bits.numbers(refused)) {
    const refusal = refusals[(which[at] ?? 0) | ((which[at + 1] ?? 0) << 8)]
    at += 2
    if (refusal !== undefined) byNumber.set(number, refusal)
  }
  return nodes.map((node) => {
    const number = told.number(node)
    return number === undefined || !Bits.has(asked, number) ? unseen : byNumber.get(number)
  })
}

const never = () => undefined

/** What the isolate says of Pods. */
const asking = (points: Points, told: Told) => {
  const ask = <Asked extends Question, A extends { readonly epoch: string }>(
    question: Asked,
    call: (question: Asked) => Effect.Effect<A, Failure>
  ) =>
    Effect.map(call(question), (answer) => {
      told.heard(question, answer.epoch)
      return answer
    })
  /** First its numbers of nodes, if they are not all known. */
  const learn = Effect.fnUntraced(function* (info: PodInfo, view: View) {
    const { epoch, generation } = told.question(info, view)
    const answer = yield* points.nodes({ generation, epoch, known: told.known })
    told.epoch = answer.epoch
    told.learn(answer.names)
  })
  /** Once more, with all that it has to know, if it has begun anew. */
  const knowing = <A>(info: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>, effect: Effect.Effect<A, Failure>) => {
    const known = Effect.suspend(() =>
      nodes.every((node) => told.number(node) !== undefined) ? effect : Effect.andThen(learn(info, view), effect)
    )
    return Effect.catchTag(known, "Restarted", ({ epoch }) => {
      told.reset(epoch)
      return known
    })
  }
  const filter = (info: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>) =>
    Effect.map(
      Effect.suspend(() => ask(told.question(info, view, nodes), points.filter)),
      ({ isSilent, whole, ...answer }) => {
        const isBrief = isSilent || whole !== undefined
        return { isSilent, whole, refusals: isBrief ? nodes.map(never) : refusalsOf(told, nodes, answer) }
      }
    )
  const score = Effect.fnUntraced(function* (info: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>) {
    const question = { ...told.question(info, view, nodes), nodes: told.bits(nodes) }
    const { isLasting = false, isSilent, scores } = yield* ask(question, points.score)
    return { isLasting, scores: isSilent ? nodes.map(() => undefined) : scoresOf(told, nodes, scores) }
  })
  return {
    filter: (info: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>) =>
      knowing(info, view, nodes, filter(info, view, nodes)),
    score: (info: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>) =>
      knowing(
        info,
        view,
        nodes,
        Effect.suspend(() => score(info, view, nodes))
      )
  }
}

export const make = (points: Points, described: Description, options: Options, run: Run): Plugin => {
  const { name } = described
  const guarded = inTime(name, options)
  const told = new Told()
  const { filter, score } = asking(points, told)
  const has = (point: Description["points"][number]) => described.points.includes(point)
  const lasting = described.isLasting === true ? new Lasting<Refusal | undefined>(unseen) : undefined
  const verdicts = new Verdicts()
  let verdict: (Verdict & { readonly uid: string }) | undefined

  const filtering: Pick<Plugin, "prepare" | "preFilter"> = {
    preFilter: (info) => {
      const said = lasting?.about(info, told.epoch) ?? never
      const begun = verdicts.begin((node) => {
        const known = said(node)
        return known === undefined ? unasked : known.answer
      })
      verdict = Object.assign(begun, { uid: uidOf(info) })
      return { filter: begun.of }
    },
    prepare: (info, view, nodes) => {
      const said = verdict
      if (said?.uid !== uidOf(info)) return Effect.undefined
      const open = nodes.filter((node) => said.of(node) === unasked)
      if (open.length === 0) return Effect.undefined
      const asked = lasting?.withOthers(info, view, open, told.epoch) ?? open
      const learn = lasting?.asking(info, asked)
      return Effect.map(guarded(filter(info, view, asked)), (answer) => {
        said.isSilent = answer === undefined || answer.isSilent
        if (answer === undefined) return undefined
        for (const [at, node] of asked.entries()) said.set(node, answer.refusals[at])
        if (answer.whole === undefined) learn?.(told.epoch, answer.refusals)
        return answer.whole
      })
    }
  }
  const hints = hintsOf(described)
  return {
    name,
    ...(hints && { hints }),
    ...(has("filter") && filtering),
    ...(has("score") && scoring(told, described.isLasting === true, score, guarded)),
    ...queueing(points, described, guarded),
    ...(has("postFilter") && remedies(points, told, guarded)),
    ...placing(points, described, told, options, run)
  }
}
