/** What a node says of itself: size, software, addresses and how it is. */
import type { Effect } from "effect"
import type { Node, NodeAddress, NodeCondition, NodeStatus } from "../../resources/contracts/core/v1.ts"
import { time } from "../../resources/contracts/Time.ts"
import type { ContainerRuntime, Handler } from "../contracts/ContainerRuntime.ts"
import type { Image } from "../contracts/Images.ts"
import type { Machine } from "./Machine.ts"

export interface Facts {
  readonly machine: Machine
  readonly addresses: ReadonlyArray<string>
  /** A cloud knows the node's addresses: what it has said stays. */
  readonly externalCloud: boolean
  readonly hostname: string
  readonly port: number
  readonly maxPods: number
  readonly diskBytes: number
  readonly version: string
  /** As `containerd://1.6.20`. */
  readonly runtime: string
  readonly handlers: ReadonlyArray<Handler>
  readonly features?: { readonly supplementalGroupsPolicy: boolean }
  readonly images: ReadonlyArray<Image>
  /** Those of drivers that Pods here have, which must not be detached. */
  readonly volumesInUse?: ReadonlyArray<string>
  /** Of devices, by their resource. */
  readonly devices?: Readonly<Record<"capacity" | "allocatable", { readonly [resource: string]: string }>>
  readonly health: { readonly runtime: boolean; readonly network: boolean; readonly message: string }
  readonly now: number
}

/** What the node keeps for itself when Pods are counted out. */
const reservedBytes = 100 * 1024 * 1024

export const labels = ({ architecture }: Machine, name: string) => ({
  "kubernetes.io/hostname": name,
  "kubernetes.io/os": "linux",
  "kubernetes.io/arch": architecture,
  "beta.kubernetes.io/os": "linux",
  "beta.kubernetes.io/arch": architecture
})

const kibi = (bytes: number) => `${Math.floor(bytes / 1024)}Ki`

const amounts = ({ diskBytes, machine, maxPods }: Facts, reserved: number) => ({
  cpu: `${machine.cpus}`,
  memory: kibi(machine.memoryBytes - reserved),
  "ephemeral-storage": kibi(diskBytes),
  pods: `${maxPods}`
})

/** Resources of other kinds, such as `example.com/gpu`, are told by others: what they say stays. */
const extended = ({ status: { capacity = {} } }: Node) =>
  Object.fromEntries(Object.entries(capacity).filter(([name]) => name.includes("/")))

const ready = ({ health }: Facts): NodeCondition => {
  if (health.runtime && health.network) {
    return { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" }
  }
  const what = health.runtime ? "container runtime network not ready" : "container runtime is down"
  return { type: "Ready", status: "False", reason: "KubeletNotReady", message: `${what}: ${health.message}` }
}

const well = (type: string, reason: string, message: string): NodeCondition => ({ type, status: "False", reason, message })

const conditions = (facts: Facts, before: ReadonlyArray<NodeCondition>): ReadonlyArray<NodeCondition> => {
  const own = [
    well("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    well("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    well("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ready(facts)
  ]
  const stamped = own.map((condition) => {
    const last = before.find(({ type }) => type === condition.type)
    const same = last?.status === condition.status
    return {
      ...condition,
      lastHeartbeatTime: time(facts.now),
      lastTransitionTime: (same && last.lastTransitionTime) || time(facts.now)
    }
  })
  return [...before.filter(({ type }) => !own.some((one) => one.type === type)), ...stamped]
}

const images = (all: ReadonlyArray<Image>) =>
  all
    .toSorted((one, other) => other.bytes - one.bytes)
    .slice(0, 50)
    .map(({ bytes, digests, tags }) => ({ names: [...digests, ...tags].slice(0, 5), sizeBytes: bytes }))

/** None is told where there have been some. */
const inUse = ({ status }: Node, { volumesInUse = [] }: Facts) =>
  volumesInUse.length > 0 || status.volumesInUse !== undefined ? { volumesInUse } : {}

type Description = Effect.Success<ReturnType<ContainerRuntime["Service"]["describe"]>>

/** Of several runtimes the one that serves Pods without a class. */
export const runtimeOf = (about: Description, handler: string) => {
  const { name, version } = about.handlers.find((one) => one.name === handler)?.runtime ?? about
  return `${name}://${version}`
}

const addresses = ({ addresses, externalCloud, hostname }: Facts, before: ReadonlyArray<NodeAddress>) =>
  externalCloud && before.length > 0
    ? before
    : [...addresses.map((address) => ({ type: "InternalIP", address })), { type: "Hostname", address: hostname }]

export const compute = (node: Node, facts: Facts): NodeStatus => {
  const { machine } = facts
  return {
    ...node.status,
    capacity: { ...extended(node), ...facts.devices?.capacity, ...amounts(facts, 0) },
    allocatable: { ...extended(node), ...facts.devices?.allocatable, ...amounts(facts, reservedBytes) },
    conditions: conditions(facts, node.status.conditions ?? []),
    addresses: addresses(facts, node.status.addresses ?? []),
    daemonEndpoints: { kubeletEndpoint: { Port: facts.port } },
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: facts.runtime,
      kernelVersion: machine.kernel,
      kubeProxyVersion: "",
      kubeletVersion: facts.version,
      machineID: machine.machineId,
      operatingSystem: "linux",
      osImage: machine.system,
      systemUUID: machine.systemId
    },
    runtimeHandlers: facts.handlers.map(({ features, name }) => ({ name, ...(features && { features }) })),
    ...(facts.features && { features: facts.features }),
    images: images(facts.images),
    ...inUse(node, facts)
  }
}

/** Without the times that change by themselves: whether there is anything to tell. */
export const essence = ({ conditions = [], ...rest }: NodeStatus) => ({
  ...rest,
  conditions: conditions.map(({ lastHeartbeatTime: _, ...condition }) => condition)
})
