/** Pods and containers through the CRI: what containerd and CRI-O have in common. */
import { Effect, Layer, Schedule, Stream } from "effect"
import * as Contract from "../../kernel/plugin/Contract.ts"
import {
  ContainerRefused,
  ContainerRuntime,
  ImageMissing,
  NetworkUnsupported,
  PodMissing,
  PodRefused
} from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { Cri, type CriFailed, NOT_FOUND } from "./Cri.ts"
import * as Replies from "./Replies.ts"
import * as Requests from "./Requests.ts"

/** `unknown`: the runtime may have done it all the same. */
export const unavailable = (contract: string) => (cause: CriFailed) =>
  new Contract.Unavailable({ contract, applied: "unknown", cause })

const lost = unavailable(ContainerRuntime.key)
const isMissing = ({ code, detail }: CriFailed) => code === NOT_FOUND || /not found|does not exist/.test(detail)
/** What was to go and is gone already, went. */
const gone = <A, R>(effect: Effect.Effect<A, CriFailed, R>) =>
  effect.pipe(
    Effect.asVoid,
    Effect.catch((failure) => (failure.code === NOT_FOUND ? Effect.void : Effect.fail(lost(failure))))
  )

export interface Options {
  /** Emits whenever something may have changed. It may fail: then polling goes on alone. */
  readonly wake: (cri: Cri["Service"]) => Stream.Stream<unknown, CriFailed>
}

const make = Effect.fnUntraced(function* ({ wake }: Options) {
  const cri = yield* Cri
  const version = Effect.mapError(cri.call("Version", Replies.Version, {}), lost)

  const containersOf = (pod: string) =>
    cri.call("ListContainers", Replies.ListContainers, { filter: { pod_sandbox_id: pod } })

  /** A container that goes between the list and the question is left out. */
  const containerStatus = (id: string) =>
    cri.call("ContainerStatus", Replies.ContainerStatus, { container_id: id }).pipe(
      Effect.map(({ status }) => [Replies.containerStatus(status)]),
      Effect.catchIf(isMissing, () => Effect.succeed([]))
    )
  const sandboxStatus = (pod: string) =>
    Effect.map(cri.call("PodSandboxStatus", Replies.PodSandboxStatus, { pod_sandbox_id: pod }), ({ status }) => status)

  const podStatus = Effect.fnUntraced(function* (pod: string) {
    const status = yield* sandboxStatus(pod)
    const { containers } = yield* containersOf(pod)
    const ordered = containers.toSorted((one, other) => one.created_at.localeCompare(other.created_at))
    const statuses = yield* Effect.forEach(ordered, ({ id }) => containerStatus(id), { concurrency: 8 })
    return Replies.podStatus({ ...status.metadata, ...status }, statuses.flat())
  })

  const sandboxes = (uid?: string) =>
    Effect.map(
      cri.call(
        "ListPodSandbox",
        Replies.ListPodSandbox,
        uid === undefined ? {} : { filter: { label_selector: { [Requests.labels.uid]: uid } } }
      ),
      // Others may use the same runtime: a Pod without our labels is not the kubelet's.
      ({ items }) => items.filter(({ labels }) => labels[Requests.labels.uid] !== undefined)
    )

  const startPod = Effect.fn("cri.startPod")(function* (pod: Requests.PodConfig) {
    if (pod.network._tag === "given") return yield* new NetworkUnsupported({ network: pod.network._tag })
    const there = yield* Effect.mapError(sandboxes(pod.uid), lost)
    const found = there.find(({ metadata }) => metadata.attempt === pod.attempt)
    const config = Requests.podSandbox(pod)
    const started =
      found?.id ??
      (yield* cri
        .call("RunPodSandbox", Replies.RunPodSandbox, { config, runtime_handler: pod.handler ?? "" }, "4 minutes")
        .pipe(
          Effect.map(({ pod_sandbox_id }) => pod_sandbox_id),
          Effect.mapError(({ detail }) => new PodRefused({ message: detail }))
        ))
    return yield* Effect.mapError(podStatus(started), lost)
  })

  const startContainer = Effect.fn("cri.startContainer")(function* (config: Requests.ContainerConfig) {
    const sandbox = yield* sandboxStatus(config.pod).pipe(
      Effect.mapError((failure) => (isMissing(failure) ? new PodMissing({ pod: config.pod }) : lost(failure)))
    )
    const { containers } = yield* Effect.mapError(containersOf(config.pod), lost)
    const found = containers.find(({ metadata }) => metadata.name === config.name && metadata.attempt === config.attempt)
    if (found !== undefined && found.state !== "CONTAINER_CREATED") return found.id
    const request = {
      pod_sandbox_id: config.pod,
      config: Requests.container(config, sandbox),
      sandbox_config: Requests.adoptedSandbox(sandbox)
    }
    const refused = (step: "create" | "start") => (failure: CriFailed) =>
      step === "create" && failure.code === NOT_FOUND
        ? new ImageMissing({ image: config.image })
        : new ContainerRefused({ step, message: failure.detail })
    const id =
      found?.id ??
      (yield* cri.call("CreateContainer", Replies.CreateContainer, request).pipe(
        Effect.map(({ container_id }) => container_id),
        Effect.mapError(refused("create"))
      ))
    yield* Effect.mapError(cri.call("StartContainer", Replies.Nothing, { container_id: id }), refused("start"))
    return id
  })

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

  /** What a change would change: for each Pod the states of its containers. */
  const picture = Effect.gen(function* () {
    const pods = yield* sandboxes()
    const { containers } = yield* cri.call("ListContainers", Replies.ListContainers, {})
    const states = new Map<string, string>()
    for (const { id, pod_sandbox_id, state } of containers) {
      states.set(pod_sandbox_id, `${states.get(pod_sandbox_id) ?? ""} ${id} ${state}`)
    }
    return new Map(
      pods.map(({ id, metadata, state }) => [id, { uid: metadata.uid, text: `${state}${states.get(id) ?? ""}` }])
    )
  })
  type Picture = Effect.Success<typeof picture>
  const changed = (before: Picture, after: Picture) =>
    [...new Set([...before.keys(), ...after.keys()])]
      .filter((pod) => before.get(pod)?.text !== after.get(pod)?.text)
      .map((pod) => ({ pod, uid: (after.get(pod) ?? before.get(pod))?.uid ?? "" }))

  const nudges = Stream.merge(
    Stream.tick("1 second"),
    Stream.ignore(Stream.retry(wake(cri), Schedule.spaced("5 seconds")))
  ).pipe(Stream.debounce("10 millis"))

  return ContainerRuntime.of({
    describe: () =>
      Effect.map(version, ({ runtime_name, runtime_version }) => ({
        name: runtime_name,
        version: runtime_version,
        network: "runtime"
      })),
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
    stopContainer: ({ graceSeconds, id }) => stopContainer(id, graceSeconds),
    removeContainer: ({ id }) => gone(cri.call("RemoveContainer", Replies.Nothing, { container_id: id })),
    list: ({ uid }) =>
      sandboxes(uid).pipe(
        Effect.flatMap((pods) =>
          Effect.forEach(
            pods,
            ({ id }) =>
              Effect.catchIf(
                Effect.map(podStatus(id), (pod) => [pod]),
                isMissing,
                () => Effect.succeed([])
              ),
            {
              concurrency: 8
            }
          )
        ),
        Effect.map((pods) => pods.flat()),
        Effect.mapError(lost)
      ),
    changes: () =>
      nudges.pipe(
        Stream.mapEffect(() => picture),
        Stream.mapAccum(
          (): Picture => new Map(),
          (before, after) => [after, changed(before, after)]
        ),
        Stream.mapError(lost)
      )
  })
})

export const layer = (options: Options) => Layer.effect(ContainerRuntime, make(options))
