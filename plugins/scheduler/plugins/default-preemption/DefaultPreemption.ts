/**
 * Makes room for a Pod that no node takes, if less important Pods are in its way: chooses a node and the Pods that have to go from it,
 * nominates the Pod to it, and evicts them beside the loop. Source: "Pod Priority and Preemption" of the Kubernetes documentation.
 */
import { Effect, Exit } from "effect"
import { Client } from "../../../../kernel/client/Client.ts"
import type { Pod, PodCondition } from "../../../resources/contracts/core/v1.ts"
import { PodDisruptionBudget } from "../../../resources/contracts/policy/v1.ts"
import { type Failure, type Plugin, type Refusal, type Remedy, unresolvable } from "../../contracts/Framework.ts"
import type { NodeInfo, PodInfo } from "../../contracts/Nodes.ts"
import { summary } from "../../Cycle.ts"
import * as Eviction from "./Eviction.ts"
import { best, type Victims, victimsOn } from "./Victims.ts"

export interface Options {
  readonly minCandidateNodesPercentage?: number
  readonly minCandidateNodesAbsolute?: number
}

const name = "DefaultPreemption"
const waiting = unresolvable("waiting for the preemption for this pod to be finished")

const isOurDoing = ({ reason, status, type }: PodCondition) =>
  type === "DisruptionTarget" && status === "True" && reason === "PreemptionByScheduler"

/** A victim that is on its way out. */
const isGoing = ({ metadata, status }: Pod) =>
  metadata.deletionTimestamp !== undefined && (status.conditions ?? []).some(isOurDoing)

/** Why the Pod may not preempt others now. */
const ineligible = ({ pod: { pod, priority }, refusals, view }: Failure): string | undefined => {
  if (pod.spec.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never."
  const { nominatedNodeName = "" } = pod.status
  if (nominatedNodeName === "" || refusals.get(nominatedNodeName)?.isUnresolvable === true) return undefined
  const there = view.find(nominatedNodeName)?.pods.values() ?? []
  for (const other of there)
    if (other.priority < priority && isGoing(other.pod))
      return "not eligible due to a terminating pod on the nominated node."
  return undefined
}

interface Found {
  readonly candidates: ReadonlyArray<Victims>
  readonly refusals: ReadonlyMap<string, Refusal>
}

/** Tries nodes, from any one on, until there are enough of which one keeps all budgets. */
const search = (
  { pick, pod, trial }: Failure,
  nodes: ReadonlyArray<NodeInfo>,
  wanted: number,
  budgets: ReadonlyArray<PodDisruptionBudget>
): Found => {
  const candidates: Array<Victims> = []
  const refusals = new Map<string, Refusal>()
  const offset = nodes.length === 0 ? 0 : pick(nodes.length)
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[(offset + index) % nodes.length]
    if (node === undefined) continue
    const found = victimsOn(pod, trial(node), budgets)
    if ("reasons" in found) refusals.set(node.name, found)
    else if (found.pods.length > 0) candidates.push(found)
    if (candidates.length >= wanted && candidates.some(({ violations }) => violations === 0)) break
  }
  return { candidates, refusals }
}

export const make = Effect.fnUntraced(function* (
  handle: Eviction.Handle,
  { minCandidateNodesAbsolute = 100, minCandidateNodesPercentage = 10 }: Options = {}
) {
  const client = yield* Client
  const { extenders, metrics } = handle
  const budgets = yield* client.cache(PodDisruptionBudget, { indexes: {} })
  const evict = yield* Eviction.make(handle)
  const preempting = new Set<string>()

  const enough = (nodes: number) =>
    Math.min(nodes, Math.max(minCandidateNodesAbsolute, Math.trunc((nodes * minCandidateNodesPercentage) / 100)))

  const act = (preemptor: PodInfo, { node, pods }: Victims, lesser: ReadonlyArray<PodInfo>) => {
    const { uid } = preemptor.pod.metadata
    preempting.add(uid)
    const over = (isWell: boolean) =>
      Effect.sync(() => {
        preempting.delete(uid)
        handle.finished(uid, !isWell)
      })
    return Effect.onExit(evict(preemptor.pod, node, pods, lesser), (exit) => over(Exit.isSuccess(exit) && exit.value)).pipe(
      Effect.asVoid
    )
  }

  const chosen = ({ nominated, pod }: Failure, candidates: ReadonlyArray<Victims>): Remedy => {
    const chosen = best(candidates)
    if (chosen === undefined) return { message: "preemption: no candidate node for preemption" }
    metrics.victims(chosen.pods.length)
    const lesser = nominated(chosen.node).filter(({ priority }) => priority < pod.priority)
    return { nominate: chosen.node, act: act(pod, chosen, lesser) }
  }

  const postFilter = (failure: Failure): Remedy | Effect.Effect<Remedy> => {
    const { pod, refusals, view } = failure
    metrics.preempting()
    const why = ineligible(failure)
    if (why !== undefined) return { message: `preemption: ${why}` }
    const nodes = view.nodes.filter(({ name }) => refusals.get(name)?.isUnresolvable === false)
    const found = search(failure, nodes, enough(nodes.length), budgets.all())
    if (found.candidates.length === 0) {
      const { length } = view.nodes
      const others = length - found.refusals.size
      const because = summary(found.refusals.values(), "Preemption is not helpful for scheduling", others)
      return { nominate: "", message: `preemption: 0/${length} nodes are available: ${because}.` }
    }
    if (!extenders.preempts(pod.pod)) return chosen(failure, found.candidates)
    return Effect.match(extenders.preempt(pod, found.candidates, view), {
      onSuccess: (left) => chosen(failure, left),
      onFailure: ({ message }): Remedy => ({ message: `preemption: ${message}` })
    })
  }

  const plugin: Plugin = {
    name,
    // It says itself when it is done.
    hints: [],
    preEnqueue: ({ metadata }) => (preempting.has(metadata.uid) ? waiting : undefined),
    postFilter
  }
  return plugin
})
