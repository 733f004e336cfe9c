/** What is known of a node's health, and what follows from it. Pure; times in milliseconds. */
import type { Node, NodeCondition, Pod, Taint } from "../../resources/contracts/core/v1.ts"
import { millisOf, time } from "../../resources/contracts/Time.ts"
import { tolerates } from "../../scheduler/contracts/Tolerations.ts"

/** For so long a node agent may be silent, unless it is said otherwise; a new one longer. */
export const grace = 50_000
export const startup = 60_000

/** A sign of life, and when it was seen first by our own clock. */
export interface Heartbeat {
  readonly sign: string
  readonly at: number
}

const conditionOf = ({ status: { conditions = [] } }: Node, type: string) =>
  conditions.find((condition) => condition.type === type)

export const readiness = (node: Node) => conditionOf(node, "Ready")?.status ?? "Unknown"

/** Either of the two ways in which an agent says that it is there. */
export const signOf = (node: Node, renewTime: string | undefined) =>
  `${renewTime ?? ""} ${conditionOf(node, "Ready")?.lastHeartbeatTime ?? ""}`

/** When the node counts as lost unless it gives another sign. */
export const deadline = (node: Node, { at, sign }: Heartbeat, patience: number) =>
  sign.trim() === "" ? Math.max(at, millisOf(node.metadata.creationTimestamp)) + startup : at + patience

const watched = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]

/** The conditions of a node that says nothing any more. */
export const lost = (node: Node, now: number): ReadonlyArray<NodeCondition> => {
  const { conditions = [] } = node.status
  const unknown = (type: string, before: NodeCondition | undefined): NodeCondition => {
    if (before?.status === "Unknown") return before
    const [reason, message] =
      before === undefined
        ? ["NodeStatusNeverUpdated", "Kubelet never posted node status."]
        : ["NodeStatusUnknown", "Kubelet stopped posting node status."]
    return { ...before, type, status: "Unknown", reason, message, lastTransitionTime: time(now) }
  }
  const others = conditions.filter(({ type }) => !watched.includes(type))
  return [...others, ...watched.map((type) => unknown(type, conditionOf(node, type)))]
}

const key = (name: string) => `node.kubernetes.io/${name}`

/** The taint that each condition brings. */
const byCondition: ReadonlyArray<readonly [type: string, status: string, taint: string]> = [
  ["Ready", "False", "not-ready"],
  ["Ready", "Unknown", "unreachable"],
  ["MemoryPressure", "True", "memory-pressure"],
  ["DiskPressure", "True", "disk-pressure"],
  ["PIDPressure", "True", "pid-pressure"],
  ["NetworkUnavailable", "True", "network-unavailable"]
]

const ours = new Set([...byCondition.map(([, , taint]) => key(taint)), key("unschedulable")])
const executing = new Set([key("not-ready"), key("unreachable")])

/**
 * With the taints that follow from its conditions, and others' as they are. Where no node is ready nothing is evicted: it is the
 * network that is gone, or the machine that slept, and Pods would have nowhere to go.
 */
export const tainted = (node: Node, isAnyReady: boolean, now: number): ReadonlyArray<Taint> => {
  const { taints = [], unschedulable = false } = node.spec
  const others = taints.filter((taint) =>
    taint.effect === "NoExecute" ? !executing.has(taint.key) : taint.effect !== "NoSchedule" || !ours.has(taint.key)
  )
  const names = byCondition.flatMap(([type, status, taint]) =>
    conditionOf(node, type)?.status === status ? [key(taint)] : []
  )
  const wanted: ReadonlyArray<Taint> = [
    ...names.map((name) => ({ key: name, effect: "NoSchedule" })),
    ...(unschedulable ? [{ key: key("unschedulable"), effect: "NoSchedule" }] : []),
    ...(isAnyReady ? names.filter((name) => executing.has(name)).map((name) => ({ key: name, effect: "NoExecute" })) : [])
  ]
  const before = (taint: Taint) => taints.find((one) => one.key === taint.key && one.effect === taint.effect)
  return [...others, ...wanted.map((taint) => before(taint) ?? { ...taint, timeAdded: time(now) })]
}

/** When a Pod has to leave its node; undefined: it may stay. */
export const leavesAt = (pod: Pod, taints: ReadonlyArray<Taint>, now: number): number | undefined => {
  const times = taints
    .filter(({ effect }) => effect === "NoExecute")
    .map((taint) => {
      const bearing = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint))
      const since = taint.timeAdded === undefined ? now : millisOf(taint.timeAdded)
      if (bearing.length === 0) return now
      const seconds = bearing.flatMap(({ tolerationSeconds }) =>
        tolerationSeconds === undefined ? [] : [tolerationSeconds]
      )
      return seconds.length === 0 ? Number.POSITIVE_INFINITY : since + Math.max(0, Math.min(...seconds)) * 1000
    })
  const first = Math.min(Number.POSITIVE_INFINITY, ...times)
  return Number.isFinite(first) ? first : undefined
}
