/**
 * One Pod of this node: brings what is there to what shall be, again and again, and takes it all away when the Pod is to go.
 * Every step can be repeated; a worker that starts late finds what an earlier one left and goes on from there.
 */
import { Clock, Effect, FiberMap, Latch } from "effect"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { keyOf } from "../../../kernel/resource/Kind.ts"
import { Pod, type Container, type PodStatus } from "../../resources/contracts/core/v1.ts"
import type { ContainerStatus } from "../contracts/Pods.ts"
import * as Prober from "../probes/Prober.ts"
import type { Site } from "../Site.ts"
import * as Volumes from "../volumes/Volumes.ts"
import * as Backoff from "./Backoff.ts"
import * as Cgroups from "./Cgroups.ts"
import * as Configs from "./Configs.ts"
import * as Dns from "./Dns.ts"
import { Refusal } from "./Environment.ts"
import * as Hooks from "./Hooks.ts"
import * as ImagePuller from "./ImagePuller.ts"
import * as Plan from "./Plan.ts"
import * as Qos from "./Qos.ts"
import * as Status from "./Status.ts"
import * as StatusWriter from "./StatusWriter.ts"
import * as Tokens from "./Tokens.ts"
import * as View from "./View.ts"

/** Volumes that follow API objects are looked at this often, milliseconds. */
const refreshEvery = 60_000
const minimumGrace = 2

export interface Worker {
  /** The Pod as the API has it now. */
  readonly update: (pod: Pod) => void
  /** The API has it no more. */
  readonly gone: () => void
  /** Something may have changed. */
  readonly poke: () => void
  readonly pod: () => Pod
}

const containersOf = ({ spec }: Pod) => [...(spec.initContainers ?? []), ...spec.containers]

export const make = Effect.fnUntraced(function* (first: Pod, site: Site, onEnd: Effect.Effect<void>) {
  const { runtime, settings, tell } = site
  const { uid } = first.metadata
  const directory = site.directoryOf(uid)
  const writer = yield* StatusWriter.make(first, site)
  const tokens = Tokens.make(site)
  const probes = yield* FiberMap.make<string>()
  const crashes = Backoff.make(10_000, 300_000)
  const failures = Backoff.make(10_000, 300_000)

  let pod = first
  let isGone = false
  /** Opened when there may be something to do. */
  const news = Latch.makeUnsafe(true)
  /** Opened when the Pod is to go, or sooner than before. */
  const ending = Latch.makeUnsafe()
  const results = new Map<
    string,
    { startup?: boolean; readiness?: boolean; unhealthy?: { message: string; graceSeconds?: number } }
  >()
  /** Containers whose postStart hook has not ended. */
  const starting = new Set<string>()
  const stopped = new Set<string>()
  const waiting = new Map<string, View.Waiting>()
  const held = new Map<string, number>()
  const lastWords = new Map<string, string>()
  let refreshedAt = Number.NEGATIVE_INFINITY
  let refreshedFor = ""

  const specOf = (name: string) => containersOf(pod).find((container) => container.name === name)

  const healthOf =
    (sandboxes: View.View["sandboxes"]) =>
    (id: string): View.Health => {
      const status = sandboxes.flatMap(({ containers }) => containers).find((one) => one.id === id)
      const spec = status && specOf(status.name)
      const result = results.get(id)
      const started = !starting.has(id) && (spec?.startupProbe === undefined || result?.startup === true)
      const ready = started && (spec?.readinessProbe === undefined || result?.readiness === true)
      return { started, ready, ...(result?.unhealthy && { unhealthy: result.unhealthy }) }
    }

  /** What a container wrote to its file before it ended, or the end of what it said. */
  const readLastWords = (status: ContainerStatus) => {
    if (status.state !== "Exited" || lastWords.has(status.id)) return
    const file = Configs.lastWordsFile(directory, status.name, status.attempt)
    const text = existsSync(file) ? readFileSync(file, "utf8").slice(0, 4096) : ""
    const spec = specOf(status.name)
    const log = spec?.terminationMessagePolicy === "FallbackToLogsOnError" && status.exitCode !== 0 && text === ""
    const path = status.logPath
    lastWords.set(status.id, log && path !== undefined && existsSync(path) ? endOfLog(path) : text)
  }

  /** A container that has ended and shall run again waits, longer each time. */
  const hold = Effect.fnUntraced(function* (view: View.View, notBefore: Map<string, number>) {
    for (const container of containersOf(pod)) {
      const status = View.current(view, container.name)
      const init = !pod.spec.containers.includes(container)
      if (status?.state !== "Exited" || !View.shouldRestart(pod, container, status.exitCode ?? 0, init)) continue
      const until = Date.parse(status.finishedAt ?? "") + crashes.delayOf(container.name)
      if (crashes.delayOf(container.name) === 0 || until <= view.now) {
        if (waiting.get(container.name)?.reason === "CrashLoopBackOff") waiting.delete(container.name)
        continue
      }
      notBefore.set(container.name, Math.max(until, notBefore.get(container.name) ?? 0))
      const delay = crashes.delayOf(container.name) / 1000
      const shown = delay < 60 ? `${delay}s` : `${Math.floor(delay / 60)}m${delay % 60}s`
      const message = `back-off ${shown} restarting failed container=${container.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${uid})`
      if (waiting.get(container.name)?.message === message) continue
      waiting.set(container.name, { reason: "CrashLoopBackOff", message })
      yield* tell(
        pod,
        "Warning",
        "BackOff",
        `Back-off restarting failed container ${container.name} in pod ${pod.metadata.name}_${pod.metadata.namespace}(${uid})`,
        container
      )
    }
  })

  const look = Effect.fnUntraced(function* () {
    const sandboxes = (yield* runtime.list({ uid })).toSorted((one, other) => one.attempt - other.attempt)
    const now = yield* Clock.currentTimeMillis
    if (!settings.hollow) for (const { containers } of sandboxes) for (const status of containers) readLastWords(status)
    const notBefore = new Map(held)
    const view: View.View = {
      pod,
      sandboxes,
      now,
      health: healthOf(sandboxes),
      waiting,
      notBefore,
      hostIps: settings.addresses
    }
    yield* hold(view, notBefore)
    return view
  })

  const statusOf = (view: View.View): PodStatus => Status.compute(view, { runtime: site.runtimeName, lastWords })
  const publish = (view: View.View) => writer.publish(statusOf(view))

  const addressOf = (view: View.View) =>
    (pod.spec.hostNetwork ? settings.addresses[0] : View.openSandbox(view)?.addresses[0]) ?? "127.0.0.1"
  const targetOf = (view: View.View, container: Container, id: string) => ({ container, id, address: addressOf(view) })

  /** A container that was ready when an earlier kubelet looked is ready until its probe says otherwise. */
  const adopted = (status: ContainerStatus) => {
    const said = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])].find(
      ({ containerID }) => containerID === `${site.runtimeName}://${status.id}`
    )
    return said === undefined ? {} : { ...(said.started && { startup: true }), ...(said.ready && { readiness: true }) }
  }

  const report = (status: ContainerStatus): Prober.Report => ({
    unhealthy: (kind, message) => {
      const container = specOf(status.name)
      return container === undefined
        ? Effect.void
        : tell(pod, "Warning", "Unhealthy", `${kind} probe failed: ${message}`, container)
    },
    verdict: (kind, ok, probe) =>
      Effect.sync(() => {
        const before = results.get(status.id) ?? {}
        if (kind === "Startup" && ok) results.set(status.id, { ...before, startup: true })
        if (kind === "Readiness") results.set(status.id, { ...before, readiness: ok })
        if (kind !== "Readiness" && !ok) {
          const grace = probe.terminationGracePeriodSeconds
          const message = `Container ${status.name} failed ${kind.toLowerCase()} probe, will be restarted`
          results.set(status.id, { ...before, unhealthy: { message, ...(grace !== undefined && { graceSeconds: grace }) } })
        }
        news.openUnsafe()
      })
  })

  /** Each running container has its probes asked, and no other. */
  const watchHealth = Effect.fnUntraced(function* (view: View.View) {
    const running = view.sandboxes.flatMap(({ containers }) => containers.filter(({ state }) => state === "Running"))
    for (const [id] of probes) if (!running.some((status) => status.id === id)) yield* FiberMap.remove(probes, id)
    for (const status of running) {
      const container = specOf(status.name)
      if (container === undefined || !Prober.hasProbes(container) || starting.has(status.id) || results.has(status.id))
        continue
      results.set(status.id, adopted(status))
      const startedAt = Date.parse(status.startedAt ?? status.createdAt)
      const asking = Prober.run(container, {
        target: targetOf(view, container, status.id),
        startedAt,
        report: report(status),
        ...(settings.hollow && { ask: () => Effect.void })
      })
      yield* FiberMap.run(probes, status.id, Effect.provideContext(asking, site.powers))
    }
  })

  const volumes = Effect.fnUntraced(function* (podIps: ReadonlyArray<string>) {
    if (settings.hollow) return
    yield* Effect.mapError(tokens.refresh(pod), (failure) => new Refusal({ message: `no token: ${failure}` }))
    const sources = yield* Effect.mapError(site.sources(pod), (failure) => new Refusal({ message: `${failure}` }))
    yield* Volumes.mount({ pod, sources, place: site.place(podIps), tokens: tokens.of, directory })
    refreshedAt = yield* Clock.currentTimeMillis
    refreshedFor = pod.metadata.resourceVersion
  })

  /** Waits for a volume or a sandbox that could not be made. */
  const postpone = Effect.fnUntraced(function* (key: string) {
    held.set(key, failures.failed(key, yield* Clock.currentTimeMillis))
  })

  const startSandbox = Effect.fn("Pod.startSandbox")(function* (attempt: number, old: string | undefined) {
    if (old !== undefined) {
      yield* tell(pod, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
      yield* runtime.stopPod({ pod: old, graceSeconds: pod.spec.terminationGracePeriodSeconds })
    }
    yield* volumes([]).pipe(
      Effect.tapError(({ message }) => tell(pod, "Warning", "FailedMount", message)),
      Effect.tapError(() => postpone("sandbox"))
    )
    if (!settings.hollow) {
      yield* Effect.sync(() => {
        mkdirSync(directory, { recursive: true, mode: 0o750 })
        for (const { name } of containersOf(pod)) mkdirSync(join(site.logsOf(pod), name), { recursive: true, mode: 0o755 })
      })
    }
    if (!pod.spec.hostNetwork) yield* site.networkReady.await
    const resolv = yield* site.hostResolv
    const started = yield* runtime.startPod(Configs.ofPod(pod, attempt, site, resolv)).pipe(
      Effect.tapError((failure) =>
        tell(
          pod,
          "Warning",
          "FailedCreatePodSandBox",
          `Failed to create pod sandbox: ${failure._tag === "PodRefused" ? failure.message : failure._tag}`
        )
      ),
      Effect.tapError(() => postpone("sandbox"))
    )
    failures.forget("sandbox")
    held.delete("sandbox")
    if (settings.hollow) return
    const hosts = Dns.hosts(pod, started.addresses, settings.dns.domain, yield* site.hostHosts)
    yield* Effect.sync(() => writeFileSync(join(directory, "etc-hosts"), hosts, { mode: 0o644 }))
  })

  const refuse = (reason: string) => (failure: { readonly message: string }) =>
    new ImagePuller.NotReady({ reason, message: failure.message })

  const begin = Effect.fnUntraced(function* (
    view: View.View,
    { attempt, container, sandbox }: Extract<Plan.Action, { _tag: "StartContainer" }>
  ) {
    const imageUser = yield* ImagePuller.ensure(pod, container, site)
    const sources = yield* Effect.mapError(
      site.sources(pod),
      (failure) => new ImagePuller.NotReady({ reason: "CreateContainerConfigError", message: `${failure}` })
    )
    const addresses = pod.spec.hostNetwork ? settings.addresses : (View.openSandbox(view)?.addresses ?? [])
    const config = yield* Effect.try({
      try: () => Configs.ofContainer({ pod, container, sandbox, attempt, addresses, sources, imageUser, site }),
      catch: (cause) =>
        new ImagePuller.NotReady({
          reason: "CreateContainerConfigError",
          message: cause instanceof Refusal ? cause.message : `${cause}`
        })
    }).pipe(Effect.tapError(({ message }) => tell(pod, "Warning", "Failed", `Error: ${message}`, container)))
    const id = yield* runtime.startContainer(config).pipe(
      Effect.mapError((failure) => {
        if (failure._tag === "ContainerRefused")
          return refuse(failure.step === "start" ? "RunContainerError" : "CreateContainerError")(failure)
        return new ImagePuller.NotReady({ reason: "CreateContainerError", message: failure._tag })
      }),
      Effect.tapError(({ message }) => tell(pod, "Warning", "Failed", `Error: ${message}`, container))
    )
    return id
  })

  const postStart = Effect.fnUntraced(function* (view: View.View, container: Container, id: string) {
    const hook = container.lifecycle?.postStart
    if (hook === undefined) return
    starting.add(id)
    yield* Hooks.run(hook, targetOf(view, container, id)).pipe(
      Effect.provideContext(site.powers),
      Effect.catchTag("CheckFailed", ({ message }) => {
        results.set(id, { ...results.get(id), unhealthy: { message: `FailedPostStartHook` } })
        return tell(pod, "Warning", "FailedPostStartHook", `PostStartHook failed: ${message}`, container)
      }),
      Effect.ensuring(Effect.sync(() => starting.delete(id)))
    )
  })

  const startContainer = Effect.fn("Pod.startContainer")(function* (
    view: View.View,
    action: Extract<Plan.Action, { _tag: "StartContainer" }>
  ) {
    const { attempt, container } = action
    const before = View.attempts(view, container.name)
    const id = yield* begin(view, action).pipe(
      Effect.tapError(({ message, reason }) =>
        Effect.andThen(
          postpone(container.name),
          Effect.sync(() => waiting.set(container.name, { reason, message }))
        )
      )
    )
    waiting.delete(container.name)
    held.delete(container.name)
    failures.forget(container.name)
    if (before.at(-1)?.state === "Exited") crashes.failed(container.name, view.now)
    yield* tell(pod, "Normal", "Created", `Created container: ${container.name}`, container)
    yield* tell(pod, "Normal", "Started", `Started container ${container.name}`, container)
    yield* postStart(view, container, id)
    // The attempt before the last one is kept, for its logs and its state.
    for (const old of before.slice(0, -1))
      if (old.attempt < attempt - 1) yield* Effect.ignore(runtime.removeContainer({ id: old.id }))
  })

  const stopContainer = Effect.fn("Pod.stopContainer")(function* (
    view: View.View,
    container: Container,
    id: string,
    message: string,
    graceSeconds: number
  ) {
    yield* tell(pod, "Normal", "Killing", message, container)
    const began = yield* Clock.currentTimeMillis
    const hook = container.lifecycle?.preStop
    if (hook !== undefined && graceSeconds > 0 && !stopped.has(id)) {
      stopped.add(id)
      yield* Hooks.run(hook, targetOf(view, container, id), graceSeconds).pipe(
        Effect.provideContext(site.powers),
        Effect.timeoutOption(`${graceSeconds} seconds`),
        Effect.catchTag("CheckFailed", ({ message }) =>
          tell(pod, "Warning", "FailedPreStopHook", `PreStopHook failed: ${message}`, container)
        )
      )
    }
    const spent = Math.floor(((yield* Clock.currentTimeMillis) - began) / 1000)
    yield* runtime.stopContainer({ id, graceSeconds: Math.max(minimumGrace, graceSeconds - spent) })
  })

  /** The containers first, then the sidecars from the last to the first. */
  const stopAll = Effect.fnUntraced(function* (view: View.View, graceSeconds: number) {
    const running = (containers: ReadonlyArray<Container>) =>
      containers.flatMap((container) => {
        const found = View.attempts(view, container.name).find(({ state }) => state === "Running")
        return found === undefined ? [] : [{ container, id: found.id }]
      })
    const stop = ({ container, id }: { readonly container: Container; readonly id: string }) =>
      stopContainer(view, container, id, `Stopping container ${container.name}`, graceSeconds)
    yield* Effect.forEach(running(pod.spec.containers), stop, { concurrency: "unbounded", discard: true })
    yield* Effect.forEach(running((pod.spec.initContainers ?? []).toReversed()), stop, { discard: true })
  })

  const finish = Effect.fnUntraced(function* (view: View.View) {
    const isRunning = view.sandboxes.some(({ containers }) => containers.some(({ state }) => state === "Running"))
    if (isRunning) yield* stopAll(view, pod.spec.terminationGracePeriodSeconds)
    const open = View.openSandbox(view)
    if (open === undefined) return
    yield* publish(view)
    yield* runtime.stopPod({ pod: open.id, graceSeconds: minimumGrace })
  })

  const perform = Effect.fnUntraced(function* (view: View.View, action: Plan.Action) {
    if (action._tag === "StartSandbox") yield* startSandbox(action.attempt, action.old)
    if (action._tag === "StartContainer") yield* startContainer(view, action)
    if (action._tag === "StopContainer") {
      const grace = action.graceSeconds ?? pod.spec.terminationGracePeriodSeconds
      yield* stopContainer(view, action.container, action.id, action.message, grace)
    }
  })

  /** What could not be had says so, once more, while it is left alone. */
  const showBackOff = Effect.fnUntraced(function* () {
    for (const [name, { message, reason }] of waiting) {
      const container = specOf(name)
      if (reason !== "ErrImagePull" || container === undefined) continue
      const text = `Back-off pulling image "${container.image}"`
      waiting.set(name, { reason: "ImagePullBackOff", message: `${text}: ErrImagePull: ${message}` })
      yield* tell(pod, "Normal", "BackOff", text, container)
    }
  })

  const refresh = Effect.fnUntraced(function* (view: View.View) {
    const open = View.openSandbox(view)
    if (open === undefined || settings.hollow || !Volumes.changes(pod)) return
    if (view.now - refreshedAt < refreshEvery && refreshedFor === pod.metadata.resourceVersion) return
    yield* Effect.catch(volumes(open.addresses), ({ message }) => Effect.logDebug("volumes were not refreshed", message))
    refreshedAt = view.now
    refreshedFor = pod.metadata.resourceVersion
  })

  const pastDeadline = (view: View.View) => {
    const { activeDeadlineSeconds } = pod.spec
    const { startTime } = pod.status
    if (activeDeadlineSeconds === undefined || startTime === undefined) return undefined
    return Date.parse(startTime) + activeDeadlineSeconds * 1000 - view.now
  }

  const fail = Effect.fnUntraced(function* (view: View.View) {
    yield* tell(pod, "Normal", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
    yield* stopAll(view, pod.spec.terminationGracePeriodSeconds)
    const after = yield* look()
    const failed = {
      ...pod,
      status: {
        ...pod.status,
        phase: "Failed",
        reason: "DeadlineExceeded",
        message: "Pod was active on the node longer than the specified deadline"
      }
    }
    yield* writer.write(statusOf({ ...after, pod: failed }))
    pod = failed
  })

  /** Brings the Pod where it shall be. Returns when to look again, if nothing calls before. */
  const sync = Effect.fn("Pod.sync")(function* () {
    for (;;) {
      const view = yield* look()
      yield* watchHealth(view)
      yield* publish(view)
      if (Plan.isOver(view)) {
        yield* finish(view)
        yield* FiberMap.clear(probes)
        if (View.openSandbox(view) !== undefined) yield* publish(yield* look())
        return undefined
      }
      const deadline = pastDeadline(view)
      if (deadline !== undefined && deadline <= 0) {
        yield* fail(view)
        continue
      }
      yield* refresh(view)
      const actions = Plan.plan(view).map((action): Plan.Action => {
        const until = held.get("sandbox") ?? 0
        return action._tag === "StartSandbox" && until > view.now ? { _tag: "Wait", until } : action
      })
      const next = actions.find(({ _tag }) => _tag !== "Wait")
      if (next === undefined) {
        yield* showBackOff()
        yield* publish(yield* look())
        const times = actions.flatMap((action) => (action._tag === "Wait" ? [action.until] : []))
        const later = Volumes.changes(pod) ? [refreshedAt + refreshEvery] : []
        const due = deadline === undefined ? [] : [view.now + deadline]
        return Math.min(...times, ...later, ...due, Number.POSITIVE_INFINITY) - view.now
      }
      yield* perform(view, next).pipe(
        Effect.catchTag("Unavailable", (failure) => Effect.andThen(Effect.sleep("1 second"), Effect.fail(failure))),
        Effect.catchTags({
          NotReady: () => Effect.void,
          Refusal: () => Effect.void,
          PodRefused: () => Effect.void,
          NetworkUnsupported: () => Effect.void
        })
      )
    }
  })

  const graceOf = () => {
    const asked = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds
    return isGone ? Math.min(asked, pod.spec.terminationGracePeriodSeconds) : asked
  }

  const remove = Effect.fn("Pod.remove")(function* () {
    for (const { id } of yield* runtime.list({ uid })) yield* runtime.removePod({ pod: id })
    if (settings.hollow) return
    yield* Volumes.unmount(directory)
    yield* Effect.sync(() => rmSync(site.logsOf(pod), { recursive: true, force: true }))
    yield* Cgroups.remove(Qos.cgroupOf(settings.cgroupRoot, pod))
  })

  /** Ends what runs, tells how it ended, takes everything away, and lets the API forget the Pod. */
  const terminate = Effect.fn("Pod.terminate")(function* () {
    yield* FiberMap.clear(probes)
    const view = yield* look()
    yield* publish(view)
    yield* stopAll(view, graceOf())
    for (const { id, ready } of view.sandboxes) if (ready) yield* runtime.stopPod({ pod: id, graceSeconds: minimumGrace })
    const ended = yield* look()
    const status = statusOf(ended)
    if (!isGone) yield* writer.write(status)
    yield* remove()
    if (isGone) return
    const key = keyOf(pod)
    yield* Effect.catchTags(site.client.delete(Pod, key, { gracePeriodSeconds: 0, uid }), {
      NotFound: () => Effect.void,
      Conflict: () => Effect.void
    })
  })

  const isEnding = () => isGone || pod.metadata.deletionTimestamp !== undefined

  const again = <A, E, R>(what: string, effect: Effect.Effect<A, E, R>) =>
    Effect.catchCause(effect, (cause) =>
      Effect.as(
        Effect.andThen(
          Effect.logWarning(`${what} ${pod.metadata.namespace}/${pod.metadata.name}`, cause),
          Effect.sleep("1 second")
        ),
        0
      )
    )

  const loop = Effect.gen(function* () {
    while (!isEnding()) {
      yield* news.await
      news.closeUnsafe()
      const pause = yield* Effect.raceFirst(again("Pod is tried again:", sync()), Effect.as(ending.await, 0))
      if (pause === undefined || !Number.isFinite(pause)) continue
      yield* Effect.raceFirst(news.await, Effect.sleep(Math.max(0, pause)))
      news.openUnsafe()
    }
    for (let done = false; !done; ) {
      ending.closeUnsafe()
      const ended = Effect.as(terminate(), true)
      done = (yield* Effect.raceFirst(again("Pod is ended again:", ended), Effect.as(ending.await, false))) === true
    }
    yield* onEnd
  })
  yield* Effect.forkScoped(loop)

  return {
    update: (next: Pod) => {
      const grace = graceOf()
      const was = isEnding()
      pod = next
      if (isEnding() && (!was || graceOf() < grace)) ending.openUnsafe()
      news.openUnsafe()
    },
    gone: () => {
      if (!isGone && !isEnding()) ending.openUnsafe()
      isGone = true
      news.openUnsafe()
    },
    poke: () => news.openUnsafe(),
    pod: () => pod
  } satisfies Worker
})

/** The last of what a container said, as it said it. */
const endOfLog = (path: string) => {
  const lines = readFileSync(path, "utf8").slice(-16_384).split("\n").slice(-81)
  const said = lines.map((line) => line.split(" ").slice(3).join(" "))
  return said.join("\n").slice(-2048)
}
