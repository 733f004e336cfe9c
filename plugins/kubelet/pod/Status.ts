/** The status of a Pod, computed from what is there. Source: "Pod Lifecycle". */
import type * as Core from "../../resources/contracts/core/v1.ts"
import { time } from "../../resources/contracts/Time.ts"
import type { ContainerStatus } from "../contracts/Pods.ts"
import * as Allocation from "./Allocation.ts"
import * as Plan from "./Plan.ts"
import * as Qos from "./Qos.ts"
import * as View from "./View.ts"

/** The API keeps whole seconds. */
const seconds = (text: string | undefined) => (text === undefined ? {} : time(Date.parse(text)))
const at = <Name extends string>(name: Name, text: string | undefined) =>
  text === undefined ? {} : { [name]: seconds(text) }

/** Of several runtimes the one that has it stands in its id. */
const containerId = ({ sandboxes }: View.View, { runtime }: Options, id: string) => {
  const sandbox = sandboxes.find(({ containers }) => containers.some((one) => one.id === id))
  return `${sandbox?.runtime ?? runtime}://${id}`
}

export interface Options {
  /** Its name, as in a container's id. */
  readonly runtime: string
  /** What a container left as its last words, by its id. */
  readonly lastWords: ReadonlyMap<string, string>
  /** How those of a container are, by its name. */
  readonly devicesOf?: (container: string) => ReadonlyArray<Core.ResourceStatus>
}

const terminated = (view: View.View, status: ContainerStatus, options: Options): Core.ContainerState => {
  const message = options.lastWords.get(status.id) || status.message
  return {
    terminated: {
      exitCode: status.exitCode ?? 0,
      reason: status.reason ?? "Error",
      ...(message && { message }),
      ...at("startedAt", status.startedAt),
      ...at("finishedAt", status.finishedAt),
      containerID: containerId(view, options, status.id)
    }
  }
}

/** Of an ephemeral container there is nothing to tell: it has no resources of its own. */
const resourcesOf = (view: View.View, spec: Core.Container, status: ContainerStatus | undefined) => {
  if (!Allocation.resizable(view.pod).includes(spec)) return {}
  const applied = status?.state === "Running" ? view.applied.get(status.id) : undefined
  const { requests } = spec.resources
  return {
    ...(requests && { allocatedResources: requests }),
    resources: applied === undefined ? spec.resources : { ...spec.resources, ...applied }
  }
}

const container = (view: View.View, spec: Core.Container, init: boolean, options: Options): Core.ContainerStatus => {
  const all = View.attempts(view, spec.name)
  const status = all.at(-1)
  const before = all.at(-2)
  const said = View.remembered(view, spec.name)
  const hasInit = (view.pod.spec.initContainers ?? []).length > 0
  const waiting = view.waiting.get(spec.name) ?? {
    reason: init || hasInit ? "PodInitializing" : "ContainerCreating"
  }
  // As upstream's kubelet: of what runs beside others, not of what runs before them.
  const devices = init ? [] : (options.devicesOf?.(spec.name) ?? [])
  const base = {
    name: spec.name,
    image: spec.image ?? "",
    imageID: status?.imageId ?? "",
    restartCount: status?.attempt ?? said?.restartCount ?? 0,
    ready: false,
    started: false,
    ...resourcesOf(view, spec, status),
    ...(devices.length > 0 && { allocatedResourcesStatus: devices })
  }
  if (status === undefined) return { ...base, state: { waiting }, lastState: said?.lastState ?? {} }
  const known = { ...base, containerID: containerId(view, options, status.id) }
  const lastState = before?.state === "Exited" ? terminated(view, before, options) : (said?.lastState ?? {})
  if (status.state === "Running") {
    const { ready, started } = view.health(status.id)
    return { ...known, ready: ready && started, started, state: { running: at("startedAt", status.startedAt) }, lastState }
  }
  if (status.state === "Created") return { ...known, state: { waiting }, lastState }
  const again = View.shouldRestart(view.pod, spec, status.exitCode ?? 0, init)
  const held = view.waiting.get(spec.name)
  if (again && held !== undefined) {
    return { ...known, state: { waiting: held }, lastState: terminated(view, status, options) }
  }
  const isDone = init && !View.isSidecar(spec) && status.exitCode === 0
  return { ...known, ready: isDone, state: terminated(view, status, options), lastState }
}

const isInitialized = (spec: ReadonlyArray<Core.Container>, statuses: ReadonlyArray<Core.ContainerStatus>) =>
  spec.every((one, index) => {
    const status = statuses[index]
    return View.isSidecar(one) ? status?.started : status?.state?.terminated?.exitCode === 0
  })

type Phase = "Pending" | "Running" | "Succeeded" | "Failed"

const phaseOf = (view: View.View, initialized: boolean, statuses: ReadonlyArray<Core.ContainerStatus>): Phase => {
  const { phase } = view.pod.status
  // What has ended does not begin again.
  if (phase === "Failed" || phase === "Succeeded") return phase
  const ended = statuses.filter(({ state }) => state?.terminated)
  const isLast = view.pod.metadata.deletionTimestamp !== undefined && ended.length > 0
  // Whatever its restart policy says, nothing of a Pod that is to go begins again.
  if (Plan.isOver(view) || (isLast && statuses.every(({ state }) => !state?.running)))
    return statuses.length === ended.length && ended.every(({ state }) => state?.terminated?.exitCode === 0)
      ? "Succeeded"
      : "Failed"
  const begun = statuses.some(({ lastState, state }) => state?.running || state?.terminated || lastState?.terminated)
  if (!initialized && !begun) return "Pending"
  const waiting = statuses.some(({ lastState, state }) => state?.waiting && !lastState?.terminated)
  return waiting ? "Pending" : "Running"
}

type Condition = Pick<Core.PodCondition, "type" | "status" | "reason" | "message">
const is = (type: string, holds: boolean, why: { readonly reason?: string; readonly message?: string } = {}): Condition => ({
  type,
  status: holds ? "True" : "False",
  ...why
})
const names = (what: string, list: ReadonlyArray<{ readonly name: string }>) =>
  `containers with ${what}: [${list.map(({ name }) => name).join(" ")}]`

/** They are there as long as they hold. Source: KEP-1287. */
const resizeConditions = (view: View.View): ReadonlyArray<Condition> => [
  ...(view.pending === undefined ? [] : [is("PodResizePending", true, view.pending)]),
  ...(View.isResizing(view)
    ? [
        is(
          "PodResizeInProgress",
          true,
          view.resizeFailed === undefined ? {} : { reason: "Error", message: view.resizeFailed.message }
        )
      ]
    : [])
]

const conditionsOf = (
  view: View.View,
  phase: Phase,
  init: ReadonlyArray<Core.ContainerStatus>,
  statuses: ReadonlyArray<Core.ContainerStatus>,
  initialized: boolean
): ReadonlyArray<Condition> => {
  const over = phase === "Succeeded" || phase === "Failed"
  const sandbox = View.openSandbox(view)
  const specs = view.pod.spec.initContainers ?? []
  const incomplete = init.filter((status, index) => {
    const spec = specs[index]
    return spec && View.isSidecar(spec) ? !status.started : status.state?.terminated?.exitCode !== 0
  })
  const sidecars = init.filter((_, index) => specs[index] !== undefined && View.isSidecar(specs[index]))
  const unready = [...sidecars, ...statuses].filter(({ ready }) => !ready)
  const why = over
    ? phase === "Succeeded"
      ? { reason: "PodCompleted" }
      : { reason: "PodFailed" }
    : { reason: "ContainersNotReady", message: names("unready status", unready) }
  const containersReady = !over && unready.length === 0
  const gates = (view.pod.spec.readinessGates ?? []).filter(
    ({ conditionType }) =>
      !view.pod.status.conditions?.some(({ status, type }) => type === conditionType && status === "True")
  )
  const gated = {
    reason: "ReadinessGatesNotReady",
    message: `the status of pod readiness gate "${gates[0]?.conditionType}" is not "True", but False`
  }
  const isReady = containersReady && gates.length === 0
  const initWhy = { reason: "ContainersNotInitialized", message: names("incomplete status", incomplete) }
  return [
    is("PodReadyToStartContainers", sandbox !== undefined),
    initialized || phase === "Succeeded"
      ? is("Initialized", true, phase === "Succeeded" ? { reason: "PodCompleted" } : {})
      : is("Initialized", false, initWhy),
    is("Ready", isReady, isReady ? {} : containersReady ? gated : why),
    is("ContainersReady", containersReady, containersReady ? {} : why),
    is("PodScheduled", true),
    ...(over ? [] : resizeConditions(view))
  ]
}

/** What the kubelet says, and nobody else. */
export const ownConditions: ReadonlySet<string> = new Set([
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
  "PodResizePending",
  "PodResizeInProgress"
])

/** Those of others stay; the time of one changes only with its status. */
const merged = (view: View.View, own: ReadonlyArray<Condition>): ReadonlyArray<Core.PodCondition> => {
  const before = view.pod.status.conditions ?? []
  const generation = view.pod.metadata.generation
  const stamped = own.map((condition) => {
    const last = before.find(({ type }) => type === condition.type)
    const same = last?.status === condition.status
    return {
      ...condition,
      ...(generation !== undefined && { observedGeneration: generation }),
      lastTransitionTime: (same && last.lastTransitionTime) || time(view.now)
    }
  })
  return [...stamped, ...before.filter(({ type }) => !ownConditions.has(type))]
}

/** A Pod that the node has refused: nothing of it ever was here, and its containers say nothing. */
const isRefused = ({ pod: { status }, sandboxes }: View.View) =>
  status.phase === "Failed" && sandboxes.length === 0 && status.startTime === undefined

const observed = ({ generation }: Core.Pod["metadata"]) =>
  generation === undefined ? {} : { observedGeneration: generation }

export const compute = (view: View.View, options: Options): Core.PodStatus => {
  const { pod } = view
  if (isRefused(view)) return { ...pod.status, ...observed(pod.metadata), qosClass: Qos.classOf(pod) }
  const specs = pod.spec.initContainers ?? []
  const init = specs.map((spec) => container(view, spec, true, options))
  const statuses = pod.spec.containers.map((spec) => container(view, spec, false, options))
  const added = View.ephemerals(pod).map((spec) => container(view, spec, false, options))
  const initialized = isInitialized(specs, init)
  const phase = phaseOf(view, initialized, statuses)
  const own = View.openSandbox(view)?.addresses ?? []
  const kept = phase === "Succeeded" || phase === "Failed" || pod.metadata.deletionTimestamp !== undefined
  const before = pod.status.podIPs ?? []
  const addresses = pod.spec.hostNetwork ? view.hostIps : own
  const podIPs = addresses.length > 0 || !kept ? addresses.map((ip) => ({ ip })) : before
  const [first] = podIPs
  return {
    ...pod.status,
    phase,
    ...observed(pod.metadata),
    conditions: merged(view, conditionsOf(view, phase, init, statuses, initialized)),
    ...(view.hostIps[0] !== undefined && { hostIP: view.hostIps[0], hostIPs: view.hostIps.map((ip) => ({ ip })) }),
    ...(first !== undefined && { podIP: first.ip, podIPs }),
    startTime: pod.status.startTime ?? time(view.now),
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: statuses,
    ...(added.length > 0 && { ephemeralContainerStatuses: added }),
    qosClass: Qos.classOf(pod)
  }
}
