/** The scheduler gives no node more than it has, and none that takes no Pods. */
import { Effect } from "effect"
import { Node } from "../../../plugins/resources/contracts/core/v1.ts"
import { isOver, type Seen, type Verdict, type World } from "./World.ts"

/** What a node has. */
export const capacity = { cpu: 16_000, pods: 110 }
/** A Pod may be on its way to a node while that is closed. */
const moment = 1000

export const judge = Effect.fnUntraced(function* (world: World, verdict: Verdict) {
  /** Since when a node takes none, or is gone; 0: it takes some. */
  const closed = new Map<string, number>()
  yield* world.follow(Node, (path, node) => {
    const name = path.slice(path.indexOf("/") + 1)
    const { taints = [], unschedulable = false } = node?.spec ?? {}
    const isClosed = node === undefined || unschedulable || taints.length > 0
    const since = closed.get(name) ?? 0
    return closed.set(name, isClosed ? since || verdict.now() : 0)
  })
  const bound = (pod: Seen) => {
    const path = `${pod.namespace}/${pod.name}`
    const here = world.onNode(pod.node).filter((one) => !isOver(one))
    const cpu = here.reduce((sum, one) => sum + one.cpu, 0)
    if (cpu > capacity.cpu || here.length > capacity.pods)
      verdict.say(`${path}: ${pod.node} has ${here.length} Pods with ${cpu}m, which is more than it can bear`)
    const since = closed.get(pod.node)
    if (since === undefined) return verdict.say(`${path}: ${pod.node} is not there`)
    if (since > 0 && since + moment < verdict.now() && pod.owner?.kind !== "DaemonSet")
      verdict.say(`${path}: ${pod.node} took none since ${new Date(since).toISOString()}`)
  }
  world.judge((before, after) => {
    if (after !== undefined && after.node !== "" && after.node !== before?.node) bound(after)
  })
})
