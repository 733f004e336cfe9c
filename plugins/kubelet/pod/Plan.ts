/**
 * What has to be done for a Pod, decided from what is there: a pure function, asked again after every change. Nothing is
 * remembered between two answers but what stands in the view.
 */
import type { Container } from "../../resources/contracts/core/v1.ts"
import type { ContainerStatus } from "../contracts/Pods.ts"
import * as Allocation from "./Allocation.ts"
import * as View from "./View.ts"

export type Action =
  | { readonly _tag: "StartSandbox"; readonly attempt: number; readonly old: string | undefined }
  | {
      readonly _tag: "StartContainer"
      readonly container: Container
      readonly attempt: number
      readonly sandbox: string
      readonly init: boolean
    }
  | {
      readonly _tag: "StopContainer"
      readonly container: Container
      readonly id: string
      readonly message: string
      readonly graceSeconds?: number
    }
  /** Its limits are others now. */
  | { readonly _tag: "UpdateContainer"; readonly container: Container; readonly id: string }
  /** All containers have ended for good. */
  | { readonly _tag: "Finish" }
  /** Nothing to do before this time. */
  | { readonly _tag: "Wait"; readonly until: number }

const isFinal = (view: View.View, container: Container, init: boolean) => {
  const last = View.attempts(view, container.name).at(-1)
  return last?.state === "Exited" && !View.shouldRestart(view.pod, container, last.exitCode ?? 0, init)
}
const initFailed = (view: View.View) =>
  (view.pod.spec.initContainers ?? []).some((container) => {
    const last = View.attempts(view, container.name).at(-1)
    return !View.isSidecar(container) && last?.state === "Exited" && last.exitCode !== 0 && isFinal(view, container, true)
  })

/** Whether nothing of it will run any more. */
export const isOver = (view: View.View) =>
  ["Succeeded", "Failed"].includes(view.pod.status.phase ?? "") ||
  initFailed(view) ||
  view.pod.spec.containers.every((container) => isFinal(view, container, false))

/** Starts it if it is not there, and again if it ended and shall not have. */
const keepUp = (view: View.View, sandbox: string, container: Container, init: boolean): ReadonlyArray<Action> => {
  const status = View.current(view, container.name)
  const start = (attempt: number): Action => ({ _tag: "StartContainer", container, attempt, sandbox, init })
  const until = view.notBefore.get(container.name) ?? 0
  const later = until > view.now
  if (status === undefined || status.state === "Created") {
    if (later) return [{ _tag: "Wait", until }]
    return [start(status?.attempt ?? View.nextAttempt(view, container.name))]
  }
  if (status.state === "Exited") {
    if (!View.shouldRestart(view.pod, container, status.exitCode ?? 0, init)) return []
    return later ? [{ _tag: "Wait", until }] : [start(status.attempt + 1)]
  }
  return mend(view, container, status)
}

/** Stops a running container that must not go on, or gives it the limits that it shall have now. */
const mend = (view: View.View, container: Container, { annotations, id }: ContainerStatus): ReadonlyArray<Action> => {
  const stop = { _tag: "StopContainer", container, id } as const
  if (View.hasChanged(container, { annotations })) {
    return [{ ...stop, message: `Container ${container.name} definition changed, will be restarted` }]
  }
  const { unhealthy } = view.health(id)
  if (unhealthy !== undefined) return [{ ...stop, ...unhealthy }]
  const due = Allocation.due(container, view.applied.get(id))
  if (due === "restart") return [{ ...stop, message: `Container ${container.name} resize requires restart` }]
  if (due === undefined) return []
  const until = view.resizeFailed?.until ?? 0
  return until > view.now ? [{ _tag: "Wait", until }] : [{ _tag: "UpdateContainer", container, id }]
}

/** The init containers that have begun, the next one, and whether the containers may start. */
const initialize = (view: View.View, sandbox: string) => {
  const actions: Array<Action> = []
  for (const container of view.pod.spec.initContainers ?? []) {
    const status = View.current(view, container.name)
    const done = View.isSidecar(container)
      ? status?.state === "Running" && view.health(status.id).started
      : status?.state === "Exited" && status.exitCode === 0
    if (View.isSidecar(container) || !done) actions.push(...keepUp(view, sandbox, container, true))
    if (!done) return { actions, done: false }
  }
  return { actions, done: true }
}

/** Once containers have run in this sandbox, the init containers are behind it, whatever the sidecars do. */
const hasBegun = (view: View.View) => view.pod.spec.containers.some(({ name }) => View.current(view, name) !== undefined)

export const plan = (view: View.View): ReadonlyArray<Action> => {
  if (isOver(view)) return [{ _tag: "Finish" }]
  const sandbox = View.openSandbox(view)
  if (sandbox === undefined) {
    const old = View.latestSandbox(view)
    return [{ _tag: "StartSandbox", attempt: old === undefined ? 0 : old.attempt + 1, old: old?.id }]
  }
  const { actions, done } = initialize(view, sandbox.id)
  if (!done && !hasBegun(view)) return actions
  const mains = view.pod.spec.containers.flatMap((container) => keepUp(view, sandbox.id, container, false))
  const added = View.ephemerals(view.pod).flatMap((container) => keepUp(view, sandbox.id, container, false))
  return [...actions, ...mains, ...added]
}
