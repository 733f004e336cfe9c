/** What the cluster is told of a Pod that runs elsewhere, and of a node that stands for where it runs. */
import type { ContainerStatus, Node, NodeCondition, Pod, PodCondition, PodStatus } from "../resources/contracts/core/v1.ts"
import { time } from "../resources/contracts/Time.ts"
import type { ContainerState, PodState } from "./contracts/ContainerService.ts"

const stateOf = (state: ContainerState): NonNullable<ContainerStatus["state"]> => {
  const { exitCode = 0, finishedAt, message, reason = "", startedAt } = state
  const said = { reason, ...(message !== undefined && { message }) }
  switch (state.state) {
    case "waiting":
      return { waiting: said }
    case "running":
      return { running: startedAt === undefined ? {} : { startedAt } }
    case "terminated":
      return {
        terminated: {
          ...said,
          exitCode,
          ...(startedAt !== undefined && { startedAt }),
          ...(finishedAt !== undefined && { finishedAt })
        }
      }
  }
}

const containerOf = (pod: Pod, state: ContainerState): ContainerStatus => {
  const isRunning = state.state === "running"
  const image = pod.spec.containers.find(({ name }) => name === state.name)?.image ?? ""
  return {
    name: state.name,
    image,
    imageID: "",
    ready: isRunning,
    started: isRunning,
    restartCount: state.restarts,
    lastState: {},
    state: stateOf(state)
  }
}

const condition = (type: string, holds: boolean, now: string, reason?: string): PodCondition => ({
  type,
  status: holds ? "True" : "False",
  lastTransitionTime: now,
  ...(reason !== undefined && !holds && { reason })
})

/** Conditions of others stay, and the time of one that is as it was. */
const conditionsOver = (before: ReadonlyArray<PodCondition> = [], own: ReadonlyArray<PodCondition>) => {
  const known = (type: string) => before.find((one) => one.type === type)
  return [
    ...before.filter(({ type }) => !own.some((one) => one.type === type)),
    ...own.map((one) => {
      const { lastTransitionTime, status } = known(one.type) ?? {}
      return status === one.status && lastTransitionTime !== undefined ? { ...one, lastTransitionTime } : one
    })
  ]
}

export const ofPod = (pod: Pod, state: PodState, address: string, millis: number): PodStatus => {
  const { containers, ip, message, phase, reason, startedAt } = state
  const isDone = phase === "Succeeded" || phase === "Failed"
  const isReady = phase === "Running" && containers.every((one) => one.state === "running")
  const why = isReady
    ? undefined
    : phase === "Succeeded"
      ? "PodCompleted"
      : phase === "Failed"
        ? "PodFailed"
        : "ContainersNotReady"
  const now = time(millis)
  return {
    ...pod.status,
    phase,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    hostIP: address,
    hostIPs: [{ ip: address }],
    ...(ip !== undefined && { podIP: ip, podIPs: [{ ip }] }),
    startTime: pod.status.startTime ?? startedAt ?? now,
    conditions: conditionsOver(pod.status.conditions, [
      condition("PodReadyToStartContainers", !isDone && phase !== "Pending", now),
      condition("Initialized", phase !== "Pending", now, "ContainersNotInitialized"),
      condition("ContainersReady", isReady, now, why),
      condition("Ready", isReady, now, why)
    ]),
    containerStatuses: containers.map((one) => containerOf(pod, one))
  }
}

export interface Size {
  readonly name: string
  readonly version: string
  readonly cpu: string
  readonly memory: string
  readonly pods: number
  readonly architecture: string
}

export const labelsOf = (name: string, { architecture, name: service }: Size) => ({
  "kubernetes.io/hostname": name,
  "kubernetes.io/os": "linux",
  "kubernetes.io/arch": architecture,
  "keelson.io/virtual-node": service
})

const conditionsOf = (millis: number, since: string): ReadonlyArray<NodeCondition> => {
  const stamps = { lastHeartbeatTime: time(millis), lastTransitionTime: since }
  const well = (type: string, reason: string, message: string) => ({ type, status: "False", reason, message, ...stamps })
  return [
    well("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    well("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    well("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status", ...stamps }
  ]
}

export interface About {
  readonly name: string
  readonly size: Size
  readonly address: string
  readonly version: string
  /** When it became ready, an RFC 3339 time. */
  readonly since: string
}

export const ofNode = ({ address, name, since, size, version }: About, millis: number): Node["status"] => {
  const amounts = { cpu: size.cpu, memory: size.memory, pods: `${size.pods}` }
  return {
    capacity: amounts,
    allocatable: amounts,
    conditions: conditionsOf(millis, since),
    addresses: [
      { type: "InternalIP", address },
      { type: "Hostname", address: name }
    ],
    // Nobody serves a kubelet's port for them.
    daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
    nodeInfo: {
      architecture: size.architecture,
      bootID: "",
      containerRuntimeVersion: `${size.name}://${size.version}`,
      kernelVersion: "",
      kubeProxyVersion: "",
      kubeletVersion: version,
      machineID: "",
      operatingSystem: "linux",
      osImage: size.name,
      systemUUID: ""
    }
  }
}
