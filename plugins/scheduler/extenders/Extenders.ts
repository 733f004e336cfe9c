/**
 * The extenders of a configuration, one after the other; those that may be left out come last. While they are asked the loop waits:
 * who names none pays nothing for it.
 */
import { Effect } from "effect"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import type { Failed, Plugin } from "../contracts/Framework.ts"
import type { NodeInfo, PodInfo, View } from "../contracts/Nodes.ts"
import type { Cycle } from "../Cycle.ts"
import type { Victims } from "../plugins/default-preemption/Victims.ts"
import * as Extender from "./Extender.ts"
import type * as Settings from "./Settings.ts"

/** What they refuse is tried again whatever happens: they say nothing of what would help. */
const name = "Extenders"

/** Instead of a failure of one that may be left out. */
const orElse =
  ({ isIgnorable, url }: Extender.Extender) =>
  <A, B>(asked: Effect.Effect<A, Failed>, otherwise: B): Effect.Effect<A | B, Failed> =>
    isIgnorable
      ? Effect.catch(asked, ({ message }) =>
          Effect.as(Effect.logInfo(`the extender ${url} is left out: ${message}`), otherwise)
        )
      : asked

export const make = Effect.fnUntraced(function* (settings: ReadonlyArray<Settings.Extender> = []) {
  const made = yield* Effect.forEach(settings, Extender.make)
  const all = [...made.filter(({ isIgnorable }) => !isIgnorable), ...made.filter(({ isIgnorable }) => isIgnorable)]
  const interested = (pod: Pod) => all.filter(({ isInterested }) => isInterested(pod))

  const sieve = Effect.fnUntraced(function* (cycle: Cycle, nodes: ReadonlyArray<NodeInfo>) {
    let left = nodes
    for (const extender of interested(cycle.pod.pod)) {
      if (left.length === 0 || extender.filter === undefined) continue
      const sieved = yield* orElse(extender)(extender.filter(cycle.pod, left), undefined)
      if (sieved === undefined) continue
      for (const [node, refusal] of sieved.refusals) cycle.refuse(node, refusal, name)
      if (sieved.nodes.length < left.length) cycle.refusedBy.add(name)
      left = sieved.nodes
    }
    return left
  })

  /** The sum of what they add to nodes. One that fails adds nothing. */
  const prioritized = Effect.fnUntraced(function* (pod: PodInfo, nodes: ReadonlyArray<NodeInfo>) {
    const all = interested(pod.pod)
    if (all.length === 0) return undefined
    const asked = all.map(({ prioritize, url }) =>
      prioritize === undefined
        ? Effect.succeed(new Map<string, number>())
        : Effect.catch(prioritize(pod, nodes), ({ message }) =>
            Effect.as(Effect.logDebug(`the extender ${url} gives no scores: ${message}`), new Map<string, number>())
          )
    )
    const scores = yield* Effect.all(asked, { concurrency: "unbounded" })
    return new Map(nodes.map(({ name }) => [name, scores.reduce((sum, of) => sum + (of.get(name) ?? 0), 0)]))
  })

  /**
   * The best of the nodes that were found, if they leave one. `others`: beside that to which the Pod is nominated. `scored` is to be
   * done before they are compared.
   */
  const choose = Effect.fnUntraced(function* (
    cycle: Cycle,
    found: ReadonlyArray<NodeInfo>,
    others: () => Effect.Effect<ReadonlyArray<NodeInfo>, Failed>,
    scored: (nodes: ReadonlyArray<NodeInfo>) => Effect.Effect<void, Failed>
  ) {
    let left = yield* sieve(cycle, found)
    if (left.length === 0 && cycle.isOfNominated) left = yield* sieve(cycle, yield* others())
    if (left.length < 2) return left[0]
    yield* scored(left)
    return cycle.best(left, yield* prioritized(cycle.pod, left))
  })

  const preempt = Effect.fnUntraced(function* (pod: PodInfo, candidates: ReadonlyArray<Victims>, view: View) {
    let left = candidates
    for (const extender of interested(pod.pod))
      if (left.length > 0 && extender.preempt !== undefined)
        left = yield* orElse(extender)(extender.preempt(pod, left, view), left)
    return left
  })

  const bind = Effect.fnUntraced(function* (pod: PodInfo, node: string) {
    for (const extender of interested(pod.pod)) {
      if (extender.bind === undefined) continue
      if (yield* orElse(extender)(Effect.as(extender.bind(pod, node), true), false)) return true
    }
    return false
  })
  const plugin: Plugin = { name, ...(all.some(({ bind }) => bind !== undefined) && { bind }) }

  return {
    /** Comes first, so that who binds does. */
    extensions: all.length === 0 ? [] : [{ plugin }],
    isAsked: (pod: Pod) => all.length > 0 && interested(pod).length > 0,
    preempts: (pod: Pod) => interested(pod).some(({ preempt }) => preempt !== undefined),
    choose,
    preempt
  }
})
export type Extenders = Effect.Success<ReturnType<typeof make>>
