/** Which Pods would have to go from a node for a more important one: as few and as unimportant as possible. Pure. */
import * as Selector from "../../../../kernel/resource/Selector.ts"
import type { Pod } from "../../../resources/contracts/core/v1.ts"
import type { PodDisruptionBudget } from "../../../resources/contracts/policy/v1.ts"
import { type Refusal, type Trial, unresolvable } from "../../contracts/Framework.ts"
import type { PodInfo } from "../../contracts/Nodes.ts"

export interface Victims {
  readonly node: string
  /** The most important first. */
  readonly pods: ReadonlyArray<PodInfo>
  /** How many of them a disruption budget would keep. */
  readonly violations: number
}

const startOf = ({ metadata, status }: Pod) => status.startTime ?? metadata.creationTimestamp ?? ""
const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** By priority; of equals, the one that has run longer counts for more. */
export const moreImportant = (a: PodInfo, b: PodInfo) => b.priority - a.priority || text(startOf(a.pod), startOf(b.pod))

/** Of all that may have to go, those that the budgets do not let go, if all went. */
export const violating = (pods: ReadonlyArray<PodInfo>, budgets: ReadonlyArray<PodDisruptionBudget>) => {
  const left = budgets.map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace,
    isEmpty: (Selector.ofObject(spec.selector)?.length ?? 0) === 0,
    selects: Selector.matcher(spec.selector),
    disrupted: status.disruptedPods ?? {},
    allowed: status.disruptionsAllowed
  }))
  const found = new Set<PodInfo>()
  for (const info of pods) {
    const { labels, name, namespace } = info.pod.metadata
    for (const budget of left) {
      if (budget.namespace !== namespace || budget.isEmpty || !budget.selects(labels)) continue
      // What has been evicted is counted in the budget already.
      if (Object.hasOwn(budget.disrupted, name)) continue
      budget.allowed--
      if (budget.allowed < 0) found.add(info)
    }
  }
  return found
}

const nobody = unresolvable("No preemption victims found for incoming pod")

/** All that are less important go; then as many as possible come back, first those that a budget keeps. */
export const victimsOn = (
  pod: PodInfo,
  { add, fits, node, remove }: Trial,
  budgets: ReadonlyArray<PodDisruptionBudget>
): Victims | Refusal => {
  const potential = [...node.pods.values()].filter(({ priority }) => priority < pod.priority).sort(moreImportant)
  if (potential.length === 0) return nobody
  potential.forEach(remove)
  const against = fits()
  if (against !== undefined) {
    potential.forEach(add)
    return against
  }
  const kept = violating(potential, budgets)
  const gone = new Set<PodInfo>()
  for (const one of [...potential.filter((one) => kept.has(one)), ...potential.filter((one) => !kept.has(one))]) {
    add(one)
    if (fits() === undefined) continue
    remove(one)
    gone.add(one)
  }
  gone.forEach(add)
  return {
    node: node.name,
    pods: potential.filter((one) => gone.has(one)),
    violations: [...gone].filter((one) => kept.has(one)).length
  }
}

/** Each of the rules leaves those that are best by it. Priorities may be negative: they are counted from the least there is. */
const rules: ReadonlyArray<(victims: Victims) => number> = [
  ({ violations }) => violations,
  ({ pods: [first] }) => first?.priority ?? 0,
  ({ pods }) => pods.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
  ({ pods }) => pods.length,
  // Of the most important victims the one that began first began as late as possible.
  ({ pods }) =>
    -Math.min(
      ...pods.filter(({ priority }) => priority === pods[0]?.priority).map(({ pod }) => Date.parse(startOf(pod)) || 0)
    )
]

export const best = (candidates: ReadonlyArray<Victims>): Victims | undefined =>
  rules.reduce((left, rule) => {
    if (left.length < 2) return left
    const values = left.map(rule)
    const least = Math.min(...values)
    return left.filter((_, index) => values[index] === least)
  }, candidates)[0]
