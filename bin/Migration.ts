/** What a move from one runtime of a node to another means for each Pod there: decided from what is there, by pure functions. */
import type { Report } from "../plugins/kubelet/server/Runtimes.ts"
import type { Pod } from "../plugins/resources/contracts/core/v1.ts"
import type { RuntimeClass } from "../plugins/resources/contracts/node/v1.ts"

export interface Asked {
  /** Handlers. */
  readonly from: string
  readonly to: string
}

export interface There {
  readonly report: Report
  /** Of this node. */
  readonly pods: ReadonlyArray<Pod>
  readonly classes: ReadonlyArray<RuntimeClass>
}

export const nameOf = ({ metadata: { name, namespace } }: Pod) => `${namespace}/${name}`

/** The runtime behind a handler, by its name in ids of containers. */
export const runtimeOf = ({ handlers }: Report, handler: string) => handlers.find(({ name }) => name === handler)?.runtime

/** Why it cannot be. */
export const refusal = ({ from, to }: Asked, report: Report, node: string) => {
  const known = report.handlers.map(({ name }) => name).filter((name) => name !== "")
  for (const name of [from, to]) {
    if (!known.includes(name)) return `${node} has no runtime ${name}: it has ${known.join(", ")}`
  }
  return runtimeOf(report, from) === runtimeOf(report, to) ? `${from} and ${to} are the same runtime` : undefined
}

/** As `Succeeded` and `Failed`: what is left of it are logs. */
export const isFinished = ({ status: { phase } }: Pod) => phase === "Succeeded" || phase === "Failed"

export const controllerOf = ({ metadata }: Pod) => metadata.ownerReferences?.find(({ controller }) => controller === true)

const hasLocalData = ({ spec }: Pod) => spec.volumes?.some(({ emptyDir }) => emptyDir !== undefined) === true

export interface Plan {
  /** Those that have to go from the old runtime. */
  readonly moves: ReadonlyArray<Pod>
  /** Those that belong there, by their RuntimeClass. */
  readonly stays: ReadonlyArray<Pod>
  /** What the runtime has of Pods that the API does not have. */
  readonly strangers: ReadonlyArray<string>
}

export const plan = ({ from, to }: Asked, { classes, pods, report }: There): Plan => {
  const old = runtimeOf(report, from)
  const there = report.sandboxes.filter(({ runtime }) => runtime === old)
  const uids = new Set(there.map(({ uid }) => uid))
  const handlerOf = ({ spec: { runtimeClassName = "" } }: Pod) =>
    runtimeClassName === "" ? to : (classes.find(({ metadata }) => metadata.name === runtimeClassName)?.handler ?? from)
  const found = pods.filter(({ metadata }) => uids.has(metadata.uid))
  const known = new Set(found.map(({ metadata }) => metadata.uid))
  return {
    moves: found.filter((pod) => runtimeOf(report, handlerOf(pod)) !== old),
    stays: found.filter((pod) => runtimeOf(report, handlerOf(pod)) === old),
    strangers: there.filter(({ uid }) => !known.has(uid)).map(({ name, namespace }) => `${namespace}/${name}`)
  }
}

export interface Allowed {
  readonly force: boolean
  readonly deleteEmptyDirData: boolean
}

/** Pods that would not come back as they are, and what has to be said to move them all the same. */
export const reservations = ({ moves }: Plan, { deleteEmptyDirData, force }: Allowed): ReadonlyArray<string> => {
  const list = (pods: ReadonlyArray<Pod>) => pods.map(nameOf).join(", ")
  const running = moves.filter((pod) => !isFinished(pod))
  const alone = force ? [] : moves.filter((pod) => controllerOf(pod) === undefined)
  const local = deleteEmptyDirData ? [] : running.filter(hasLocalData)
  return [
    ...(alone.length === 0 ? [] : [`nobody makes these Pods anew (--force evicts them, and they are gone): ${list(alone)}`]),
    ...(local.length === 0 ? [] : [`these Pods have emptyDir volumes (--delete-emptydir-data loses them): ${list(local)}`])
  ]
}

export const isReady = ({ metadata, status }: Pod) =>
  metadata.deletionTimestamp === undefined &&
  status.conditions?.some(({ status, type }) => type === "Ready" && status === "True") === true
