/**
 * What an object takes from a ResourceQuota: what admission charges and the controller counts, so that both are of one opinion. Pure.
 * Source: "Resource Quotas" of the Kubernetes documentation.
 */
import type * as Kind from "../../../kernel/resource/Kind.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import {
  PersistentVolumeClaim,
  Pod,
  type ResourceQuota,
  type ScopedResourceSelectorRequirement,
  Service
} from "./core/v1.ts"
import { type Amounts, ofPod } from "./PodAmounts.ts"
import { type ExactDeviceRequest, ResourceClaim } from "./resource/v1.ts"

const one = Quantity.fromValue(1)
const many = (count: number): Amounts[string] => Quantity.fromValue(count)

/** Under which name the objects of a kind are counted, whatever they are. */
export const countName = ({ plural, versions: [{ group }] }: Kind.Any) => `count/${plural}${group === "" ? "" : `.${group}`}`

/** Those that are counted under their own name too. */
const plain = new Set(["configmaps", "secrets", "replicationcontrollers", "resourcequotas"])

const basic = (name: string) => /^(cpu|memory|ephemeral-storage|hugepages-.*)$/.test(name)

const ofRunning = ({ spec }: Pod): Amounts => {
  const result: Record<string, Quantity.Quantity> = { pods: one }
  for (const [name, amount] of Object.entries(ofPod(spec, "requests"))) {
    if (basic(name)) result[name] = amount
    result[`requests.${name}`] = amount
  }
  for (const [name, amount] of Object.entries(ofPod(spec, "limits"))) result[`limits.${name}`] = amount
  return result
}

/** A Pod that is over takes nothing. */
const ofAnyPod = (pod: Pod) => (pod.status.phase === "Succeeded" || pod.status.phase === "Failed" ? {} : ofRunning(pod))

const ofService = ({ spec: { allocateLoadBalancerNodePorts, ports = [], type } }: Service): Amounts => {
  const balanced = type === "LoadBalancer"
  const given =
    balanced && allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort = 0 }) => nodePort > 0) : ports
  return {
    services: one,
    "services.nodeports": many(type === "NodePort" || balanced ? given.length : 0),
    "services.loadbalancers": many(balanced ? 1 : 0)
  }
}

const classAnnotation = "volume.beta.kubernetes.io/storage-class"

const ofClaim = ({ metadata, spec }: PersistentVolumeClaim): Amounts => {
  const name = metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? ""
  const storage = Quantity.of(spec.resources.requests?.["storage"])
  const inClass = `${name}.storageclass.storage.k8s.io/`
  return {
    persistentvolumeclaims: one,
    "requests.storage": storage,
    ...(name !== "" && { [`${inClass}requests.storage`]: storage, [`${inClass}persistentvolumeclaims`]: one })
  }
}

const mostDevices = 32
const devicesOf = ({ allocationMode, count = 1 }: Pick<ExactDeviceRequest, "allocationMode" | "count">) =>
  allocationMode === "All" ? mostDevices : count

/** Devices by their class: of a request with alternatives, of each class what the one takes that takes most of it. */
const ofDeviceClaim = ({ spec: { devices } }: ResourceClaim): Amounts => {
  const sum = new Map<string, number>()
  for (const { exactly, firstAvailable = [] } of devices?.requests ?? []) {
    const most = new Map<string, number>()
    for (const one of exactly === undefined ? firstAvailable : [exactly])
      most.set(one.deviceClassName, Math.max(most.get(one.deviceClassName) ?? 0, devicesOf(one)))
    for (const [name, count] of most) sum.set(name, (sum.get(name) ?? 0) + count)
  }
  return Object.fromEntries(
    [...sum].flatMap(([name, count]) => [
      [`${name}.deviceclass.resource.k8s.io/devices`, many(count)],
      [`requests.deviceclass.resource.kubernetes.io/${name}`, many(count)]
    ])
  )
}

/** The objects of a kind have been decoded as such, hence the casts. */
const special = (kind: Kind.Any, object: Kind.Resource): Amounts => {
  switch (kind.storage) {
    case Pod.storage:
      return ofAnyPod(object as Pod)
    case Service.storage:
      return ofService(object as Service)
    case PersistentVolumeClaim.storage:
      return ofClaim(object as PersistentVolumeClaim)
    case ResourceClaim.storage:
      return ofDeviceClaim(object as ResourceClaim)
    default:
      return plain.has(kind.storage) ? { [kind.storage]: one } : {}
  }
}

const effort = ["cpu", "memory"]
const isBestEffort = ({ spec }: Pod) =>
  [...spec.containers, ...(spec.initContainers ?? []), spec].every(({ resources }) =>
    effort.every((name) =>
      [resources?.requests, resources?.limits].every((amounts) => Quantity.of(amounts?.[name]).nanos === 0n)
    )
  )

const reaches = ({ namespaces = [], namespaceSelector }: Term) => namespaces.length > 0 || namespaceSelector !== undefined
interface Term {
  readonly namespaces?: ReadonlyArray<string>
  readonly namespaceSelector?: object
}
const crossesNamespaces = ({ spec: { affinity = {} } }: Pod) =>
  [affinity.podAffinity, affinity.podAntiAffinity].some((rules) =>
    [
      ...(rules?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(rules?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm)
    ].some(reaches)
  )

const hasPriority = (
  { spec: { priorityClassName = "" } }: Pod,
  { operator, values = [] }: ScopedResourceSelectorRequirement
) => {
  switch (operator) {
    case "In":
      return values.includes(priorityClassName)
    case "NotIn":
      return !values.includes(priorityClassName)
    case "DoesNotExist":
      return priorityClassName === ""
    default:
      return priorityClassName !== ""
  }
}

const isInScope = (pod: Pod, rule: ScopedResourceSelectorRequirement): boolean => {
  switch (rule.scopeName) {
    case "Terminating":
      return pod.spec.activeDeadlineSeconds !== undefined
    case "NotTerminating":
      return pod.spec.activeDeadlineSeconds === undefined
    case "BestEffort":
      return isBestEffort(pod)
    case "NotBestEffort":
      return !isBestEffort(pod)
    case "PriorityClass":
      return hasPriority(pod, rule)
    case "CrossNamespacePodAffinity":
      return crossesNamespaces(pod)
    default:
      return false
  }
}

/** By the attribute classes that a claim names, has, or is to get. */
const isOfClass = ({ spec, status }: PersistentVolumeClaim, rule: ScopedResourceSelectorRequirement): boolean => {
  const { operator, values = [] } = rule
  const names = [
    spec.volumeAttributesClassName ?? "",
    status?.currentVolumeAttributesClassName ?? "",
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName ?? ""
  ].filter((name) => name !== "")
  switch (operator) {
    case "In":
      return names.some((name) => values.includes(name))
    case "NotIn":
      return !names.some((name) => values.includes(name))
    case "DoesNotExist":
      return names.length === 0
    default:
      return names.length > 0
  }
}

/** A quota with scopes is about Pods alone, and with that of attribute classes about claims. */
export const applies = ({ spec }: ResourceQuota, kind: Kind.Any, object: Kind.Resource): boolean => {
  const rules = [
    ...(spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" })),
    ...(spec.scopeSelector?.matchExpressions ?? [])
  ]
  if (rules.length === 0) return true
  // The objects of a kind have been decoded as such, hence the casts.
  if (kind.storage === PersistentVolumeClaim.storage)
    return rules.every(
      (rule) => rule.scopeName === "VolumeAttributesClass" && isOfClass(object as PersistentVolumeClaim, rule)
    )
  return kind.storage === Pod.storage && rules.every((rule) => isInScope(object as Pod, rule))
}

/** What an object takes, whatever the quota. */
export const of = (kind: Kind.Any, object: Kind.Resource): Amounts => ({
  [countName(kind)]: one,
  ...special(kind, object)
})
