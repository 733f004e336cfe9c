/** On which nodes a DaemonSet's Pods belong, what they bear there, and which of them are to go. Pure. */
import * as Kind from "../../../kernel/resource/Kind.ts"
import { DaemonSet } from "../../resources/contracts/apps/v1.ts"
import type { Node, Pod, PodDraft, PodSpec, Toleration } from "../../resources/contracts/core/v1.ts"
import { millisOf } from "../../resources/contracts/Time.ts"
import { required } from "../../scheduler/contracts/NodeSelectors.ts"
import { untolerated } from "../../scheduler/contracts/Tolerations.ts"
import { isActive, isAvailable, isFinished, isTerminating } from "../contracts/Pods.ts"
import { hashLabel, hashOf } from "../contracts/Revisions.ts"
import * as Surge from "./Surge.ts"

const key = (name: string) => `node.kubernetes.io/${name}`
const bears = (name: string, effect: string): Toleration => ({ key: key(name), operator: "Exists", effect })

/** A daemon belongs to its node in bad times too. */
const borne = ({ hostNetwork = false }: PodSpec): ReadonlyArray<Toleration> => [
  bears("not-ready", "NoExecute"),
  bears("unreachable", "NoExecute"),
  bears("disk-pressure", "NoSchedule"),
  bears("memory-pressure", "NoSchedule"),
  bears("pid-pressure", "NoSchedule"),
  bears("unschedulable", "NoSchedule"),
  ...(hostNetwork ? [bears("network-unavailable", "NoSchedule")] : [])
]

const tolerations = (spec: PodSpec) => [...(spec.tolerations ?? []), ...borne(spec)]

/** Whether a Pod shall be made there, and whether one that is there may stay. */
export const belongs = ({ spec: { template } }: DaemonSet, node: Node) => {
  const { spec } = template
  const chooses = required({ metadata: { name: "", uid: "", resourceVersion: "", creationTimestamp: "" }, spec, status: {} })
  const fits = (spec.nodeName === undefined || spec.nodeName === node.metadata.name) && (chooses?.(node) ?? true)
  const taint = (...effects: ReadonlyArray<string>) => untolerated(tolerations(spec), node.spec.taints, ...effects)
  return {
    shouldRun: fits && taint("NoSchedule", "NoExecute") === undefined,
    mayStay: fits && taint("NoExecute") === undefined
  }
}

/** The scheduler binds it to the one node that it demands. */
export const newPod = (set: DaemonSet, node: string, hash: string): PodDraft => {
  const { metadata, spec } = set.spec.template
  const only = { matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }
  const before = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const nodeSelectorTerms = before === undefined ? [only] : before.map((term) => ({ ...term, ...only }))
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms }
  }
  return {
    metadata: {
      generateName: `${set.metadata.name}-`,
      namespace: Kind.keyOf(set).namespace,
      labels: { ...metadata.labels, [hashLabel]: hash },
      ...(metadata.annotations && { annotations: metadata.annotations }),
      ownerReferences: [Kind.controllerReference(DaemonSet, set)]
    },
    spec: { ...spec, affinity: { ...spec.affinity, nodeAffinity }, tolerations: tolerations(spec) }
  }
}

/** The node that a Pod is on, or that it demands while it has none. */
export const nodeOf = ({ spec }: Pod): string => {
  if (spec.nodeName) return spec.nodeName
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const field = terms.flatMap(({ matchFields = [] }) => matchFields).find(({ key }) => key === "metadata.name")
  return field?.values?.[0] ?? ""
}

export interface Plan {
  readonly create: ReadonlyArray<string>
  readonly remove: ReadonlyArray<Pod>
}

const oldestFirst = (a: Pod, b: Pod) => millisOf(a.metadata.creationTimestamp) - millisOf(b.metadata.creationTimestamp)

/** One live Pod on each node where one belongs, or two during a surge: failed ones are made anew, all but the oldest go. */
export const manage = (
  set: DaemonSet,
  nodes: ReadonlyArray<Node>,
  pods: ReadonlyMap<string, ReadonlyArray<Pod>>,
  hash: string,
  now: number
): Plan => {
  const surges = Surge.limit(set, nodes.length) > 0
  const create: Array<string> = []
  const remove: Array<Pod> = []
  const known = new Set(nodes.map(({ metadata }) => metadata.name))
  for (const node of nodes) {
    const { name } = node.metadata
    const here = pods.get(name) ?? []
    const { mayStay, shouldRun } = belongs(set, node)
    const finished = here.filter((pod) => isFinished(pod) && !isTerminating(pod))
    const live = here
      .filter(isActive)
      .toSorted((a, b) => Number(!a.spec.nodeName) - Number(!b.spec.nodeName) || oldestFirst(a, b))
    if (!mayStay) remove.push(...finished, ...live)
    else {
      remove.push(...finished, ...(surges ? Surge.surplus(set, live, hash, now) : live.slice(1)))
      // What is about to end has to be gone first: two daemons do not share a node.
      if (shouldRun && here.length === 0) create.push(name)
    }
  }
  for (const [name, here] of pods) if (!known.has(name)) remove.push(...here.filter((pod) => !isTerminating(pod)))
  return { create, remove }
}

const amount = (value: number | string | undefined, total: number) => {
  if (typeof value === "number") return value
  const percent = /^(\d+)%$/.exec(value ?? "")?.[1]
  return percent === undefined ? 1 : Math.ceil((Number(percent) * total) / 100)
}

/** Which Pods of an older template make room for new ones: those that are not available at once, others while enough are. */
export const replaced = (
  set: DaemonSet,
  wanted: ReadonlyArray<string>,
  pods: ReadonlyMap<string, ReadonlyArray<Pod>>,
  hash: string,
  now: number
) => {
  const { minReadySeconds = 0, updateStrategy } = set.spec
  if (updateStrategy.type === "OnDelete") return []
  const limit = Math.max(1, amount(updateStrategy.rollingUpdate?.maxUnavailable, wanted.length))
  const live = wanted.map((node) => (pods.get(node) ?? []).find(isActive))
  const isUp = (pod: Pod | undefined) => pod !== undefined && isAvailable(pod, minReadySeconds, now)
  const missing = live.filter((pod) => !isUp(pod)).length
  const old = live.flatMap((pod) => (pod !== undefined && hashOf(pod) !== hash ? [pod] : []))
  const [up, down] = [old.filter(isUp), old.filter((pod) => !isUp(pod))]
  return [...down, ...up.slice(0, Math.max(0, limit - missing))]
}

export const statusOf = (
  set: DaemonSet,
  nodes: ReadonlyArray<Node>,
  pods: ReadonlyMap<string, ReadonlyArray<Pod>>,
  hash: string,
  now: number
) => {
  const wanted = nodes.filter((node) => belongs(set, node).shouldRun).map(({ metadata }) => metadata.name)
  const on = (name: string) => (pods.get(name) ?? []).filter(isActive).toSorted(oldestFirst)
  const first = wanted.flatMap((name) => on(name).slice(0, 1))
  const available = first.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length
  const unavailable = wanted.length - available
  const updated = first.filter((pod) => hashOf(pod) === hash).length
  return {
    currentNumberScheduled: first.length,
    desiredNumberScheduled: wanted.length,
    numberMisscheduled: nodes.filter(({ metadata: { name } }) => !wanted.includes(name) && on(name).length > 0).length,
    numberReady: first.filter((pod) => isAvailable(pod, 0, now)).length,
    ...(available > 0 && { numberAvailable: available }),
    ...(unavailable > 0 && { numberUnavailable: unavailable }),
    ...(updated > 0 && { updatedNumberScheduled: updated }),
    ...(set.metadata.generation !== undefined && { observedGeneration: set.metadata.generation }),
    ...(set.status.collisionCount !== undefined && { collisionCount: set.status.collisionCount }),
    ...(set.status.conditions !== undefined && { conditions: set.status.conditions })
  }
}
