/** All that the node knows of a Pod at one moment: what it shall be, what is there, and how it is. */
import { createHash } from "node:crypto"
import type { Container, Pod } from "../../resources/contracts/core/v1.ts"
import type { ContainerStatus, PodStatus } from "../contracts/Pods.ts"
import * as Allocation from "./Allocation.ts"

export interface Health {
  /** Its startup probe has succeeded, and its postStart hook is done. */
  readonly started: boolean
  readonly ready: boolean
  /** Why it has to be stopped. */
  readonly unhealthy?: { readonly message: string; readonly graceSeconds?: number }
}

export interface Waiting {
  readonly reason: string
  readonly message: string
}

/** Why a node does not give a Pod what it asks for now: not yet, or never. */
export interface Pending {
  readonly reason: "Deferred" | "Infeasible"
  readonly message: string
}

export interface View {
  /** With what its containers have been given, which need not be what they ask for. */
  readonly pod: Pod
  /** Of the runtime, in the order of their attempts. */
  readonly sandboxes: ReadonlyArray<PodStatus>
  readonly now: number
  readonly health: (id: string) => Health
  /** Why containers are not there yet, by name. */
  readonly waiting: ReadonlyMap<string, Waiting>
  /** Until when a container that fails is left alone, by name. */
  readonly notBefore: ReadonlyMap<string, number>
  readonly hostIps: ReadonlyArray<string>
  /** What the runtime was told last of a container, by its id. */
  readonly applied: ReadonlyMap<string, Allocation.Given>
  readonly pending: Pending | undefined
  readonly resizeFailed: { readonly message: string; readonly until: number } | undefined
}

export const latestSandbox = ({ sandboxes }: View) => sandboxes.at(-1)
/** Where containers can be started. */
export const openSandbox = (view: View) => {
  const last = latestSandbox(view)
  return last?.ready ? last : undefined
}

/** All attempts of a container, the last one last. */
export const attempts = ({ sandboxes }: View, name: string): ReadonlyArray<ContainerStatus> =>
  sandboxes
    .flatMap(({ containers }) => containers.filter((one) => one.name === name))
    .toSorted((one, other) => one.attempt - other.attempt)

/** What was reported before for a container whose last attempt the runtime no longer has. */
export const remembered = (view: View, name: string) =>
  [
    ...(view.pod.status.containerStatuses ?? []),
    ...(view.pod.status.initContainerStatuses ?? []),
    ...(view.pod.status.ephemeralContainerStatuses ?? [])
  ].find((status) => status.name === name)

/** The number of the next attempt: a runtime that was emptied does not begin to count again. */
export const nextAttempt = (view: View, name: string) => {
  const last = attempts(view, name).at(-1)
  if (last !== undefined) return last.attempt + 1
  const said = remembered(view, name)
  return said?.containerID === undefined ? 0 : said.restartCount + 1
}

/** The last attempt, if it was made in the sandbox that is open, or the last one. */
export const current = (view: View, name: string) => {
  const last = attempts(view, name).at(-1)
  return latestSandbox(view)?.containers.find(({ id }) => id === last?.id)
}

/** Whether a running container still has to be told of what it was given. */
export const isResizing = (view: View) =>
  Allocation.resizable(view.pod).some((container) => {
    const status = current(view, container.name)
    return status?.state === "Running" && Allocation.due(container, view.applied.get(status.id)) !== undefined
  })

export const isSidecar = ({ restartPolicy }: Container) => restartPolicy === "Always"

/** Containers that were added to a Pod that runs, to look into it: they run once. */
export const ephemerals = ({ spec }: Pod): ReadonlyArray<Container> =>
  (spec.ephemeralContainers ?? []).map(({ targetContainerName: _, ...container }) => ({
    ...container,
    restartPolicy: "Never"
  }))

/** A container that exited: whether it has to run again. */
export const shouldRestart = ({ spec }: Pod, container: Container, exitCode: number, init: boolean) => {
  const policy = container.restartPolicy ?? spec.restartPolicy
  if (init && !isSidecar(container)) return exitCode !== 0 && policy !== "Never"
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0)
}

/** By this annotation a container shows that its specification has changed. The name is that of upstream's kubelet. */
export const hashAnnotation = "io.kubernetes.container.hash"
/** Of what can change in a Pod that runs: the image. */
export const hashOf = ({ image = "", name }: Container) =>
  createHash("sha256").update(`${name}\0${image}`).digest("hex").slice(0, 8)

export const hasChanged = (container: Container, { annotations }: Pick<ContainerStatus, "annotations">) => {
  const hash = annotations[hashAnnotation]
  return hash !== undefined && hash !== hashOf(container)
}
