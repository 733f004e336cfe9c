/**
 * The Pod makes no domain of a topology fuller than its hard spread constraints allow; of the nodes that are left, those in emptier
 * domains of its soft ones are preferred. A Pod that names no constraints has the defaults.
 */
import { Effect } from "effect"
import type { Pod, TopologySpreadConstraint } from "../../../resources/contracts/core/v1.ts"
import { onNode, onPod } from "../../contracts/Changes.ts"
import { type Plugin, unresolvable, unschedulable, type Within } from "../../contracts/Framework.ts"
import type { NodeInfo, PodInfo, View } from "../../contracts/Nodes.ts"
import { Overlay } from "../../contracts/Overlay.ts"
import { domainOf } from "../../contracts/PodTerms.ts"
import { type Constraint, compiled, systemDefaults } from "./Constraints.ts"
import { scoring } from "./Scoring.ts"
import * as Workloads from "./Workloads.ts"

export interface Options {
  /** Of Pods that name none; without it, the system's: over nodes and zones, if possible. */
  readonly defaultConstraints?: ReadonlyArray<TopologySpreadConstraint>
}

const skewed = unschedulable("node(s) didn't match pod topology spread constraints")
const outside = unresolvable("node(s) didn't match pod topology spread constraints (missing required label)")

/** So many domains are looked at before any node is. */
const few = 100

const checking = (view: View) => (constraint: Constraint) => {
  const { maxSkew, minDomains, question, self, topologyKey } = constraint
  const tally = view.tally(question)
  const overlay = new Overlay()
  const change = ({ pod }: PodInfo, node: NodeInfo, by: number) => {
    if (question.means(pod) && question.counts(node.node)) overlay.change(topologyKey, node, by)
  }
  const fits = (domain: string) => {
    // With too few domains the emptiest is one that is not there yet.
    const least = tally.nodes.size < minDomains ? 0 : overlay.least(tally)
    return overlay.count(tally, domain) + (self ? 1 : 0) - least <= maxSkew
  }
  const check = ({ node }: NodeInfo) => {
    const domain = domainOf(node, topologyKey)
    if (domain === undefined) return outside
    return fits(domain) ? undefined : skewed
  }
  /** Of topologies with few domains. */
  const within = (): ReadonlyArray<Within> => {
    const domains = view.domains(topologyKey)
    if (domains.size > few) return []
    return [{ topologyKey, domains: [...domains.keys()].filter((domain) => fits(domain)) }]
  }
  return { change, check, within }
}

type Constraints = (pod: Pod, whenUnsatisfiable: string) => ReadonlyArray<Constraint>

/** `of` gives the constraints of a Pod. */
export const plugin = (of: Constraints, isDefault: (pod: Pod) => boolean): Plugin => {
  const hard = (pod: Pod) => of(pod, "DoNotSchedule")
  /** Also what has gone meanwhile did count. */
  const concerns = (pod: Pod, other: Pod | undefined) => {
    if (other === undefined) return false
    const { deletionTimestamp: _, ...metadata } = other.metadata
    return hard(pod).some(({ question }) => question.means({ ...other, metadata }))
  }
  return {
    name: "PodTopologySpread",
    hints: [
      onPod(["Add", "UpdateLabels", "Delete"], (pod, { after, before }) => concerns(pod, before) || concerns(pod, after)),
      onNode(["Add", "Delete", "UpdateLabels", "UpdateTaints"])
    ],
    preFilter: ({ pod }, view) => {
      const checks = hard(pod).map(checking(view))
      if (checks.length === 0) return undefined
      const changed = (by: number) => (other: PodInfo, node: NodeInfo) => {
        for (const { change } of checks) change(other, node, by)
      }
      const [fewest] = checks.flatMap(({ within }) => within()).toSorted((a, b) => a.domains.length - b.domains.length)
      return {
        ...(fewest && { within: fewest }),
        add: changed(1),
        remove: changed(-1),
        filter: (node) => {
          for (const { check } of checks) {
            const refusal = check(node)
            if (refusal !== undefined) return refusal
          }
          return undefined
        }
      }
    },
    preScore: ({ pod }, view, nodes) => {
      const soft = of(pod, "ScheduleAnyway")
      return soft.length === 0 ? undefined : scoring(soft, view, nodes, !isDefault(pod))
    }
  }
}

export const make = Effect.fnUntraced(function* ({ defaultConstraints }: Options = {}) {
  const selectorOf = yield* Workloads.make
  const isOwn = ({ spec }: Pod) => (spec.topologySpreadConstraints ?? []).length > 0
  const constraintsOf = (pod: Pod): ReadonlyArray<TopologySpreadConstraint> => {
    if (isOwn(pod)) return pod.spec.topologySpreadConstraints ?? []
    const defaults = defaultConstraints ?? systemDefaults
    const labelSelector = defaults.length === 0 ? undefined : selectorOf(pod)
    return labelSelector === undefined ? [] : defaults.map((constraint) => ({ ...constraint, labelSelector }))
  }
  const isSystemDefault = (pod: Pod) => defaultConstraints === undefined && !isOwn(pod)
  return plugin(
    (pod, whenUnsatisfiable) => compiled(pod, constraintsOf(pod), whenUnsatisfiable, !isSystemDefault(pod)),
    isSystemDefault
  )
})
