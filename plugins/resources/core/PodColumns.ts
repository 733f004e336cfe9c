/** What `kubectl get pods` shows of a Pod: one word for all that its containers are doing. Source: the output of kubectl. */
import * as Age from "../../../kernel/resource/Age.ts"
import type { Column } from "../../../kernel/resource/Strategy.ts"
import { age, none, text, wide } from "../Columns.ts"
import type { ContainerStateTerminated, ContainerStatus, Pod } from "../contracts/core/v1.ts"

interface Summary {
  readonly ready: number
  readonly total: number
  readonly reason: string
  readonly restarts: number
  readonly lastRestart: string | undefined
}

const conditionOf = ({ status }: Pod, type: string) => status.conditions?.find((condition) => condition.type === type)

const endReason = ({ exitCode, reason = "", signal = 0 }: ContainerStateTerminated) =>
  reason !== "" ? reason : signal !== 0 ? `Signal:${signal}` : `ExitCode:${exitCode}`

const latest = (statuses: ReadonlyArray<ContainerStatus>): string | undefined =>
  statuses
    .flatMap(({ lastState }) => lastState.terminated?.finishedAt ?? [])
    .reduce<string | undefined>(
      (last, time) => (last === undefined || Date.parse(time) > Date.parse(last) ? time : last),
      undefined
    )
const restartsOf = (statuses: ReadonlyArray<ContainerStatus>) =>
  statuses.reduce((sum, { restartCount }) => sum + restartCount, 0)

/** The init container that the Pod waits for: what is shown of it, and what was counted up to it. */
const initializing = (pod: Pod) => {
  const { initContainers = [] } = pod.spec
  const statuses = pod.status.initContainerStatuses ?? []
  const isSidecar = ({ name }: ContainerStatus) =>
    initContainers.find((container) => container.name === name)?.restartPolicy === "Always"
  let ready = 0
  for (const [index, status] of statuses.entries()) {
    const { terminated, waiting } = status.state
    const seen = statuses.slice(0, index + 1)
    if (terminated?.exitCode === 0) continue
    if (isSidecar(status) && status.started === true) {
      if (status.ready) ready++
      continue
    }
    const isWaiting = (waiting?.reason ?? "") !== "" && waiting?.reason !== "PodInitializing"
    const progress = `${index}/${initContainers.length}`
    const reason = `Init:${terminated ? endReason(terminated) : isWaiting ? waiting?.reason : progress}`
    return { ready, reason, seen, sidecars: seen.filter(isSidecar) }
  }
  return { ready, reason: undefined, seen: statuses, sidecars: statuses.filter(isSidecar) }
}

/** The first container that is not running well says what the Pod does. */
const mainReason = (pod: Pod, before: string): string => {
  const statuses = pod.status.containerStatuses ?? []
  const reason = statuses.reduceRight((last, { state: { terminated, waiting } }) => {
    if ((waiting?.reason ?? "") !== "") return waiting?.reason ?? last
    return terminated ? endReason(terminated) : last
  }, before)
  const hasRunning = statuses.some(isReady)
  if (reason !== "Completed" || !hasRunning) return reason
  return conditionOf(pod, "Ready")?.status === "True" ? "Running" : "NotReady"
}
const isReady = ({ ready, state: { running, terminated, waiting } }: ContainerStatus) =>
  ready && running !== undefined && terminated === undefined && (waiting?.reason ?? "") === ""

const baseReason = (pod: Pod) =>
  conditionOf(pod, "PodScheduled")?.reason === "SchedulingGated"
    ? "SchedulingGated"
    : pod.status.reason || (pod.status.phase ?? "")

const finalReason = ({ metadata, status }: Pod, reason: string) => {
  if (metadata.deletionTimestamp === undefined) return reason
  if (status.reason === "NodeLost") return "Unknown"
  return status.phase === "Succeeded" || status.phase === "Failed" ? reason : "Terminating"
}

const summarize = (pod: Pod): Summary => {
  const { initContainers = [], containers } = pod.spec
  const total = containers.length + initContainers.filter(({ restartPolicy }) => restartPolicy === "Always").length
  const init = initializing(pod)
  if (init.reason !== undefined && conditionOf(pod, "Initialized")?.status !== "True") {
    const reason = finalReason(pod, init.reason)
    return { ready: init.ready, total, reason, restarts: restartsOf(init.seen), lastRestart: latest(init.seen) }
  }
  const statuses = [...init.sidecars, ...(pod.status.containerStatuses ?? [])]
  return {
    ready: init.ready + (pod.status.containerStatuses ?? []).filter(isReady).length,
    total,
    reason: finalReason(pod, mainReason(pod, init.reason ?? baseReason(pod))),
    restarts: restartsOf(statuses),
    lastRestart: latest(statuses)
  }
}

/** Asked for once a column. */
const kept = new WeakMap<Pod, Summary>()
const summary = (pod: Pod): Summary => {
  const found = kept.get(pod) ?? summarize(pod)
  kept.set(pod, found)
  return found
}

const gates = (pod: Pod) => {
  const { readinessGates = [] } = pod.spec
  const open = readinessGates.filter(({ conditionType }) => conditionOf(pod, conditionType)?.status === "True")
  return readinessGates.length === 0 ? none : `${open.length}/${readinessGates.length}`
}

export const columns: ReadonlyArray<Column<Pod>> = [
  text("Ready", "How many of the containers are ready.", (pod) => `${summary(pod).ready}/${summary(pod).total}`),
  text("Status", "What the Pod is doing, or why it is not running.", (pod) => summary(pod).reason),
  text("Restarts", "How often containers were restarted, and when last.", (pod, now) => {
    const { lastRestart, restarts } = summary(pod)
    return restarts > 0 && lastRestart !== undefined ? `${restarts} (${Age.since(lastRestart, now)} ago)` : `${restarts}`
  }),
  age,
  wide(text("IP", "The address of the Pod.", ({ status }) => status.podIPs?.[0]?.ip || none)),
  wide(text("Node", "The node it runs on.", ({ spec }) => spec.nodeName || none)),
  wide(text("Nominated Node", "The node that is being cleared for it.", ({ status }) => status.nominatedNodeName || none)),
  wide(text("Readiness Gates", "How many of its own conditions for being ready hold.", gates))
]
