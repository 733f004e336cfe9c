/**
 * What Podman or Docker has, as Pods: one list says what there is and in which state, and a container is inspected only when that
 * state is new.
 */
import { Effect } from "effect"
import type * as Pods from "../../plugins/kubelet/contracts/Pods.ts"
import type { Picture } from "./Changes.ts"
import { type Engine, isMissing } from "./Engine.ts"
import { annotations, labelsOf, own, shared } from "./EngineLabels.ts"
import * as Replies from "./EngineReplies.ts"
import { remembering } from "./Remembering.ts"

type State = Pods.ContainerStatus["state"]

/** What has been made and not started, in the words of both; what is not of these has ended. */
const states: { readonly [status: string]: State } = {
  configured: "Created",
  created: "Created",
  initialized: "Created",
  running: "Running",
  paused: "Running",
  stopping: "Running",
  restarting: "Running"
}
export const stateOf = (status: string): State => states[status] ?? "Exited"

/** The year 1 stands for no time at all. */
const time = (text: string) => (text.startsWith("0001-") ? undefined : text)

const reasonOf = ({ Error: error = "", ExitCode, OOMKilled }: Replies.Inspected["State"]) => {
  if (OOMKilled) return { reason: "OOMKilled" }
  if (error !== "") return { reason: "ContainerCannotRun", message: error }
  return { reason: ExitCode === 0 ? "Completed" : "Error" }
}

const containerStatus = (container: Replies.Inspected): Pods.ContainerStatus => {
  const { Created, HostConfig, Id, Image, LogPath, State } = container
  const labels = labelsOf(container)
  const state = stateOf(State.Status)
  const finished = time(State.FinishedAt) ?? Created
  const started = time(State.StartedAt)
  // A start is noted when it is heard of, by which time the process may have ended.
  const startedAt =
    started !== undefined && state === "Exited" && Date.parse(finished) < Date.parse(started) ? finished : started
  const logPath = LogPath || HostConfig.LogConfig.Path
  return {
    id: Id,
    name: labels[own.container] ?? "",
    attempt: Number(labels[own.attempt] ?? 0),
    state,
    image: labels[own.image] ?? Image,
    imageId: Image,
    createdAt: Created,
    ...(startedAt !== undefined && { startedAt }),
    ...(state === "Exited" && { finishedAt: finished, exitCode: State.ExitCode, ...reasonOf(State) }),
    ...(logPath && { logPath }),
    annotations: annotations(labels)
  }
}

const podStatus = (
  sandbox: Replies.Inspected,
  containers: ReadonlyArray<Replies.Inspected>,
  tells: boolean
): Pods.PodStatus => {
  const labels = labelsOf(sandbox)
  const ready = stateOf(sandbox.State.Status) === "Running"
  const hasNamespace = tells && ready && shared(sandbox)?.host === false
  return {
    id: sandbox.Id,
    uid: labels[own.uid] ?? "",
    namespace: labels[own.namespace] ?? "",
    name: labels[own.name] ?? "",
    attempt: Number(labels[own.attempt] ?? 0),
    ready,
    createdAt: sandbox.Created,
    addresses: [],
    ...(hasNamespace && { networkNamespace: `/proc/${sandbox.State.Pid}/ns/net` }),
    containers: containers.map(containerStatus)
  }
}

export const isSandbox = ({ Labels }: Replies.Listed) => Labels?.[own.kind] === "sandbox"
const sandboxOf = ({ Labels }: Replies.Listed) => Labels?.[own.sandbox] ?? ""

/** `tells`: of the Pods' network namespaces, because the runtime makes them. */
export const make = (engine: Engine["Service"], tells: boolean) => {
  const inspect = (id: string) => engine.call("GET", `/containers/${id}/json`, Replies.Inspected)
  const known = remembering(inspect)

  /** What goes between the list and the question is left out. */
  const status = ({ Id, State }: Replies.Listed) =>
    Effect.catchIf(
      Effect.map(known.of(Id, State), (one) => [one]),
      isMissing,
      () => Effect.succeed([])
    )

  /** Those of ours with all of these labels, `name` or `name=value`. */
  const listed = (...labels: ReadonlyArray<string>) =>
    engine.call("GET", "/containers/json", Replies.Containers, {
      query: { all: "true", filters: JSON.stringify({ label: [own.kind, ...labels] }) }
    })

  const all = Effect.fnUntraced(function* () {
    const there = yield* listed()
    const ids = new Set(there.map(({ Id }) => Id))
    for (const id of known.known.keys()) if (!ids.has(id)) known.known.delete(id)
    return there
  })

  const list = Effect.fnUntraced(function* (uid?: string) {
    const there = yield* uid === undefined ? all() : listed(`${own.uid}=${uid}`)
    const describe = Effect.fnUntraced(function* (sandbox: Replies.Listed) {
      const mine = there.filter((one) => sandboxOf(one) === sandbox.Id)
      const [first, containers] = yield* Effect.all([status(sandbox), Effect.forEach(mine, status, { concurrency: 8 })])
      const ordered = containers.flat().toSorted((one, other) => one.Created.localeCompare(other.Created))
      return first.map((one) => podStatus(one, ordered, tells))
    })
    return (yield* Effect.forEach(there.filter(isSandbox), describe, { concurrency: 8 })).flat()
  })

  const picture = Effect.map(all(), (there): Picture => {
    const containersOf = (pod: string) => there.filter((one) => sandboxOf(one) === pod)
    const text = (one: Replies.Listed) => `${one.Id} ${one.State}`
    return new Map(
      there
        .filter(isSandbox)
        .map((pod) => [
          pod.Id,
          { uid: pod.Labels?.[own.uid] ?? "", text: [pod, ...containersOf(pod.Id)].map(text).toSorted().join() }
        ])
    )
  })

  return {
    inspect,
    list,
    picture,
    all,
    containersOf: (pod: string) => listed(`${own.sandbox}=${pod}`),
    /** A sandbox that was just started has no containers. */
    fresh: (id: string) => Effect.map(inspect(id), (sandbox) => podStatus(sandbox, [], tells))
  }
}
