/** No Pod is made twice: never more than a set wants, never two for one place; and one that has ended, or has a node, stays so. */
import type { Verdict } from "./World.ts"
import { isLive, isOver, type Seen, type World } from "./World.ts"
import type { Workload, Workloads } from "./Workloads.ts"

const hash = "pod-template-hash"
const path = ({ name, namespace }: Seen) => `${namespace}/${name}`

export const judge = (world: World, workloads: Workloads, verdict: Verdict) => {
  const ofSet = (pod: Seen, uid: string) => {
    const live = world.owned(uid).filter(isLive).length
    const most = workloads.sizeOf(uid)
    if (live > most) verdict.say(`${path(pod)}: made as number ${live} of a ReplicaSet of ${most}`)
  }
  const ofDeployment = (pod: Seen, workload: Workload) => {
    const isOther = (one: Seen) => !isOver(one) && one.labels[hash] !== pod.labels[hash]
    if (workload.isRecreate && workloads.podsOf(workload).some(isOther))
      verdict.say(`${workload.name}: two templates run at once`)
  }
  const ofStatefulSet = (pod: Seen, workload: Workload) => {
    const ordinalOf = ({ name }: Seen) => Number(/\d+$/.exec(name)?.[0])
    const ordinal = ordinalOf(pod)
    if (ordinal >= workload.size.most) verdict.say(`${path(pod)}: made beyond ${workload.size.most}`)
    const ready = workloads.podsOf(workload).filter((one) => ordinalOf(one) < ordinal && isLive(one))
    if (workload.isOrdered && ready.length < Math.min(ordinal, workload.size.least))
      verdict.say(`${path(pod)}: made before all those below it`)
  }
  const made = (pod: Seen) => {
    const { owner } = pod
    const workload = workloads.of(pod)
    if (owner?.kind === "ReplicaSet") ofSet(pod, owner.uid)
    if (workload?.kind === "Deployment") ofDeployment(pod, workload)
    if (workload?.kind === "StatefulSet") ofStatefulSet(pod, workload)
  }
  const bound = (pod: Seen) => {
    if (pod.owner?.kind !== "DaemonSet") return
    const others = world.onNode(pod.node).filter((one) => one.owner?.uid === pod.owner?.uid && !isOver(one))
    if (others.length > 1) verdict.say(`${path(pod)}: ${others.length} of its DaemonSet on ${pod.node}`)
  }
  workloads.onGrowth(({ most, name }, wanted) => {
    if (wanted > most.most) verdict.say(`${name}: its ReplicaSets want ${wanted} Pods, of at most ${most.most}`)
  })
  world.judge((before, after) => {
    if (after === undefined) return
    if (before === undefined) made(after)
    if (after.node !== (before?.node ?? "")) {
      if (before !== undefined && before.node !== "")
        verdict.say(`${path(after)}: moved from ${before.node} to ${after.node}`)
      bound(after)
    }
    if (before !== undefined && isOver(before) && after.phase !== before.phase)
      verdict.say(`${path(after)}: was ${before.phase} and is ${after.phase}`)
  })
}
