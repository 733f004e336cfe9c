/**
 * Never fewer Pods available than a workload allows, by its own controllers' doing. What others take (a node that fails, an eviction, a
 * Pod that is not ready for a while) is owed to it until it has as many again; a StatefulSet, whose update goes on from the last ordinal
 * whatever is down further below, as upstream's does, until none is down.
 */
import type { Deleters } from "./Actors.ts"
import { isLive, type Seen, type Verdict, type World } from "./World.ts"
import type { Workload, Workloads } from "./Workloads.ts"

interface Guarantee {
  /** So many were available once, and have to stay so. */
  floor: number
  /** What others took. */
  owed: number
  lastLoss: number
}

/** So long a controller may go on with what it decided before a loss, and the minimum counts again. */
const calm = 60_000

const own = new Set(["replicaset", "statefulset", "daemonset", "deployment"])
const serves = (pod: Seen | undefined) => pod !== undefined && isLive(pod) && pod.ready > 0

export const judge = (world: World, workloads: Workloads, deleters: Deleters, verdict: Verdict) => {
  const guarantees = new Map<Workload, Guarantee>()
  const of = (workload: Workload) => {
    const found = guarantees.get(workload) ?? { floor: 0, owed: 0, lastLoss: 0 }
    guarantees.set(workload, found)
    return found
  }

  const check = (workload: Workload) => {
    const guarantee = of(workload)
    const target = workload.allowed === undefined ? 0 : Math.max(0, workload.desired - workload.allowed)
    const available = workloads.available(workload)
    if (available >= target) {
      guarantee.floor = target
      const isWhole = workload.kind !== "StatefulSet" || available >= workload.desired
      if (isWhole && verdict.now() - guarantee.lastLoss > calm) guarantee.owed = 0
    }
    if (available >= guarantee.floor - guarantee.owed) return
    const counts = `${available} available of ${workload.desired}, at least ${target} promised, ${guarantee.owed} taken by others`
    verdict.say(`${workload.name}: too few: ${counts}`)
    guarantee.floor = 0
  }

  world.judge((before, after) => {
    const pod = after ?? before
    const workload = pod && workloads.of(pod)
    if (workload === undefined || pod === undefined || serves(before) === serves(after)) return
    const isOwn = (after === undefined || after.going > 0) && own.has(deleters.of(pod))
    if (!serves(after) && !isOwn) {
      const guarantee = of(workload)
      guarantee.owed++
      guarantee.lastLoss = verdict.now()
    }
    check(workload)
  })
  workloads.onChange((workload) => {
    const guarantee = of(workload)
    // Whoever changes the size in the middle of an update gives up the promise until it holds again.
    const target = workload.allowed === undefined ? 0 : Math.max(0, workload.desired - workload.allowed)
    if (target < guarantee.floor || workloads.available(workload) < target) guarantee.floor = 0
    check(workload)
  })
}
