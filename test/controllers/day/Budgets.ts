/** Evictions keep disruption budgets: of what a budget protects, enough are healthy after each. */
import { Effect } from "effect"
import { PodDisruptionBudget } from "../../../plugins/resources/contracts/policy/v1.ts"
import type { Deleters } from "./Actors.ts"
import { isLive, type Seen, type Verdict, type World } from "./World.ts"
import type { Workloads } from "./Workloads.ts"

/** What happened just before is not known to everybody yet. */
const moment = 2000

const share = (value: number | string, all: number) => {
  const percent = /^(\d+)%$/.exec(`${value}`)?.[1]
  return percent === undefined ? Number(value) : Math.ceil((Number(percent) * all) / 100)
}

export const judge = Effect.fnUntraced(function* (world: World, workloads: Workloads, deleters: Deleters, verdict: Verdict) {
  const budgets = new Map<string, PodDisruptionBudget>()
  const losses = new Map<string, Array<number>>()
  let evictions = 0
  yield* world.follow(PodDisruptionBudget, (path, budget) => {
    if (budget === undefined) budgets.delete(path)
    else budgets.set(path, budget)
  })
  const budgetOf = (pod: Seen) => {
    const app = pod.labels["app"] ?? ""
    const budget = budgets.get(`${pod.namespace}/${app}`)
    return budget?.spec.selector?.matchLabels?.["app"] === app ? budget : undefined
  }
  const serves = (pod: Seen) => isLive(pod) && pod.ready > 0

  const evicted = (pod: Seen, budget: PodDisruptionBudget) => {
    const workload = workloads.of(pod)
    if (workload === undefined) return
    const { maxUnavailable, minAvailable } = budget.spec
    const least = (all: number) =>
      maxUnavailable === undefined ? share(minAvailable ?? 0, all) : Math.max(0, all - share(maxUnavailable, all))
    const required = least(workload.size.least)
    const healthy = workloads.podsOf(workload).filter(serves).length
    const lost = (losses.get(workload.uid) ?? []).filter((at) => at > verdict.now() - moment).length
    if (healthy + lost < required)
      verdict.say(
        `${pod.namespace}/${pod.name} was evicted: ${healthy} of ${workload.name} are healthy, ${required} have to be`
      )
  }
  world.judge((before, after) => {
    if (before === undefined || !serves(before) || (after !== undefined && serves(after))) return
    const workload = workloads.of(before)
    const isEvicted = (after === undefined || after.going > 0) && deleters.of(before) === "eviction"
    const budget = budgetOf(before)
    if (isEvicted && budget !== undefined) {
      evictions++
      evicted(after ?? before, budget)
    } else if (workload !== undefined) {
      const recent = (losses.get(workload.uid) ?? []).filter((at) => at > verdict.now() - moment)
      losses.set(workload.uid, [...recent, verdict.now()])
    }
  })
  return { evictions: () => evictions }
})
