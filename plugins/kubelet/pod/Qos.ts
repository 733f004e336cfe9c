/** How much of the machine a Pod's containers get: the quality of service class, and cgroup values. */
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { Container, Pod } from "../../resources/contracts/core/v1.ts"
import type { Resources } from "../contracts/Pods.ts"

export type Class = "Guaranteed" | "Burstable" | "BestEffort"
const counted = ["cpu", "memory"]

const positive = (text: string | undefined) => text !== undefined && Quantity.of(text).nanos > 0n
const all = ({ spec }: Pod): ReadonlyArray<Container> => [...spec.containers, ...(spec.initContainers ?? [])]

/** Source: "Pod Quality of Service Classes". A limit without a request is its own request. */
export const classOf = (pod: Pod): Class => {
  const resources = all(pod).map((container) => container.resources)
  const asked = resources.some(({ limits, requests }) =>
    counted.some((name) => positive(limits?.[name]) || positive(requests?.[name]))
  )
  if (!asked) return "BestEffort"
  const equal = resources.every(({ limits, requests }) =>
    counted.every((name) => {
      const limit = limits?.[name]
      return positive(limit) && Quantity.of(requests?.[name] ?? limit).nanos === Quantity.of(limit).nanos
    })
  )
  return equal ? "Guaranteed" : "Burstable"
}

/** Below this root each class has its own folder, so that the guaranteed come first. */
export const cgroupOf = (root: string, pod: Pod) => {
  const qos = classOf(pod)
  const folder = qos === "Guaranteed" ? root : `${root}/${qos.toLowerCase()}`
  return `${folder}/pod${pod.metadata.uid}`
}

const milli = (text: string | undefined) => Number(Quantity.of(text).nanos / 1_000_000n)
const whole = (text: string | undefined) => Number(Quantity.of(text).nanos / 1_000_000_000n)

/** Who is killed first when memory runs out. Source: "Node out of memory behavior". */
const oomScore = (pod: Pod, container: Container, machineBytes: number) => {
  const qos = classOf(pod)
  if (qos === "Guaranteed") return -997
  if (qos === "BestEffort") return 1000
  const bytes = whole(container.resources.requests?.["memory"] ?? container.resources.limits?.["memory"])
  return Math.min(999, Math.max(3, 1000 - Math.floor((1000 * bytes) / machineBytes)))
}

export const resources = (pod: Pod, container: Container, machineBytes: number): Resources => {
  const { limits, requests } = container.resources
  const cpu = milli(requests?.["cpu"] ?? limits?.["cpu"])
  const quota = milli(limits?.["cpu"])
  const memory = whole(limits?.["memory"])
  return {
    cpuShares: Math.max(2, Math.floor((cpu * 1024) / 1000)),
    ...(quota > 0 && { cpuQuota: Math.max(1000, quota * 100), cpuPeriod: 100_000 }),
    ...(memory > 0 && { memoryBytes: memory }),
    oomScoreAdjust: oomScore(pod, container, machineBytes)
  }
}
