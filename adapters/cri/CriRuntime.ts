/** Pods and containers through the CRI: what containerd and CRI-O have in common. */
import { Context, Effect, Layer } from "effect"
import * as Contract from "../../kernel/plugin/Contract.ts"
import {
  ContainerRefused,
  ContainerRuntime,
  ImageMissing,
  NetworkUnsupported,
  PodMissing,
  PodRefused,
  UpdateRefused
} from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { ContainerMissing } from "../../plugins/kubelet/contracts/Exec.ts"
import { Events } from "../../plugins/kubelet/contracts/Events.ts"
import type { Resources } from "../../plugins/kubelet/contracts/Pods.ts"
import { Cri, type CriFailed, NOT_FOUND, UNAVAILABLE } from "./Cri.ts"
import * as CriEvents from "./CriEvents.ts"
import * as Handlers from "./Handlers.ts"
import * as Replies from "./Replies.ts"
import * as Requests from "./Requests.ts"
import { settled } from "./Settled.ts"
import * as Statuses from "./Statuses.ts"
import { isMissing } from "./Statuses.ts"

/** `unknown`: the runtime may have done it all the same. */
export const unavailable = (contract: string) => (cause: CriFailed) =>
  new Contract.Unavailable({ contract, applied: "unknown", cause })

const lost = unavailable(ContainerRuntime.key)
/** What was to go and is gone already, went. */
const gone = <A, R>(effect: Effect.Effect<A, CriFailed, R>) =>
  effect.pipe(
    Effect.asVoid,
    Effect.catch((failure) => (failure.code === NOT_FOUND ? Effect.void : Effect.fail(lost(failure))))
  )

export interface Options {
  readonly wake: CriEvents.Wake
}

const make = Effect.fnUntraced(function* ({ wake }: Options) {
  const cri = yield* Cri

  const statuses = Statuses.make(cri)
  const containersOf = (pod: string) =>
    cri.call("ListContainers", Replies.ListContainers, { filter: { pod_sandbox_id: pod } })

  /** Names are reserved in the runtime: who asks for one that is taken is told so, and looks for it then. */
  const startPod = Effect.fn("cri.startPod")(function* (pod: Requests.PodConfig) {
    if (pod.network._tag === "given" || pod.network._tag === "made")
      return yield* new NetworkUnsupported({ network: pod.network._tag })
    const request = { config: Requests.podSandbox(pod), runtime_handler: pod.handler ?? "" }
    return yield* settled(cri.call("RunPodSandbox", Replies.RunPodSandbox, request, "4 minutes")).pipe(
      Effect.flatMap(({ pod_sandbox_id }) => Effect.mapError(statuses.fresh(pod_sandbox_id), lost)),
      Effect.catchTag("CriFailed", ({ detail }) =>
        Effect.flatMap(Effect.mapError(statuses.list(pod.uid), lost), (there) => {
          const found = there.find(({ attempt }) => attempt === pod.attempt)
          return found === undefined ? Effect.fail(new PodRefused({ message: detail })) : Effect.succeed(found)
        })
      )
    )
  })

  const findContainer = Effect.fnUntraced(function* ({ attempt, name, pod }: Requests.ContainerConfig) {
    const { containers } = yield* Effect.mapError(containersOf(pod), lost)
    return containers.find(({ metadata }) => metadata.name === name && metadata.attempt === attempt)
  })

  /** Runtimes have no common words for why a container was not made: what is there says it. Also the container, if it was made before. */
  const refusedToCreate = Effect.fnUntraced(function* (config: Requests.ContainerConfig, { detail }: CriFailed) {
    const found = yield* findContainer(config)
    if (found !== undefined) return { id: found.id, isStarted: found.state !== "CONTAINER_CREATED" }
    yield* Effect.mapError(statuses.sandbox(config.pod), (failure) =>
      isMissing(failure) ? new PodMissing({ pod: config.pod }) : lost(failure)
    )
    const there = cri.call("ImageStatus", Replies.ImageStatus, { image: { image: config.image } })
    const { image } = yield* Effect.mapError(there, lost)
    if (image === null) return yield* new ImageMissing({ image: config.image })
    return yield* new ContainerRefused({ step: "create", message: detail })
  })

  /** Of what was started before it is no failure that it cannot be started again. */
  const start = (id: string) =>
    settled(cri.call("StartContainer", Replies.Nothing, { container_id: id })).pipe(
      Effect.catchIf(
        ({ detail }) => /not in created state|is in CONTAINER_(RUNNING|EXITED) state/.test(detail),
        () => Effect.void
      ),
      Effect.mapError(({ detail }) => new ContainerRefused({ step: "start", message: detail }))
    )

  const startContainer = Effect.fn("cri.startContainer")(function* (config: Requests.ContainerConfig) {
    const sandbox = yield* Effect.mapError(statuses.knownSandbox(config.pod), (failure) =>
      isMissing(failure) ? new PodMissing({ pod: config.pod }) : lost(failure)
    )
    const request = {
      pod_sandbox_id: config.pod,
      config: Requests.container(config, sandbox),
      sandbox_config: Requests.adoptedSandbox(sandbox, config.security)
    }
    const { id, isStarted } = yield* settled(cri.call("CreateContainer", Replies.CreateContainer, request)).pipe(
      Effect.map(({ container_id }) => ({ id: container_id, isStarted: false })),
      Effect.catchTag("CriFailed", (failure) => refusedToCreate(config, failure))
    )
    if (isStarted) return id
    yield* start(id)
    return id
  })

  const updateContainer = (id: string, { oomScoreAdjust: _, ...limits }: Resources) =>
    cri.call("UpdateContainerResources", Replies.Nothing, { container_id: id, linux: Requests.resources(limits) }).pipe(
      Effect.asVoid,
      Effect.mapError((failure) => {
        if (isMissing(failure)) return new ContainerMissing({ id })
        return failure.code === UNAVAILABLE ? lost(failure) : new UpdateRefused({ message: failure.detail })
      })
    )

  const stopContainer = (id: string, timeout: number) =>
    gone(cri.call("StopContainer", Replies.Nothing, { container_id: id, timeout }, `${timeout + 120} seconds`))

  const stopPod = Effect.fn("cri.stopPod")(function* ({
    graceSeconds,
    pod
  }: {
    readonly pod: string
    readonly graceSeconds: number
  }) {
    // StopPodSandbox kills at once in one runtime and waits in another; stopping the containers first is the same in all.
    const { containers } = yield* Effect.mapError(containersOf(pod), lost)
    const running = containers.filter(({ state }) => state === "CONTAINER_RUNNING")
    yield* Effect.forEach(running, ({ id }) => stopContainer(id, graceSeconds), { concurrency: "unbounded" })
    yield* gone(cri.call("StopPodSandbox", Replies.Nothing, { pod_sandbox_id: pod }))
  })

  const runtime = ContainerRuntime.of({
    describe: () => Effect.mapError(Handlers.describe(cri), lost),
    health: () =>
      cri.call("Status", Replies.Status, {}, "10 seconds").pipe(
        Effect.map(({ status }) => {
          const conditions = status?.conditions ?? []
          const ok = (type: string) => conditions.some((one) => one.type === type && one.status)
          const why = conditions.filter(({ status }) => !status).map(({ message, reason }) => `${reason}: ${message}`)
          return { runtime: ok("RuntimeReady"), network: ok("NetworkReady"), message: why.join("; ") }
        }),
        Effect.mapError(lost)
      ),
    startPod,
    stopPod,
    removePod: ({ pod }) =>
      Effect.andThen(
        Effect.ignore(stopPod({ pod, graceSeconds: 0 })),
        gone(cri.call("RemovePodSandbox", Replies.Nothing, { pod_sandbox_id: pod }))
      ),
    startContainer,
    updateContainer: ({ id, resources }) => updateContainer(id, resources),
    stopContainer: ({ graceSeconds, id }) => stopContainer(id, graceSeconds),
    removeContainer: ({ id }) => gone(cri.call("RemoveContainer", Replies.Nothing, { container_id: id })),
    list: ({ uid }) => Effect.mapError(statuses.list(uid), lost)
  })
  const events = CriEvents.make({ cri, statuses, wake })
  return Context.make(ContainerRuntime, runtime).pipe(Context.add(Events, events))
})

/** ContainerRuntime and Events: they share what is known of the state of things. */
export const layer = (options: Options) => Layer.effectContext(make(options))
