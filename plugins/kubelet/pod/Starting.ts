/** The steps by which a Pod comes to be: volumes, sandbox, containers. Each can be done again. */
import { Clock, Effect } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Container, Pod } from "../../resources/contracts/core/v1.ts"
import type { Driven } from "../volumes/Driven.ts"
import * as Volumes from "../volumes/Volumes.ts"
import * as Configs from "./Configs.ts"
import * as Dns from "./Dns.ts"
import { NoDevices } from "../devices/Choice.ts"
import { ClaimsUnready } from "../devices/ResourceClaims.ts"
import { Refusal } from "./Environment.ts"
import * as Hooks from "./Hooks.ts"
import * as ImagePuller from "./ImagePuller.ts"
import { addressOf } from "./Look.ts"
import type { Action } from "./Plan.ts"
import { containersOf, sandboxKey, type State } from "./State.ts"
import * as View from "./View.ts"

/** Volumes that follow objects of the API are looked at this often, milliseconds. */
const refreshEvery = 60_000

/** What failed is left alone for a while. */
const postpone = Effect.fnUntraced(function* ({ failures, held, mounts }: State, key: string) {
  const backoff = key === sandboxKey ? mounts : failures
  held.set(key, backoff.failed(key, yield* Clock.currentTimeMillis))
})

const wordsOf = (failure: unknown) => (failure instanceof Error && failure.message !== "" ? failure.message : `${failure}`)

/** Of what volumes show of the Pod itself. */
const versionOf = ({ metadata }: Pod) => JSON.stringify([metadata.labels, metadata.annotations])

export const volumes = Effect.fnUntraced(function* (state: State, podIps: ReadonlyArray<string>) {
  const { directory, pod, site, tokens } = state
  if (site.settings.hollow) return
  yield* Effect.mapError(tokens.refresh(pod), (failure) => new Refusal({ message: `no token: ${wordsOf(failure)}` }))
  const sources = yield* Effect.mapError(site.sources(pod), (failure) => new Refusal({ message: wordsOf(failure) }))
  const bring = (one: Driven) => site.driven.publish(pod, one, directory)
  yield* Volumes.mount({ pod, sources, place: site.place(podIps), tokens: tokens.of, directory, bring })
  state.refreshed = { at: yield* Clock.currentTimeMillis, version: versionOf(pod) }
})

interface Known extends Pick<State, "pod" | "refreshed"> {
  readonly site: { readonly settings: Pick<State["site"]["settings"], "hollow"> }
}
const follows = ({ pod, site }: Omit<Known, "refreshed">) => !site.settings.hollow && Volumes.changes(pod)

/** When the volumes have to be looked at again; never as long as they have not been mounted. */
export const refreshAt = (state: Known) =>
  follows(state) && Number.isFinite(state.refreshed.at) ? state.refreshed.at + refreshEvery : Number.POSITIVE_INFINITY

export const refresh = Effect.fnUntraced(function* (state: State, view: View.View) {
  const open = View.openSandbox(view)
  const version = versionOf(state.pod)
  if (open === undefined || !follows(state)) return
  // What an earlier worker has mounted is looked at once, and from then on as its own.
  if (view.now < state.refreshed.at + refreshEvery && state.refreshed.version === version) return
  yield* Effect.catch(volumes(state, open.addresses), ({ message }) =>
    Effect.logDebug("volumes were not refreshed", message)
  )
  state.refreshed = { at: view.now, version }
})

const folders = ({ directory, pod, site }: State) =>
  Effect.sync(() => {
    mkdirSync(directory, { recursive: true, mode: 0o750 })
    for (const { name } of containersOf(pod)) mkdirSync(join(site.logsOf(pod), name), { recursive: true, mode: 0o755 })
  })

export const sandbox = Effect.fn("Pod.startSandbox")(function* (
  state: State,
  { attempt, old }: Extract<Action, { _tag: "StartSandbox" }>
) {
  const { directory, held, mounts, pod, site } = state
  const { runtime, settings, tell } = site
  if (old !== undefined) {
    yield* tell(pod, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
    yield* runtime.stopPod({ pod: old, graceSeconds: pod.spec.terminationGracePeriodSeconds })
  }
  yield* volumes(state, []).pipe(
    Effect.tapError(({ message }) =>
      Effect.andThen(tell(pod, "Warning", "FailedMount", message), postpone(state, sandboxKey))
    )
  )
  if (!settings.hollow) yield* folders(state)
  yield* site.resourceClaims.prepare(pod).pipe(
    Effect.mapError(({ message }) => new Refusal({ message: `prepare dynamic resources: ${message}` })),
    Effect.tapError(({ message }) =>
      Effect.andThen(
        tell(pod, "Warning", "FailedPrepareDynamicResources", `Failed to prepare dynamic resources: ${message}`),
        postpone(state, sandboxKey)
      )
    )
  )
  if (!pod.spec.hostNetwork) yield* site.networkReady.await
  const resolv = yield* site.hostResolv
  const started = yield* site.handlerOf(pod).pipe(
    Effect.flatMap((handler) => site.busy(runtime.startPod(Configs.ofPod(pod, attempt, site, resolv, handler)))),
    Effect.tapError((failure) => {
      const words = failure._tag === "PodRefused" || failure._tag === "ClassMissing" ? failure.message : failure._tag
      const message = `Failed to create pod sandbox: ${words}`
      return Effect.andThen(tell(pod, "Warning", "FailedCreatePodSandBox", message), postpone(state, sandboxKey))
    })
  )
  mounts.forget(sandboxKey)
  held.delete(sandboxKey)
  if (settings.hollow) return
  const hosts = Dns.hosts(pod, started.addresses, settings.dns.domain, yield* site.hostHosts)
  yield* Effect.sync(() => writeFileSync(join(directory, "etc-hosts"), hosts, { mode: 0o644 }))
})

type Start = Extract<Action, { _tag: "StartContainer" }>

const notReady = (reason: string) => (cause: unknown) =>
  new ImagePuller.NotReady({
    reason,
    message:
      cause instanceof Refusal || cause instanceof NoDevices || cause instanceof ClaimsUnready ? cause.message : `${cause}`
  })

/** Of a container that was added to look into another: the one that runs under the name it gives. */
const targetOf = (view: View.View, name: string) => {
  const added = view.pod.spec.ephemeralContainers?.find((one) => one.name === name)
  return added?.targetContainerName === undefined ? undefined : View.current(view, added.targetContainerName)?.id
}

const create = Effect.fnUntraced(function* ({ pod, site }: State, view: View.View, { attempt, container, sandbox }: Start) {
  const open = View.openSandbox(view)
  const imageUser = yield* ImagePuller.ensure(pod, container, site, open?.runtime)
  const configError = notReady("CreateContainerConfigError")
  const addresses = pod.spec.hostNetwork ? site.settings.addresses : (open?.addresses ?? [])
  const target = targetOf(view, container.name)
  const made = Effect.gen(function* () {
    const sources = yield* Effect.mapError(site.sources(pod), configError)
    const given = yield* Effect.mapError(site.devices.prepare(pod, container), configError)
    const claimed = yield* Effect.mapError(site.resourceClaims.cdiDevices(pod, container), configError)
    const config = yield* Effect.try({
      try: () =>
        Configs.ofContainer({
          pod,
          container,
          sandbox,
          attempt,
          addresses,
          sources,
          imageUser,
          target,
          given,
          claimed,
          site
        }),
      catch: configError
    })
    return yield* Effect.mapError(site.busy(site.runtime.startContainer(config)), (failure) => {
      const refused = failure._tag === "ContainerRefused"
      const reason = refused && failure.step === "start" ? "RunContainerError" : "CreateContainerError"
      return new ImagePuller.NotReady({ reason, message: refused ? failure.message : failure._tag })
    })
  })
  return yield* Effect.tapError(made, ({ message }) => site.tell(pod, "Warning", "Failed", `Error: ${message}`, container))
})

const postStart = Effect.fnUntraced(function* (state: State, view: View.View, container: Container, id: string) {
  const hook = container.lifecycle?.postStart
  if (hook === undefined) return
  const { found, pod, site, starting } = state
  starting.add(id)
  yield* Hooks.run(hook, { container, id, address: addressOf(state, view) }).pipe(
    Effect.provideContext(site.powers),
    Effect.catchTag("CheckFailed", ({ message }) => {
      found.set(id, { ...found.get(id), unhealthy: { message: "FailedPostStartHook" } })
      return site.tell(pod, "Warning", "FailedPostStartHook", `PostStartHook failed: ${message}`, container)
    }),
    Effect.ensuring(Effect.sync(() => starting.delete(id)))
  )
})

export const container = Effect.fn("Pod.startContainer")(function* (state: State, view: View.View, action: Start) {
  const { crashes, failures, held, pod, site, waiting } = state
  const { attempt, container } = action
  const { name } = container
  const before = View.attempts(view, name)
  const id = yield* Effect.tapError(create(state, view, action), ({ message, reason }) =>
    Effect.andThen(
      postpone(state, name),
      Effect.sync(() => waiting.set(name, { reason, message }))
    )
  )
  waiting.delete(name)
  held.delete(name)
  failures.forget(name)
  if (before.at(-1)?.state === "Exited") crashes.failed(name, view.now)
  yield* site.tell(pod, "Normal", "Created", `Created container: ${name}`, container)
  yield* site.tell(pod, "Normal", "Started", `Started container ${name}`, container)
  yield* postStart(state, view, container, id)
  // The attempt before this one is kept, for its log and its state.
  const older = before.filter((one) => one.attempt < attempt - 1)
  yield* Effect.forEach(older, (one) => Effect.ignore(site.runtime.removeContainer({ id: one.id })), { discard: true })
})

/** What could not be had says so, once more, while it is left alone. */
export const showBackOff = Effect.fnUntraced(function* (state: State) {
  const { pod, site, waiting } = state
  for (const container of containersOf(pod)) {
    const { message, reason } = waiting.get(container.name) ?? {}
    if (reason !== "ErrImagePull") continue
    const text = `Back-off pulling image "${container.image}"`
    waiting.set(container.name, { reason: "ImagePullBackOff", message: `${text}: ErrImagePull: ${message}` })
    yield* site.tell(pod, "Normal", "BackOff", text, container)
  }
})
