/** How a plugin of another isolate likes nodes. Of Pods like those before it is asked about nodes that have changed since, if its scores last. */
import { Effect } from "effect"
import type { Plugin } from "../contracts/Framework.ts"
import type { NodeInfo, PodInfo, View } from "../contracts/Nodes.ts"
import type { inTime } from "./Guarded.ts"
import { Lasting } from "./Lasting.ts"
import { type Told, uidOf } from "./Told.ts"

/** Nothing: it has no say about the Pod. */
type Score = number | undefined

const unknown = -1

export interface Scored {
  readonly isLasting: boolean
  /** In the order of the nodes that it was asked about. */
  readonly scores: ReadonlyArray<Score>
}
type Ask = (info: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>) => Effect.Effect<Scored, Error>

/** `answers`: a byte for each of the nodes that it knows, in the order of their numbers. */
export const scoresOf = (told: Told, nodes: ReadonlyArray<NodeInfo>, answers: Uint8Array): ReadonlyArray<Score> => {
  const numbers = nodes.map((node) => told.number(node))
  const known = numbers.filter((number) => number !== undefined).toSorted((a, b) => a - b)
  const byNumber = new Map(known.map((number, at) => [number, answers[at] ?? unknown]))
  return numbers.map((number) => (number === undefined ? unknown : (byNumber.get(number) ?? unknown)))
}

export const scoring = (
  told: Told,
  isLasting: boolean,
  ask: Ask,
  guarded: ReturnType<typeof inTime>
): Required<Pick<Plugin, "prepareScore" | "preScore">> => {
  const lasting = isLasting ? new Lasting<Score>(unknown) : undefined
  let liked: { readonly uid: string; readonly of: (node: NodeInfo) => Score } | undefined

  const all = (info: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>, asked = nodes) => {
    const learn = lasting?.asking(info, asked)
    return Effect.map(guarded(ask(info, view, asked)), (answer) => {
      if (answer?.isLasting === true) learn?.(told.epoch, answer.scores)
      return answer
    })
  }
  return {
    prepareScore: Effect.fnUntraced(function* (info, view, nodes) {
      const uid = uidOf(info)
      const said = lasting?.about(info, told.epoch)
      const open = said === undefined ? nodes : nodes.filter((node) => said(node) === undefined)
      const known = new Map(nodes.map((node) => [node, said?.(node)?.answer]))
      liked = { uid, of: (node) => known.get(node) }
      if (open.length === 0) return
      const isPart = open.length < nodes.length
      const asked = isPart ? lasting?.withOthers(info, view, open, told.epoch) : open
      let [answer, about] = [yield* all(info, view, nodes, asked), asked ?? open]
      // What it says of some, and compares, says nothing of the others.
      if (isPart && answer?.isLasting === false) [answer, about] = [yield* all(info, view, nodes), nodes]
      for (const [at, node] of about.entries()) known.set(node, answer?.scores[at])
    }),
    preScore: (info, _, nodes) => {
      const said = liked
      if (said?.uid !== uidOf(info) || nodes.every((node) => said.of(node) === undefined)) return undefined
      return { score: (node) => Math.max(0, said.of(node) ?? 0) }
    }
  }
}
